"""What the activity view looks at: the filters of `/cari`, a period of whole days, and the posts in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator.models import Entry, Topic
from aggregator.querysets import EntryQuerySet
from aggregator.search import Filters
from aggregator.search import search as ask
from aggregator.search.database import narrow
from aggregator.search.filters import month_days
from portal import activity, atlas, daily, lists, remembered
from portal.activity import Places, StageDays
from portal.days import Period
from portal.hits import Hits, Searched
from portal.listed import listed as of_ids
from portal.ranking import OfficeSum, Rank, ranking
from portal.sources import Direct, Source
from portal.tallies import Summed

USUAL_MONTHS = 12  # whole ones, the present month included
LONG_DAYS = 1830  # a longer period begins with the oldest post, so that none is drawn for nothing
MOST_LISTED = 50_000  # posts that are first listed and then counted in several ways
COMPARISONS = ("sebelumnya", "tahun-lalu")
T = TypeVar("T")
MOST_HITS = 8_000  # of a search by words that figures are made of


@dataclass(frozen=True)
class Scope:
    """`entries` are dated and within the period. `kept` are the kept counts, where they may be read."""

    filters: Filters
    period: Period
    entries: EntryQuerySet
    source: Source
    kept: daily.Kept | None = None
    note: str = ""
    against: Period | None = None  # what changes are measured against; None: the period before
    listed: tuple[int, ...] | None = None  # the ids of the entries, newest first, where they are few

    @property
    def query(self) -> str:
        """Of the search that shows these posts, without period: for marks that set their own days."""
        return self._search(date_from=None, date_to=None)

    @property
    def query_without_place(self) -> str:
        """The same with the period and without province: for marks that set their own place."""
        first, last = self.period.first, self.period.last
        return self._search(provinces=(), date_from=first, date_to=last)

    @property
    def query_of_period(self) -> str:
        return self._search(date_from=self.period.first, date_to=self.period.last)

    @property
    def query_without_office(self) -> str:
        """With the period, for marks that set their own office."""
        return self._search(provinces=(), satker=(), date_from=self.period.first, date_to=self.period.last)

    def query_without_hours(self, period: Period) -> str:
        """For marks that set their own weekday and hour, in a part of the period."""
        return self._search(weekdays=(), hours=(), date_from=period.first, date_to=period.last)

    @property
    def query_without_topic(self) -> str:
        """For marks that set their own topic and days."""
        return self._search(topics=(), date_from=None, date_to=None)

    @property
    def query_of_period_without_topic(self) -> str:
        return self._search(topics=(), date_from=self.period.first, date_to=self.period.last)

    @property
    def query_without_stage(self) -> str:
        """For marks that set their own stages and days."""
        return self._search(stages=(), date_from=None, date_to=None)

    def places(self, period: Period | None = None) -> Places:
        """What each province published in the period (this scope's own by default)."""
        period = period or self.period
        return self._once("places", period, lambda: self.source.places(period))

    def stage_days(self, period: Period | None = None) -> StageDays:
        """Posts by day and stage."""
        period = period or self.period
        return self._once("stage_days", period, lambda: self.source.stage_days(period))

    def total(self, period: Period) -> int:
        """Posts in a period."""
        return self._once("total", period, lambda: self.source.total(period))

    def by_origin(self, period: Period) -> Counter[tuple[int | None, str]]:
        """Posts by province and origin."""
        return self.source.by_origin(period)

    def offices(self) -> dict[int, OfficeSum]:
        """What each office published."""
        return self._once("offices", self.period, self.source.offices)

    def week(self, period: Period) -> list[list[int]]:
        """Posts by weekday and hour."""
        return self._once("week", period, lambda: self.source.week(period))

    def topic_months(self) -> Counter[tuple[int, str]]:
        """Posts on each topic, by its id, in each month."""
        return self._once("topic_months", self.period, self.source.topic_months)

    def topics(self) -> list[activity.TopicCount]:
        """Posts on each topic, most first."""
        return activity.named_topics(activity.over_months(self.topic_months()), atlas.current().topics)

    def ranks(self, found: Places) -> list[Rank]:
        """The ranking of the provinces looked at; `found` is what they published."""
        wanted = self.filters.provinces
        active = self._once("active offices", self.period, self.source.active_offices)
        rows = ranking(found, active, atlas.current().provinces)
        return [row for row in rows if not wanted or row.province.slug in wanted]

    def undated(self) -> int:
        """Posts without a believable date, which count on no day."""
        return self.source.undated()

    def _once(self, name: str, period: Period, make: Callable[[], T]) -> T:
        """Where nobody changed a post since the counts were brought up to date, each figure is made once."""
        if self.kept is None or self.kept.marked:
            return make()
        posts = replace(self.filters, month="", date_from=None, date_to=None, sort="", include_all=True)
        return remembered.once((self.kept.at, name, posts, period), make)

    def newest(self, size: int) -> list[Entry]:
        """The newest of the entries, with what a link to each shows."""
        few = self.entries if self.listed is None else Entry.objects.public_of(pk__in=self.listed[:size])
        return lists.links(few, size)

    @property
    def compared(self) -> Period:
        """The period that changes are measured against."""
        return self.against or self.period.before

    @property
    def is_current(self) -> bool:
        """Whether the period reaches to today."""
        return self.period.last >= timezone.localdate()

    @property
    def keeps_hours(self) -> bool:
        """Whether hours of the week are kept for these filters."""
        return isinstance(self.source, Summed) and self.source.has_hours

    def _search(self, **changes: Any) -> str:
        return self.filters.query_string(month="", sort="", include_all=True, **changes)


def scope_of(
    filters: Filters, today: date, compare: str = "", read: Callable[[], daily.Kept | None] | None = None
) -> Scope:
    """The last USUAL_MONTHS unless the filters say otherwise; with words, since the first post found.
    `compare` is one of COMPARISONS; `read` gives the kept counts where they were read already."""
    place = replace(filters, month="", date_from=None, date_to=None)
    against = COMPARISONS.index(compare) if compare else 0
    if filters.q:
        return _with_words(filters, place, today, against)
    frequent = _frequent_topic(filters)
    found, topic = _posts(place, frequent), frequent.pk if frequent and not _narrows(filters) else None
    period, kept = _period(filters, lambda: activity.first_day(found), today), (read or daily.kept)()
    entries, listed = period.of(found), None
    if filters.topics and not (kept and topic):
        ids = tuple(entries.newest().values_list("pk", flat=True)[: MOST_LISTED + 1])
        if len(ids) <= MOST_LISTED:
            entries, listed = Entry.objects.public_of(pk__in=of_ids(ids)), ids
    direct = Direct(filters, period, entries, found, listed is not None)
    source = Summed(kept, topic, direct) if kept else direct
    return Scope(filters, period, entries, source, kept, "", _against(period, against), listed)


def _with_words(filters: Filters, place: Filters, today: date, against: int) -> Scope:
    results = ask(
        replace(place, include_all=True, sort="terbaru"), size=MOST_HITS, facets=False, checked=False
    )
    note = " ".join(results.notes)
    if results.next_anchor:
        note += _("Dihitung dari %d hasil terbaru.") % MOST_HITS
    found = narrow(Entry.objects.public_of(pk__in=of_ids(results.entry_ids)), place)
    hits = Hits(found, results.entry_ids)
    period = _period(filters, lambda: hits.first_day, today)
    ids = tuple(hits.within(period).pks)
    entries = Entry.objects.public_of(pk__in=of_ids(ids))
    source = Searched(filters, period, entries, found, hits)
    return Scope(filters, period, entries, source, None, note, _against(period, against), ids)


def _against(period: Period, comparison: int) -> Period:
    return (period.before, period.year_before)[comparison]


def _posts(filters: Filters, frequent: Topic | None) -> EntryQuerySet:
    """Public posts by every filter but the words, each once."""
    if not filters.topics:
        return narrow(Entry.objects.public(), filters)
    if frequent:
        return narrow(lists.among_all(frequent), replace(filters, topics=()))
    several = narrow(Entry.objects.public(), filters)  # posts on two topics are found twice
    return Entry.objects.public_of(pk__in=several.order_by().values("pk"))


def _frequent_topic(filters: Filters) -> Topic | None:
    topic = Topic.objects.filter(slug=filters.topics[0]).first() if len(filters.topics) == 1 else None
    return topic if topic and lists.is_frequent(topic) else None


def _narrows(filters: Filters) -> bool:
    return bool(
        filters.provinces
        or filters.satker
        or filters.stages
        or filters.origin
        or filters.weekdays
        or filters.hours
    )


def _period(filters: Filters, first_day: Callable[[], date | None], today: date) -> Period:
    first, last = filters.date_from, filters.date_to
    if filters.month:
        month_first, month_last = month_days(filters.month)
        first, last = max(first or month_first, month_first), min(last or month_last, month_last)
    last = min(last or today, today)
    if first is None and not filters.q:
        first = _months_before(last, USUAL_MONTHS - 1)
    if first is None or (last - first).days > LONG_DAYS:
        oldest = first_day() or last
        first = max(first or oldest, oldest)
    return Period(min(first, last), last)


def _months_before(day: date, months: int) -> date:
    """The first of the month so many months before."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)
