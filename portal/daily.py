"""Kept daily counts: what the activity view sums up instead of millions of posts.

They follow the change sequence with a cursor of their own. A batch of marks says which posts changed;
`Counted` says on which day each was counted before, its row in the database on which day it counts now;
both days are counted again, whole. So the counts are always those of a direct count at the cursor, and
whoever reads them adds what lies beyond it: the days of the marks not yet followed are counted directly
(`Kept.beyond`). Thrown away, they come back by `rebuild_figures`.
"""

from __future__ import annotations

import calendar
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from aggregator.models import Change, Entry, PortalState
from aggregator.models.changes import after
from aggregator.querysets import EntryQuerySet
from portal import monthly, recount
from portal.days import DATED, DayOf, Period, day_start
from portal.models import (
    Counted,
    CountState,
    DayCount,
    HourCount,
    OfficeCount,
    OfficeTopicCount,
    PairCount,
    PlaceCount,
    StageCount,
    TopicCount,
)
from portal.sums import ask

BATCH = 200  # marks a transaction
MOST_STALE = 400  # marks beyond the cursor with which the kept counts are still worth reading
Count_ = TypeVar("Count_", bound=Model)
Key = TypeVar("Key", bound=Hashable)
DATED_COUNTS = (  # those that count by day
    *(DayCount, TopicCount, PlaceCount, StageCount, HourCount, PairCount, OfficeCount),
    OfficeTopicCount,
)
CLEAR = (Entry.DateStatus.OK, Entry.DateStatus.FUTURE)


def follow(seconds: float = 5.0) -> int:
    """Bring the counts up to date, for about so long; returns the number of marks followed. Builds them
    when there are none of this database's history."""
    state = CountState.objects.filter(pk=1).first()
    if state is None or not state.is_whole or state.epoch != str(PortalState.get().epoch):
        rebuild()
        return 0
    deadline, followed = time.monotonic() + seconds, 0
    while marks := Change.objects.after(state.xact, state.number, BATCH):
        with transaction.atomic():
            _recount(_moved([entry_id for _xact, _number, entry_id in marks]))
            state.xact, state.number = marks[-1][:2]
            state.save(update_fields=["xact", "number"])
        followed += len(marks)
        if time.monotonic() > deadline:
            break
    return followed


def rebuild() -> None:
    """All counts anew, a month a transaction so that writers are not kept waiting. Readers count directly
    meanwhile. What changes meanwhile lies beyond the cursor and is followed afterwards."""
    last = Change.objects.newest()
    CountState.objects.update_or_create(
        pk=1, defaults={"epoch": str(PortalState.get().epoch), "is_whole": False, "xact": 0, "number": 0}
    )
    for model in (*DATED_COUNTS, *monthly.MONTHLY, Counted):
        model._default_manager.all().delete()
    for first, end in _months():
        with transaction.atomic():
            _remember(_on_days(first, end))
            _count_days(first, end)
            monthly.keep([first])
    with transaction.atomic():
        _remember(_undated())
        _count_undated()
    CountState.objects.filter(pk=1).update(xact=last[0], number=last[1], is_whole=True)


@dataclass(frozen=True)
class Kept:
    """The kept counts may be read, but for `stale` days (None: posts without a clear date) on which they
    may be behind: `beyond` counts those directly. `marked` are the posts that changed since `at`, a place in
    the change sequence of one history."""

    stale: frozenset[date | None]
    marked: tuple[int, ...]
    at: tuple[str, int, int]

    @cached_property
    def days_behind(self) -> frozenset[date]:
        return frozenset(day for day in self.stale if day)

    def fresh(self, rows: QuerySet[Count_], period: Period | None) -> QuerySet[Count_]:
        """Those of these rows that are not stale; without a period also the undated."""
        if period:
            rows = rows.filter(day__range=(period.first, period.last))
        elif None in self.stale:
            rows = rows.filter(day__isnull=False)
        stale = [day for day in self.stale if day]
        return rows.exclude(day__in=stale) if stale else rows

    def beyond(self, entries: EntryQuerySet, period: Period | None = None) -> EntryQuerySet | None:
        """Those of these posts that the rows leave out, to be counted directly; None when there are none."""
        days = sorted(day for day in self.stale if day and (period is None or day in period))
        wanted = Q(pk__in=[])
        for first, last in _runs(days):
            after = day_start(last + timedelta(days=1))
            wanted |= DATED & Q(published_at__gte=day_start(first), published_at__lt=after)
        if period is None and None in self.stale:
            wanted |= self._undated()
        return entries.filter(wanted) if days or (period is None and None in self.stale) else None

    def completed(
        self,
        counts: Counter[Key],
        entries: EntryQuerySet,
        period: Period | None,
        count: Callable[[EntryQuerySet], Counter[Key]],
    ) -> Counter[Key]:
        """Kept counts of these posts with those of what lies beyond, which `count` counts directly."""
        beyond = self.beyond(entries, period)
        return counts if beyond is None else counts + count(beyond)

    def unclear(self) -> list[int]:
        """The ids of all posts without a clear date, of which most may not be public any more."""
        counted = ask("SELECT entry_id FROM portal_counted WHERE day IS NULL", ())
        if not counted and not self.marked:
            return []
        return list(Entry.objects.filter(self._undated()).order_by().values_list("pk", flat=True))

    def _undated(self) -> Q:
        known = Q(pk__in=Counted.objects.filter(day=None).values("pk")) | Q(pk__in=self.marked)
        return known & ~DATED


def _runs(days: Sequence[date]) -> Iterable[tuple[date, date]]:
    """Runs of days that follow each other."""
    first = last = None
    for day in days:
        if last is not None and day == last + timedelta(days=1):
            last = day
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = day
    if first is not None and last is not None:
        yield first, last


def kept() -> Kept | None:
    """None when there are no counts, or they are so far behind that a direct count costs less."""
    states = ask(
        "SELECT kept.epoch, kept.xact, kept.number, portal.epoch FROM portal_countstate AS kept,"
        " aggregator_portalstate AS portal WHERE kept.id = 1 AND portal.id = 1 AND kept.is_whole",
        (),
    )
    if not states or states[0][0] != str(UUID(str(states[0][3]))):
        return None
    xact, number = states[0][1:3]
    at = (str(states[0][0]), xact, number)
    text, values = after(xact, number)
    marks = ask(f"SELECT entry_id FROM aggregator_change WHERE {text} LIMIT {MOST_STALE + 1}", values)  # noqa: S608
    marked = tuple(pk for (pk,) in marks)
    if len(marked) > MOST_STALE:
        return None
    if not marked:
        return Kept(frozenset(), (), at)
    before = Counted.objects.filter(pk__in=marked).values_list("day", flat=True)
    return Kept(frozenset([*before, *_days_of(marked).values()]), marked, at)


def _moved(entry_ids: Sequence[int]) -> set[date | None]:
    """Put these posts where they count now; the days they left and came to."""
    before = dict(Counted.objects.filter(pk__in=entry_ids).values_list("pk", "day"))
    now = _days_of(entry_ids)
    Counted.objects.filter(pk__in=[pk for pk in before if pk not in now]).delete()
    Counted.objects.bulk_create(
        [Counted(entry_id=pk, day=day) for pk, day in now.items()],
        update_conflicts=True,
        unique_fields=["entry"],
        update_fields=["day"],
    )
    return {*before.values(), *now.values()}


def _days_of(entry_ids: Sequence[int]) -> dict[int, date | None]:
    """Where those of these posts that are public count: a day, or None without a clear date."""
    rows = Entry.objects.public_of(pk__in=entry_ids).annotate(on=DayOf("published_at"))
    return {
        pk: date.fromisoformat(day) if status in CLEAR else None
        for pk, day, status in rows.values_list("pk", "on", "date_status")
    }


def _recount(days: Iterable[date | None]) -> None:
    days = set(days)
    if None in days:
        _count_undated()
    dated = sorted(day for day in days if day)
    for day in dated:
        _count_days(day, day)
    monthly.keep(dated)


def _count_days(first: date, last: date) -> None:
    """All of these days, of all provinces."""
    for model in DATED_COUNTS:
        model._default_manager.filter(day__range=(first, last)).delete()
    for rows in recount.of(_on_days(first, last)):
        if rows:
            type(rows[0])._default_manager.bulk_create(rows, batch_size=500)


def _count_undated() -> None:
    entries = Entry.objects.public_of(pk__in=Counted.objects.filter(day=None).values("pk"))
    DayCount.objects.filter(day=None).delete()
    DayCount.objects.bulk_create(recount.day_rows(recount.grouped(entries), dated=False))
    TopicCount.objects.filter(day=None).delete()
    TopicCount.objects.bulk_create(recount.undated_topics(entries))


def _remember(entries: EntryQuerySet) -> None:
    rows = entries.annotate(on=DayOf("published_at")).values_list("pk", "on", "date_status")
    Counted.objects.bulk_create(
        (Counted(entry_id=pk, day=on if status in CLEAR else None) for pk, on, status in rows.iterator(5000)),
        batch_size=2000,
        ignore_conflicts=True,
    )


def _on_days(first: date, last: date) -> EntryQuerySet:
    return Period(first, last).of(Entry.objects.public())


def _undated() -> EntryQuerySet:
    return Entry.objects.public().exclude(date_status__in=CLEAR)


def _months() -> Iterable[tuple[date, date]]:
    """First and last day of each month with public posts, from the oldest."""
    ends = Entry.objects.public().order_by("published_at").values_list("published_at", flat=True)
    oldest, newest = ends.first(), ends.last()
    if oldest is None or newest is None:
        return
    first = timezone.localdate(oldest).replace(day=1)
    while first <= timezone.localdate(newest):
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        yield first, last
        first = last + timedelta(days=1)
