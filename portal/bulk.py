"""Everything that is public, as one file a month, for who wants it all.

Files follow the change sequence. A month in which a post came, changed or left is made anew: at once when one
left, for nothing that was withdrawn may stay in a file, else when it has waited REST. Made from the database
alone, in the order of the entries' numbers and without a time within, so equal content gives equal bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db.models import Max, Min
from django.utils import timezone

from aggregator.models import Change, Entry
from aggregator.search.filters import month_days
from feeds.models import Follower
from portal.days import day_start
from portal.models import BulkMonth

NAME = "bulk"  # of the follower
BATCH = 500  # marks a step
CHUNK = 500  # entries read at once
REST = timedelta(hours=1)  # a month in which posts come and change is made anew no more often


def folder() -> Path:
    return Path(settings.DATA_DIR) / "bulk"


def path_of(month: BulkMonth) -> Path:
    return folder() / f"{month.month}-{month.sha256[:12]}.jsonl.gz"


def note_changes() -> None:
    """Withhold the files of months in which a post was withdrawn, and mark all that are behind."""
    follower, cursor = Follower.position(NAME)
    if follower.is_first(cursor):
        _touch(_all_months(), withheld=True)
        follower.move(cursor)
    while marks := Change.objects.after(cursor["xact"], cursor["id"], BATCH):
        entries = Entry.objects.filter(pk__in=[entry_id for _xact, _number, entry_id in marks])
        states = list(entries.values_list("published_at", "state", "released_at"))
        _touch({_month(at) for at, _state, released in states if released}, withheld=False)
        left = {_month(at) for at, state, released in states if released and state != Entry.State.PUBLIC}
        _touch(left, withheld=True)
        cursor["xact"], cursor["id"] = marks[-1][:2]
        follower.move(cursor)


def make_due(seconds: float) -> int:
    """Make files anew for about so long; returns how many were made."""
    deadline, made = time.monotonic() + seconds, 0
    for month in _due(timezone.now()):
        make(month)
        made += 1
        if time.monotonic() > deadline:
            break
    return made


def make(month: BulkMonth) -> None:
    """Write the file of a month and remove the one before."""
    started, former = timezone.now(), path_of(month)
    folder().mkdir(parents=True, exist_ok=True)
    draft = folder() / f"{month.month}.new"
    with draft.open("wb") as file:
        entries = _write(file, month.month)
    month.sha256 = hashlib.sha256(draft.read_bytes()).hexdigest()
    month.entries, month.bytes, month.made_at = entries, draft.stat().st_size, started
    month.is_withheld = False
    draft.replace(path_of(month))
    month.save()
    BulkMonth.objects.filter(pk=month.pk, changed_at__lte=started).update(changed_at=None)
    if former != path_of(month):
        former.unlink(missing_ok=True)


def _write(file: BinaryIO, month: str) -> int:
    """Lines of whole entries, by number; read in pieces, so that memory stays small."""
    from portal.api import rows  # with the library of its descriptions, for a few months an hour

    first, last = month_days(month)
    within = Entry.objects.public().filter(
        published_at__gte=day_start(first), published_at__lt=day_start(last + timedelta(days=1))
    )
    count, after = 0, 0
    with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
        while ids := list(within.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
            found = rows.whole(Entry.objects.public_of(pk__in=ids)).order_by("pk")
            for line in rows.json_lines(found):
                packed.write(line)
                count += 1
            after = ids[-1]
    return count


def _touch(months: Iterable[str], *, withheld: bool) -> None:
    """Mark months as changed; withheld ones are given out no more until they are made anew."""
    now = timezone.now()
    for month in months:
        row, _new = BulkMonth.objects.get_or_create(month=month)
        if withheld:
            path_of(row).unlink(missing_ok=True)
        BulkMonth.objects.filter(pk=row.pk).update(
            changed_at=row.changed_at or now, is_withheld=withheld or row.is_withheld
        )


def _due(now: datetime) -> list[BulkMonth]:
    """Withheld months first, the newest first."""
    changed = BulkMonth.objects.filter(changed_at__isnull=False).order_by("-is_withheld", "-month")
    return [row for row in changed if row.is_withheld or row.made_at is None or row.made_at < now - REST]


def _month(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m}"


def _all_months() -> list[str]:
    span = Entry.objects.public().aggregate(first=Min("published_at"), last=Max("published_at"))
    if span["first"] is None:
        return []
    month = timezone.localdate(span["first"]).replace(day=1)
    last, months = timezone.localdate(span["last"]), []
    while month <= last:
        months.append(f"{month:%Y-%m}")
        month = _next(month)
    return months


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)
