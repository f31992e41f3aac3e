"""Arguments that several commands take: a satker, an entry, and whose decision it is."""

from __future__ import annotations

import getpass

from django.core.management.base import CommandError

from aggregator.models import Entry, Satker


def satker_of(code: str) -> Satker:
    """Raises CommandError for a code that no satker has."""
    satker = Satker.objects.filter(code=code).first()
    if satker is None:
        raise CommandError(f"No satker has the code {code}.")
    return satker


def entry_of(number: int) -> Entry:
    """Raises CommandError for a number that no entry has."""
    entry = Entry.objects.filter(pk=number).first() if number < 2**63 else None
    if entry is None:
        raise CommandError(f"No entry has the number {number}.")
    return entry


def operator() -> str:
    """Who sits at this shell, for the record of a decision."""
    try:
        return f"shell:{getpass.getuser()}"
    except (KeyError, OSError, ImportError):  # a user id without a name, as in a container
        return "shell"
