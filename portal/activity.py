"""Figures about what KPU publishes: one function a figure, dataclasses out.

A post counts on the day it was published, in WIB (`TIME_ZONE`) for national figures. Posts without a
believable date count in no figure by day; how many they are is said beside it. Everything over a scope
comes from a handful of grouped queries; the figures are then sums over their rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from aggregator.models import Entry, EntryTopic, Feed, Province, Satker, Topic
from aggregator.querysets import EntryQuerySet
from portal.days import DayOf, HourOf

DATED = Q(date_status__in=[Entry.DateStatus.OK, Entry.DateStatus.FUTURE])
OWN = Entry.Origin.OWN


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """The period of the same length just before: what changes are measured against."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def of(self, entries: EntryQuerySet) -> EntryQuerySet:
        """These entries' dated ones within the period."""
        after = day_start(self.last + timedelta(days=1))
        return entries.filter(DATED, published_at__gte=day_start(self.first), published_at__lt=after)


@dataclass(frozen=True, slots=True)
class Cell:
    """Posts of one province (None: the national office) on one day, alike in stage and origin."""

    province: int | None
    day: date
    stage: int | None
    origin: str
    posts: int


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
    month: int  # in the last 30 days
    own: int  # of these, its own
    decided: int  # of these, with a known origin
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProvinceRecent:
    province: Province
    offices: int
    posts: int  # in the last 30 days
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rank:
    """One province in the ranking. `place` is shared by equals; None where nothing was ever read."""

    place: int | None
    province: Province
    on_topic: int  # own posts on at least one topic: the key
    active_days: int  # days with an own post: decides between equals
    own: int
    reposts: int
    posts: int
    offices: int
    silent: int  # offices without a post in the period


@dataclass(frozen=True, slots=True)
class TopicCount:
    topic: Topic
    posts: int


@dataclass(frozen=True, slots=True)
class OfficeCount:
    office: Satker
    posts: int
    own: int
    last_at: datetime | None


def day_start(day: date) -> datetime:
    """The instant at which `day` begins on the clocks of national figures."""
    return datetime.combine(day, time.min, ZoneInfo(settings.TIME_ZONE))


def by_province(entries: EntryQuerySet) -> dict[int | None, int]:
    """Number of these entries per province id; None stands for the national office."""
    rows = entries.order_by().values("province").annotate(n=Count("*"))
    return dict(rows.values_list("province", "n"))


def today_by_province(day: date) -> Today:
    """All 38 provinces in the order of their codes, with the posts of that day."""
    counts = by_province(Period(day, day).of(Entry.objects.public()))
    rows = [ProvinceCount(province, counts.get(province.pk, 0)) for province in Province.objects.all()]
    return Today(day, rows, counts.get(None, 0))


def provinces_with_offices() -> QuerySet[Any]:
    """Every province in the order of the codes, with the number of its offices as `offices`."""
    return Province.objects.annotate(offices=Count("satker")).order_by("code")


def known_provinces() -> set[int]:
    """Ids of the provinces of which at least one feed was ever read: silence elsewhere means nothing."""
    read = Feed.objects.filter(first_success_at__isnull=False, satker__province__isnull=False)
    return set(read.values_list("satker__province", flat=True).distinct())


def recent_by_province(days: int = 30) -> list[ProvinceRecent]:
    """Offices, posts of the last `days` days and the newest post of every province."""
    since = timezone.now() - timedelta(days=days)
    counts = by_province(Entry.objects.public().filter(DATED, published_at__gte=since))
    last = Entry.objects.public().filter(province=OuterRef("pk")).newest().values("published_at")[:1]
    provinces = Province.objects.annotate(offices=Count("satker"), last_at=Subquery(last))
    return [
        ProvinceRecent(row, row.offices, counts.get(row.pk, 0), row.last_at)
        for row in provinces.order_by("code")
    ]


def profile(entries: EntryQuerySet) -> Profile:
    """One query over the entries of an office, province, topic or stage."""
    recent = Q(published_at__gte=timezone.now() - timedelta(days=30)) & DATED
    figures = entries.order_by().aggregate(
        total=Count("id"),
        month=Count("id", filter=recent),
        own=Count("id", filter=recent & Q(origin=OWN)),
        decided=Count("id", filter=recent & ~Q(origin=Entry.Origin.UNDECIDED)),
        last_at=Max("published_at"),
    )
    return Profile(**figures)


def cells(entries: EntryQuerySet) -> list[Cell]:
    """The one grouped query that maps, calendars, lines and mixes are sums of."""
    rows = (
        entries.order_by()
        .annotate(day=DayOf("published_at"))
        .values_list("province", "day", "stage", "origin")
        .annotate(n=Count("*"))
    )
    days: dict[str, date] = {}
    return [
        Cell(province, days.get(day) or days.setdefault(day, date.fromisoformat(day)), stage, origin, n)
        for province, day, stage, origin, n in rows
    ]


def per_province(found: Iterable[Cell]) -> Counter[int | None]:
    counts: Counter[int | None] = Counter()
    for cell in found:
        counts[cell.province] += cell.posts
    return counts


def per_day(found: Iterable[Cell]) -> Counter[date]:
    counts: Counter[date] = Counter()
    for cell in found:
        counts[cell.day] += cell.posts
    return counts


def per_month(found: Iterable[Cell]) -> dict[date, tuple[int, int]]:
    """First of the month → (posts within a stage, posts outside of any)."""
    counts: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for cell in found:
        counts[cell.day.replace(day=1)][cell.stage is None] += cell.posts
    return {month: (within, outside) for month, (within, outside) in sorted(counts.items())}


def per_hour(entries: EntryQuerySet) -> list[list[int]]:
    """Posts by weekday (Monday first) and hour, on the clocks of each office's own zone."""
    grid = [[0] * 24 for _day in range(7)]
    rows = (
        entries.order_by()
        .annotate(hour=HourOf("published_at"))
        .values_list("satker__timezone", "hour")
        .annotate(n=Count("*"))
    )
    for zone, slot, count in rows:
        ahead = _hours_ahead(zone)
        weekday, hour = divmod(int(slot) + ahead, 24)  # slot: hours since Monday 00.00 of TIME_ZONE
        grid[weekday % 7][hour] += count
    return grid


def _hours_ahead(zone: str) -> int:
    """By how many hours the clocks of a zone are ahead of those of national figures."""
    now = timezone.now()
    there, here = (now.astimezone(ZoneInfo(name)).utcoffset() for name in (zone, settings.TIME_ZONE))
    return round(((there or timedelta()) - (here or timedelta())) / timedelta(hours=1))


def per_topic(entries: EntryQuerySet) -> list[TopicCount]:
    """Posts on each topic, most first; a post may be on several."""
    tags = EntryTopic.objects.filter(removed=False, entry__in=entries.order_by().values("pk"))
    counts = dict(tags.order_by().values("topic").annotate(n=Count("*")).values_list("topic", "n"))
    topics = Topic.objects.in_bulk(list(counts))
    rows = [TopicCount(topics[key], count) for key, count in counts.items() if key in topics]
    return sorted(rows, key=lambda row: (-row.posts, row.topic.position))


def active_offices(entries: EntryQuerySet) -> dict[int | None, int]:
    """Offices with at least one of these posts, per province id."""
    rows = entries.order_by().values("province").annotate(n=Count("satker", distinct=True))
    return dict(rows.values_list("province", "n"))


def ranking(entries: EntryQuerySet, found: list[Cell]) -> list[Rank]:
    """Provinces by own posts on a topic, then by days with own posts; equals share a place.

    Never by raw numbers alone: re-posts do not count, and offices that stayed silent are shown.
    """
    on_topic = by_province(entries.filter(origin=OWN).filter(_has_topic()))
    active = active_offices(entries)
    known = known_provinces()
    own, days = Counter[int | None](), defaultdict[int | None, set[date]](set)
    reposts, posts = Counter[int | None](), per_province(found)
    for cell in found:
        if cell.origin == OWN:
            own[cell.province] += cell.posts
            days[cell.province].add(cell.day)
        elif cell.origin:
            reposts[cell.province] += cell.posts
    rows = [
        Rank(
            place=None,
            province=place,
            on_topic=on_topic.get(place.pk, 0),
            active_days=len(days[place.pk]),
            own=own[place.pk],
            reposts=reposts[place.pk],
            posts=posts[place.pk],
            offices=place.offices,
            silent=max(0, place.offices - active.get(place.pk, 0)),
        )
        for place in provinces_with_offices()
    ]
    return _placed(rows, known)


def _has_topic() -> Exists:
    return Exists(EntryTopic.objects.filter(entry=OuterRef("pk"), removed=False))


def _placed(rows: list[Rank], known: set[int]) -> list[Rank]:
    rows.sort(
        key=lambda row: (row.province.pk not in known, -row.on_topic, -row.active_days, row.province.name)
    )
    placed: list[Rank] = []
    for position, row in enumerate(rows, start=1):
        previous = placed[-1] if placed else None
        equal = previous and (previous.on_topic, previous.active_days) == (row.on_topic, row.active_days)
        place = previous.place if previous and equal else position
        placed.append(replace(row, place=place if row.province.pk in known else None))
    return placed


def per_office(entries: EntryQuerySet, offices: Iterable[Satker]) -> list[OfficeCount]:
    """These offices in the order given, with their posts among the entries."""
    rows = (
        entries.order_by()
        .values("satker")
        .annotate(n=Count("*"), own=Count("id", filter=Q(origin=OWN)), last=Max("published_at"))
    )
    found = {key: (n, own, last) for key, n, own, last in rows.values_list("satker", "n", "own", "last")}
    return [OfficeCount(office, *found.get(office.pk, (0, 0, None))) for office in offices]


def undated(entries: EntryQuerySet) -> int:
    """How many of these entries carry no believable date and so count on no day."""
    return entries.exclude(DATED).count()


def first_day(entries: EntryQuerySet) -> date | None:
    """The day of the oldest dated entry."""
    oldest = entries.filter(DATED).aggregate(at=Min("published_at"))["at"]
    return timezone.localdate(oldest) if oldest else None
