"""What `recluster`, `reclassify` and `rescreen` share: whence to begin, and work by marks with progress."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from django.core.management.base import CommandError, CommandParser
from django.db.models import Max, Min
from django.utils.dateparse import parse_date, parse_datetime

from aggregator.models import Entry
from aggregator.progress import Bar
from aggregator.querysets import EntryQuerySet

MARKED_AT_ONCE = 5000  # ids; a short transaction each, so that ingestion goes on beside


def add_since(parser: CommandParser) -> None:
    parser.add_argument(
        "--since", metavar="TIME", help="only what was first seen at or after: YYYY-MM-DD or ISO 8601"
    )


def add_arguments(parser: CommandParser) -> None:
    add_since(parser)
    parser.add_argument(
        "--continue",
        action="store_true",
        dest="go_on",
        help="go on after an interruption: do what is still marked, mark nothing anew",
    )


def moment(text: str | None) -> datetime | None:
    """A date means its midnight, and a time without an offset is taken, in UTC."""
    if not text:
        return None
    try:
        day = parse_date(text)
        found = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise CommandError(
            f"--since takes a time such as 2026-11-20 or 2026-11-20T07:00:00+07:00, not {text!r}."
        )
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def public_since(since: datetime | None) -> EntryQuerySet:
    entries = Entry.objects.public()
    return entries.filter(first_seen_at__gte=since) if since else entries


def mark(since: datetime | None, field: str) -> None:
    """Give the entries their mark back: null in `field` says that the step has them to do."""
    entries = public_since(since)
    ends = entries.aggregate(first=Min("id"), last=Max("id"))
    if ends["first"] is None:
        return
    for start in range(ends["first"], ends["last"] + 1, MARKED_AT_ONCE):
        entries.filter(id__gte=start, id__lt=start + MARKED_AT_ONCE).update(**{field: None})


def work_off(field: str, step: Callable[[], int]) -> int:
    """Run `step` until it finds nothing; returns how many entries it looked at."""
    done = 0
    with Bar(Entry.objects.public().filter(**{field: None}).count(), "berita") as bar:
        while touched := step():
            done += touched
            bar.advance(touched)
    return done
