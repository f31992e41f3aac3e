"""Figures about what KPU publishes: one function a figure, dataclasses out.

A post counts on the day it was published, in WIB for national figures. Posts without a believable date
count in no figure by day; how many they are is said beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Max, OuterRef, Q, Subquery
from django.utils import timezone

from aggregator.models import Entry, Feed, Province
from aggregator.querysets import EntryQuerySet

DATED = Q(date_status__in=[Entry.DateStatus.OK, Entry.DateStatus.FUTURE])


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


def day_start(day: date) -> datetime:
    """The instant at which `day` begins on the clocks of national figures."""
    return datetime.combine(day, time.min, ZoneInfo(settings.TIME_ZONE))


def by_province(entries: EntryQuerySet) -> dict[int | None, int]:
    """Number of these entries per province id; None stands for the national office."""
    rows = entries.order_by().values("province").annotate(n=Count("id"))
    return dict(rows.values_list("province", "n"))


def today_by_province(day: date) -> Today:
    """All 38 provinces in the order of their codes, with the posts of that day."""
    start = day_start(day)
    entries = Entry.objects.public().filter(
        DATED, published_at__gte=start, published_at__lt=start + timedelta(days=1)
    )
    counts = by_province(entries)
    rows = [ProvinceCount(province, counts.get(province.pk, 0)) for province in Province.objects.all()]
    return Today(day, rows, counts.get(None, 0))


def known_provinces() -> set[int]:
    """Ids of the provinces of which at least one feed was ever read: silence elsewhere means nothing."""
    read = Feed.objects.filter(first_success_at__isnull=False, satker__province__isnull=False)
    return set(read.values_list("satker__province", flat=True).distinct())


@dataclass(frozen=True, slots=True)
class ProvinceRecent:
    province: Province
    offices: int
    posts: int  # in the last 30 days
    last_at: datetime | None


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
    """One query over the entries of an office or province."""
    recent = Q(published_at__gte=timezone.now() - timedelta(days=30)) & DATED
    figures = entries.order_by().aggregate(
        total=Count("id"),
        month=Count("id", filter=recent),
        own=Count("id", filter=recent & Q(origin=Entry.Origin.OWN)),
        decided=Count("id", filter=recent & ~Q(origin=Entry.Origin.UNDECIDED)),
        last_at=Max("published_at"),
    )
    return Profile(**figures)
