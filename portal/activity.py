"""Figures about what KPU publishes: one function a figure, dataclasses out.

A post counts on the day it was published, in WIB (`TIME_ZONE`) for national figures. Posts without a
believable date count in no figure by day; how many they are is said beside it. Everything over a scope
comes from a handful of grouped queries; the figures are then sums over their rows.
"""

from __future__ import annotations

import operator
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from aggregator.clocks import HourOf, local_slots
from aggregator.models import Entry, EntryTopic, Feed, Province, Topic
from aggregator.querysets import EntryQuerySet
from portal import recount
from portal.days import DATED, MonthOf, Period, day_start

OWN = Entry.Origin.OWN


class Cell(NamedTuple):
    """Posts of one province (None: the national office) on one day, alike in stage and origin;
    `on_topic` of them are on at least one topic. A tuple, because a page makes tens of thousands."""

    province: int | None
    day: date
    stage: int | None
    origin: str
    posts: int
    on_topic: int = 0


class PlaceSum(NamedTuple):
    """What one province published in a period. Sums of periods that do not overlap add up."""

    posts: int = 0
    own: int = 0
    on_topic: int = 0  # own posts on at least one topic
    decided: int = 0  # with a known origin
    days: int = 0  # with an own post


Places = dict[int | None, PlaceSum]  # by province; None: the national office
StageDays = Counter[tuple[date, int | None]]  # posts by day and stage; None: outside of any


@dataclass(frozen=True, slots=True)
class ProvinceCount:
    province: Province
    posts: int


@dataclass(frozen=True, slots=True)
class Today:
    """Posts per province on one day. `elsewhere` are the national office's, which has no province."""

    day: date
    rows: list[ProvinceCount]
    elsewhere: int

    @property
    def total(self) -> int:
        return sum(row.posts for row in self.rows) + self.elsewhere

    @property
    def active(self) -> list[ProvinceCount]:
        """Provinces with at least one post, most posts first."""
        return sorted((row for row in self.rows if row.posts), key=lambda row: -row.posts)


@dataclass(frozen=True, slots=True)
class Profile:
    """What one office or province has published."""

    total: int
    month: int  # in the last 30 days, today included
    own: int  # of these, its own
    decided: int  # of these, with a known origin
    last_at: datetime | None

    def __add__(self, other: Profile) -> Profile:
        """Two parts of one whole."""
        return Profile(
            self.total + other.total,
            self.month + other.month,
            self.own + other.own,
            self.decided + other.decided,
            max(filter(None, (self.last_at, other.last_at)), default=None),
        )


@dataclass(frozen=True, slots=True)
class ProvinceRecent:
    province: Province
    offices: int
    posts: int  # in the last 30 days
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class TopicCount:
    topic: Topic
    posts: int


def by_province(entries: EntryQuerySet) -> Counter[int | None]:
    """Number of these entries per province id; None stands for the national office."""
    rows = entries.order_by().values("province").annotate(n=Count("*"))
    return Counter(dict(rows.values_list("province", "n")))


def per_stage(entries: EntryQuerySet) -> Counter[int | None]:
    """Number of these entries per stage id; None stands for those outside of any."""
    rows = entries.order_by().values("stage").annotate(n=Count("*"))
    return Counter(dict(rows.values_list("stage", "n")))


def today_by_province(day: date, provinces: Iterable[Province]) -> Today:
    """These provinces with the posts of that day."""
    counts = by_province(Period(day, day).of(Entry.objects.public()))
    rows = [ProvinceCount(province, counts[province.pk]) for province in provinces]
    return Today(day, rows, counts[None])


def provinces_with_offices() -> QuerySet[Any]:
    """Every province in the order of the codes, with the number of its offices as `offices`, and of those
    of which a feed was ever read as `read`."""
    was_read = Exists(Feed.objects.filter(satker=OuterRef("satker"), first_success_at__isnull=False))
    counted = Province.objects.annotate(offices=Count("satker"), read=Count("satker", filter=was_read))
    return counted.order_by("code")


def profile(entries: EntryQuerySet, today: date) -> Profile:
    """Counted directly, in one query over these entries."""
    recent = Q(published_at__gte=day_start(today - timedelta(days=29))) & DATED
    figures = entries.order_by().aggregate(
        total=Count("id"),
        month=Count("id", filter=recent),
        own=Count("id", filter=recent & Q(origin=OWN)),
        decided=Count("id", filter=recent & ~Q(origin=Entry.Origin.UNDECIDED)),
        last_at=Max("published_at"),
    )
    return Profile(**figures)


def cells(entries: EntryQuerySet) -> list[Cell]:
    """What maps, calendars, lines, mixes and rankings are sums of, counted directly: one grouped query."""
    return cells_of(
        (province, day, stage, origin, n, n if on_topic else 0)
        for province, day, stage, origin, on_topic, n in recount.grouped(entries)
    )


def cells_of(rows: Iterable[tuple[int | None, str, int | None, str, int, int]]) -> list[Cell]:
    """Cells of rows whose day is text, as databases write it; each day is read once."""
    days: dict[str, date] = {}
    return [
        Cell(
            province,
            days.get(day) or days.setdefault(day, date.fromisoformat(day)),
            stage,
            origin,
            n,
            on_topic,
        )
        for province, day, stage, origin, n, on_topic in rows
    ]


def places_of(found: Iterable[Cell]) -> Places:
    """The cells by province."""
    sums: dict[int | None, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    days: dict[int | None, set[date]] = defaultdict(set)
    for cell in found:
        row = sums[cell.province]
        row[0] += cell.posts
        if cell.origin == OWN:
            row[1] += cell.posts
            row[2] += cell.on_topic
            days[cell.province].add(cell.day)
        if cell.origin:
            row[3] += cell.posts
    return {province: PlaceSum._make([*row, len(days[province])]) for province, row in sums.items()}


def both(one: Places, other: Places) -> Places:
    """The sums of two periods that do not overlap."""
    joined = dict(one)
    for province, row in other.items():
        joined[province] = PlaceSum(*map(operator.add, joined.get(province, PlaceSum()), row))
    return joined


def by_origin(found: Iterable[Cell]) -> Counter[tuple[int | None, str]]:
    """The cells by province and origin."""
    counts: Counter[tuple[int | None, str]] = Counter()
    for cell in found:
        counts[cell.province, cell.origin] += cell.posts
    return counts


def stage_days_of(found: Iterable[Cell]) -> StageDays:
    """The cells by day and stage."""
    counts: StageDays = Counter()
    for cell in found:
        counts[cell.day, cell.stage] += cell.posts
    return counts


def per_province(found: Places) -> Counter[int | None]:
    return Counter({province: row.posts for province, row in found.items()})


def per_day(found: StageDays) -> Counter[date]:
    counts: Counter[date] = Counter()
    for (day, _stage), posts in found.items():
        counts[day] += posts
    return counts


def per_month(found: StageDays) -> dict[date, tuple[int, int]]:
    """First of the month → (posts within a stage, posts outside of any)."""
    counts: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for (day, stage), posts in found.items():
        counts[day.replace(day=1)][stage is None] += posts
    return {month: (within, outside) for month, (within, outside) in sorted(counts.items())}


def stages_by_month(found: StageDays) -> dict[date, set[int]]:
    """First of the month → ids of the stages that its posts are of."""
    stages: dict[date, set[int]] = defaultdict(set)
    for day, stage in found:
        if stage is not None:
            stages[day.replace(day=1)].add(stage)
    return stages


def per_hour(entries: EntryQuerySet) -> list[list[int]]:
    """Posts by weekday (Monday first) and hour, on the clocks of each office's own zone."""
    rows = (
        entries.order_by()
        .annotate(hour=HourOf("published_at"))
        .values_list("satker__timezone", "hour")
        .annotate(n=Count("*"))
    )
    local = local_slots()
    return week_grid((local(slot, zone), count) for zone, slot, count in rows)


def week_grid(rows: Iterable[tuple[int, int]]) -> list[list[int]]:
    """(hours since Monday 00.00, posts) as weekdays of 24 hours."""
    grid = [[0] * 24 for _day in range(7)]
    for slot, count in rows:
        grid[slot // 24][slot % 24] += count
    return grid


def per_topic_month(entries: EntryQuerySet) -> Counter[tuple[int, str]]:
    """Posts on each topic (its id) in each month (`YYYY-MM`); a post may be on several topics."""
    tags = EntryTopic.objects.filter(removed=False, entry__in=entries.order_by().values("pk"))
    rows = tags.order_by().annotate(month=MonthOf("entry__published_at")).values("topic", "month")
    return Counter(
        {
            (topic, month): n
            for topic, month, n in rows.annotate(n=Count("*")).values_list("topic", "month", "n")
        }
    )


def per_topic(entries: EntryQuerySet) -> Counter[int]:
    """Posts on each topic, by the topic's id; a post may be on several."""
    tags = EntryTopic.objects.filter(removed=False, entry__in=entries.order_by().values("pk"))
    return Counter(dict(tags.order_by().values("topic").annotate(n=Count("*")).values_list("topic", "n")))


def over_months(counts: Mapping[tuple[int, str], int]) -> Counter[int]:
    """Posts on each topic in all months together."""
    totals: Counter[int] = Counter()
    for (topic, _month), posts in counts.items():
        totals[topic] += posts
    return totals


def named_topics(counts: Mapping[int, int], topics: Iterable[Topic]) -> list[TopicCount]:
    """Those of these topics that have posts, most first."""
    rows = [TopicCount(topic, counts[topic.pk]) for topic in topics if topic.pk in counts]
    return sorted(rows, key=lambda row: (-row.posts, row.topic.position))


def undated(entries: EntryQuerySet) -> int:
    """How many of these entries carry no believable date and so count on no day."""
    return entries.exclude(DATED).count()


def first_day(entries: EntryQuerySet) -> date | None:
    """The day of the oldest dated entry."""
    oldest = entries.filter(DATED).aggregate(at=Min("published_at"))["at"]
    return timezone.localdate(oldest) if oldest else None
