"""Posts that a search by words found, each read once. The figures of the activity view are summed up from
these rows here: the database would go through the same thousands of posts for every figure. They are taken as
columns, which Python counts without a step of ours for each post."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import CharField
from django.db.models.functions import Cast, Substr

from aggregator.clocks import local_slots, offset_hours
from aggregator.models import EntryTopic
from aggregator.querysets import EntryQuerySet
from aggregator.search import Filters
from portal import activity
from portal.activity import Cell
from portal.daily import CLEAR
from portal.days import Period
from portal.listed import listed
from portal.sources import Direct
from portal.sums import ask

WANTED = ("pk", "hour", "province", "satker", "stage", "origin", "date_status")
HOUR = Substr(Cast("published_at", CharField()), 1, 13)  # YYYY-MM-DD HH, in UTC as both databases keep it


class Columns(NamedTuple):
    """Dated posts, newest first. `slots` count hours since Monday 00.00 on the clocks of national figures."""

    pks: Sequence[int] = ()
    days: Sequence[str] = ()  # YYYY-MM-DD
    slots: Sequence[int] = ()
    provinces: Sequence[int | None] = ()
    satker: Sequence[int] = ()
    stages: Sequence[int | None] = ()
    origins: Sequence[str] = ()
    zones: Sequence[str] = ()


class Hits:
    def __init__(self, entries: EntryQuerySet, order: Sequence[int]) -> None:
        """`entries` are few; `order` are their ids, newest first, and maybe others."""
        rows = _read(entries.order_by().annotate(hour=HOUR).values_list(*WANTED))
        read = {row[0]: row[1:] for row in rows if row[-1] in CLEAR}
        clocks, zones = _clocks({hour for hour, *_rest in read.values()}), dict(_zones())
        self.dated = [
            (pk, *clocks[hour], province, satker, stage, origin, zones[satker])
            for pk in order
            if pk in read
            for hour, province, satker, stage, origin, _status in (read[pk],)
        ]
        self.undated = len(rows) - len(self.dated)
        self._within: dict[Period, Columns] = {}

    @property
    def first_day(self) -> date | None:
        return date.fromisoformat(self.dated[-1][1]) if self.dated else None

    def within(self, period: Period) -> Columns:
        if period not in self._within:
            first, last = period.first.isoformat(), period.last.isoformat()
            rows = [row for row in self.dated if first <= row[1] <= last]
            self._within[period] = Columns._make(zip(*rows, strict=True)) if rows else Columns()
        return self._within[period]

    def cells(self, period: Period) -> list[Cell]:
        its = self.within(period)
        is_topical = map(self.topical.__contains__, its.pks)
        counts = Counter(zip(its.provinces, its.days, its.stages, its.origins, is_topical, strict=True))
        return activity.cells_of(
            (province, day, stage, origin, n, n if on_topic else 0)
            for (province, day, stage, origin, on_topic), n in counts.items()
        )

    def week(self, period: Period) -> list[list[int]]:
        """Posts by weekday and hour, on the clocks of each office's own zone."""
        its, local = self.within(period), local_slots()
        counts = Counter(zip(its.slots, its.zones, strict=True))
        return activity.week_grid((local(slot, zone), n) for (slot, zone), n in counts.items())

    def topic_months(self, period: Period) -> Counter[tuple[int, str]]:
        """Posts on each topic in each month (`YYYY-MM`)."""
        its = self.within(period)
        days = dict(zip(its.pks, its.days, strict=True))
        on = Counter((topic, days[pk]) for pk, topic in self.labels if pk in days)
        counts: Counter[tuple[int, str]] = Counter()
        for (topic, day), n in on.items():
            counts[topic, day[:7]] += n
        return counts

    def active_offices(self, period: Period) -> Counter[int | None]:
        """How many offices have a post, by province."""
        its = self.within(period)
        offices = set(zip(its.provinces, its.satker, strict=True))
        return Counter(province for province, _satker in offices)

    @cached_property
    def labels(self) -> list[tuple[int, int]]:
        """Post and topic, for each topic of each post."""
        labels = EntryTopic.objects.filter(removed=False, entry__in=listed([row[0] for row in self.dated]))
        return _read(labels.order_by().values_list("entry", "topic"))

    @cached_property
    def topical(self) -> frozenset[int]:
        """The posts on at least one topic."""
        return frozenset(pk for pk, _topic in self.labels)


def _clocks(hours: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Day and slot of each hour in UTC, on the clocks of national figures: worked out for
    some hundred hours of ten thousand posts."""
    ahead = timedelta(hours=offset_hours(settings.TIME_ZONE))
    there = {hour: datetime.fromisoformat(f"{hour}:00") + ahead for hour in hours}
    return {hour: (f"{at:%Y-%m-%d}", at.weekday() * 24 + at.hour) for hour, at in there.items()}


def _zones() -> list[tuple[Any, ...]]:
    return ask("SELECT id, timezone FROM aggregator_satker", ())


def _read(rows: Any) -> list[tuple[Any, ...]]:
    """Rows as the driver gives them: what is asked for here needs no conversion, which the ORM looks for in
    every value."""
    return ask(*rows.query.sql_with_params())


class Searched(Direct):
    """The figures of a search by words."""

    def __init__(
        self, filters: Filters, period: Period, entries: EntryQuerySet, everything: EntryQuerySet, hits: Hits
    ) -> None:
        super().__init__(filters, period, entries, everything, is_listed=True)
        self.hits = hits

    def cells(self, period: Period) -> list[Cell]:
        if period not in self._counted:
            self._counted[period] = self.hits.cells(period)
        return self._counted[period]

    def total(self, period: Period) -> int:
        return len(self.hits.within(period).pks)

    def week(self, period: Period) -> list[list[int]]:
        return self.hits.week(period)

    def topic_months(self) -> Counter[tuple[int, str]]:
        return self.hits.topic_months(self.period)

    def active_offices(self) -> Counter[int | None]:
        return self.hits.active_offices(self.period)

    def undated(self) -> int:
        return self.hits.undated
