"""Posts that a search by words found, each read once. The figures of the activity view are summed up from
these rows here: the database would go through the same thousands of posts for every figure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

from aggregator.models import EntryTopic
from aggregator.querysets import EntryQuerySet
from aggregator.search import Filters
from aggregator.search.clocks import HourOf, local_slots
from portal import activity
from portal.activity import Cell
from portal.daily import CLEAR
from portal.days import DayOf, Period
from portal.listed import listed
from portal.sources import Direct


class Hit(NamedTuple):
    """One dated post. `slot` counts hours since Monday 00.00 on the clocks of national figures."""

    pk: int
    day: str  # YYYY-MM-DD
    province: int | None
    satker: int
    stage: int | None
    origin: str
    slot: int
    zone: str


class Hits:
    def __init__(self, entries: EntryQuerySet, order: Sequence[int]) -> None:
        """`entries` are few; `order` are their ids, newest first, and maybe others."""
        rows = entries.order_by().annotate(on=DayOf("published_at"), slot=HourOf("published_at"))
        wanted = ("pk", "on", "province", "satker", "stage", "origin", "slot", "satker__timezone")
        read = {row[0]: row for row in rows.values_list(*wanted, "date_status")}
        newest_first = [read[pk] for pk in order if pk in read]
        self.dated = [Hit._make(row[:-1]) for row in newest_first if row[-1] in CLEAR]
        self.undated = len(newest_first) - len(self.dated)

    @property
    def first_day(self) -> date | None:
        return date.fromisoformat(self.dated[-1].day) if self.dated else None

    def within(self, period: Period) -> list[Hit]:
        first, last = period.first.isoformat(), period.last.isoformat()
        return [hit for hit in self.dated if first <= hit.day <= last]

    def cells(self, period: Period) -> list[Cell]:
        """A cell for each post: sums are made of them as of those of many."""
        topical = self.topics
        return activity.cells_of(
            (hit.province, hit.day, hit.stage, hit.origin, 1, hit.pk in topical)
            for hit in self.within(period)
        )

    def week(self, period: Period) -> list[list[int]]:
        """Posts by weekday and hour, on the clocks of each office's own zone."""
        local = local_slots()
        counts = Counter((hit.slot, hit.zone) for hit in self.within(period))
        return activity.week_grid((local(slot, zone), n) for (slot, zone), n in counts.items())

    def topic_months(self, period: Period) -> Counter[tuple[int, str]]:
        """Posts on each topic in each month (`YYYY-MM`)."""
        topics = self.topics
        return Counter(
            (topic, hit.day[:7]) for hit in self.within(period) for topic in topics.get(hit.pk, ())
        )

    def active_offices(self, period: Period) -> Counter[int | None]:
        """How many offices have a post, by province."""
        offices = {(hit.province, hit.satker) for hit in self.within(period)}
        return Counter(province for province, _satker in offices)

    @cached_property
    def topics(self) -> dict[int, list[int]]:
        """The topics of each post that has one."""
        found: dict[int, list[int]] = defaultdict(list)
        labels = EntryTopic.objects.filter(removed=False, entry__in=listed([hit.pk for hit in self.dated]))
        for entry, topic in labels.order_by().values_list("entry", "topic"):
            found[entry].append(topic)
        return dict(found)


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

    def week(self, period: Period) -> list[list[int]]:
        return self.hits.week(period)

    def topic_months(self) -> Counter[tuple[int, str]]:
        return self.hits.topic_months(self.period)

    def active_offices(self) -> Counter[int | None]:
        return self.hits.active_offices(self.period)

    def undated(self) -> int:
        return self.hits.undated
