"""Where the figures of a scope come from: here by counting its posts directly, in portal/tallies.py from kept
counts, in portal/hits.py from what a search found. All answer the same questions and say the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Protocol

from django.db.models import Count, Exists, OuterRef

from aggregator.models import Entry, EntryTopic, Satker
from aggregator.querysets import EntryQuerySet
from aggregator.search import Filters
from aggregator.search.database import narrow
from portal import activity
from portal.activity import Cell, Places, StageDays
from portal.days import DATED, Period
from portal.ranking import OfficeSum, of_offices


class Source(Protocol):
    def places(self, period: Period) -> Places:
        """What each province published."""

    def stage_days(self, period: Period) -> StageDays:
        """Posts by day and stage."""

    def total(self, period: Period) -> int:
        """Posts."""

    def by_origin(self, period: Period) -> Counter[tuple[int | None, str]]:
        """Posts by province and origin."""

    def offices(self) -> dict[int, OfficeSum]:
        """What each office published in the scope's own period."""

    def active_offices(self) -> Counter[int | None]:
        """Offices with a post in the scope's own period, per province id."""

    def week(self, period: Period) -> list[list[int]]:
        """Posts by weekday and hour."""

    def topic_months(self) -> Counter[tuple[int, str]]:
        """Posts on each topic, by its id, in each month of the scope's own period."""

    def undated(self) -> int:
        """Posts without a believable date."""


class Direct:
    def __init__(
        self,
        filters: Filters,
        period: Period,
        entries: EntryQuerySet,
        everything: EntryQuerySet,
        is_listed: bool = False,
    ) -> None:
        """`entries` are the dated ones of `period` among `everything`; where few, they are listed."""
        self.filters = filters
        self.period = period
        self.entries = entries
        self.everything = everything
        self.is_listed = is_listed
        self._counted: dict[Period, list[Cell]] = {}

    def places(self, period: Period) -> Places:
        return activity.places_of(self.cells(period))

    def stage_days(self, period: Period) -> StageDays:
        return activity.stage_days_of(self.cells(period))

    def total(self, period: Period) -> int:
        return sum(cell.posts for cell in self.cells(period))

    def by_origin(self, period: Period) -> Counter[tuple[int | None, str]]:
        return activity.by_origin(self.cells(period))

    def cells(self, period: Period) -> list[Cell]:
        """Counted once."""
        if period not in self._counted:
            own = period == self.period
            self._counted[period] = activity.cells(self.entries if own else period.of(self.everything))
        return self._counted[period]

    def offices(self) -> dict[int, OfficeSum]:
        return of_offices(self.entries)

    def week(self, period: Period) -> list[list[int]]:
        return activity.per_hour(period.of(self.entries))

    def topic_months(self) -> Counter[tuple[int, str]]:
        return activity.per_topic_month(self.entries)

    def active_offices(self) -> Counter[int | None]:
        if self.is_listed:
            rows = self.entries.order_by().values("province").annotate(n=Count("satker", distinct=True))
            return Counter(dict(rows.values_list("province", "n")))
        anywhere = replace(self.filters, provinces=(), topics=(), month="", date_from=None, date_to=None)
        its = self.period.of(narrow(Entry.objects.public_of(satker=OuterRef("pk")), anywhere))
        if self.filters.topics:
            labels = EntryTopic.objects.filter(topic__in=self.filters.keys_of("topik"), removed=False)
            its = its.filter(Exists(labels.filter(entry=OuterRef("pk"))))
        offices = Satker.objects.filter(Exists(its))
        if self.filters.provinces:
            offices = offices.filter(province__in=self.filters.keys_of("provinsi"))
        return Counter(offices.order_by().values_list("province", flat=True))

    def undated(self) -> int:
        return self.everything.exclude(DATED).count()
