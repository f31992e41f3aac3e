"""Limits on guessing, counted in the database: they hold over all web nodes, survive restarts, and do not
open when a cache is away. A try is counted before it is looked at, so parallel guesses gain nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from portal.monitoring.models import Throttle

LONGEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Limit:
    """`tries` within `window`, then closed for `lock`, twice as long each time in a row."""

    name: str
    tries: int
    window: timedelta = timedelta(minutes=15)
    lock: timedelta = timedelta(minutes=15)


ACCOUNT = Limit("akun", 5)
FACTOR = Limit("faktor", 5)
LETTERS = Limit("surat", 3, window=timedelta(hours=1), lock=timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Verdict:
    """May it be tried? `just_locked` is true once a lock, for the audit log."""

    allowed: bool
    until: datetime | None = None
    just_locked: bool = False


@transaction.atomic
def count(limit: Limit, of: str) -> Verdict:
    """Count one try of this account, address or the like, and say whether it may go ahead."""
    now = timezone.now()
    name = _name(limit, of)
    Throttle.objects.get_or_create(name=name, defaults={"since": now})
    row = Throttle.objects.select_for_update().get(name=name)
    if row.locked_until and row.locked_until > now:
        return Verdict(False, row.locked_until)
    if row.since + limit.window < now:
        row.tries, row.since = 0, now
        if row.locked_until is None or row.locked_until + LONGEST < now:
            row.locks = 0
    row.tries += 1
    locked = row.tries > limit.tries
    if locked:
        row.locked_until = now + min(limit.lock * 2 ** min(row.locks, 10), LONGEST)
        row.tries, row.since, row.locks = 0, now, row.locks + 1
    row.save()
    return Verdict(not locked, row.locked_until if locked else None, just_locked=locked)


def forget(limit: Limit, of: str) -> None:
    """It went well: earlier tries count no more."""
    Throttle.objects.filter(name=_name(limit, of)).delete()


def tidy() -> int:
    """Drop rows that say nothing any more."""
    old = timezone.now() - LONGEST * 2
    idle = Throttle.objects.filter(since__lt=old).exclude(locked_until__gt=old)
    return idle.delete()[0]


def _name(limit: Limit, of: str) -> str:
    """A hash: typed names may be passwords in the wrong field."""
    return f"{limit.name}:{hashlib.sha256(of.strip().casefold().encode()).hexdigest()}"
