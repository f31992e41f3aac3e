"""The figures of one day, as the page "Hari ini" shows them and the daily digest tells them.

What was published counts on each satker's own day; decisions, fetches and the rest on the day of WIB.
A feed is failing on a day on which it was asked and not once read.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone

from aggregator.models import Entry, Quarantine, Satker
from aggregator.querysets import SatkerQuerySet
from portal.days import Period, day_start
from portal.monitoring.figures import silence
from portal.monitoring.figures.sums import only, sums
from portal.monitoring.models import FeedDay

SILENT = 14  # days, for "newly silent"


@dataclass(frozen=True, slots=True)
class Today:
    """`active`: satker with a post that day. `held`: posts held that day; `held_now`: those that still wait
    for a decision. `silent_new`: satker that came to two weeks of silence on that day."""

    day: date
    satker: int
    active: int
    posts: int
    own: int
    reposts: int
    undecided: int
    held: int
    held_now: int
    withdrawn: int
    failing: int
    failing_new: int
    silent: int
    silent_new: int
    unknown: int
    migrated: int
    topics: tuple[tuple[str, int], ...]

    @property
    def child(self) -> int:
        """A province's posts of what its regencies and cities wrote."""
        return self.posts - self.own - self.reposts - self.undecided

    @classmethod
    def of(cls, numbers: dict[str, Any]) -> Today:
        """As it was kept by `numbers`."""
        topics = tuple((str(name), int(posts)) for name, posts in numbers["topics"])
        return cls(**numbers | {"day": date.fromisoformat(numbers["day"]), "topics": topics})

    def numbers(self) -> dict[str, object]:
        """As JSON keeps them."""
        return asdict(self) | {"day": self.day.isoformat(), "topics": [list(pair) for pair in self.topics]}


def today(satker: SatkerQuerySet, day: date, now: datetime | None = None) -> Today:
    """`day`: today, or a day that is over."""
    return today_and_silent(satker, day, now)[0]


def today_and_silent(
    satker: SatkerQuerySet, day: date, now: datetime | None = None
) -> tuple[Today, list[silence.Silence]]:
    """And those satker that came to two weeks of silence on that day."""
    now = now or timezone.now()
    begin, end = day_start(day), day_start(day + timedelta(days=1))
    published = sums(satker, Period(day, day))
    held, held_now = _held(satker, begin, end)
    failing, failing_new = _failing(satker, day)
    known = silence.silences(satker, min(now, end - timedelta(seconds=1)))
    quiet = silence.silent(known, SILENT)
    new = [row for row in quiet if row.reached_before < SILENT]
    figures = Today(
        day,
        satker.count(),
        len(published),
        sum(row.posts for row in published.values()),
        sum(row.own for row in published.values()),
        sum(row.reposts for row in published.values()),
        sum(row.undecided for row in published.values()),
        held,
        held_now,
        only(satker, Entry.objects.filter(withdrawn_at__gte=begin, withdrawn_at__lt=end)).count(),
        failing,
        failing_new,
        len(quiet),
        len(new),
        len(silence.unknown(known)),
        _migrated(satker),
        tuple(_topics(satker, day)[:5]),
    )
    return figures, new


def _held(satker: SatkerQuerySet, begin: datetime, end: datetime) -> tuple[int, int]:
    cases = only(satker, Quarantine.objects.order_by(), "entry__satker")
    that_day = Q(held_at__gte=begin, held_at__lt=end)
    counts = cases.filter(that_day | Q(state=Quarantine.State.HELD)).aggregate(
        that_day=Count("entry", filter=that_day, distinct=True),
        now=Count("entry", filter=Q(state=Quarantine.State.HELD), distinct=True),
    )
    return counts["that_day"], counts["now"]


def failing_feeds(satker: SatkerQuerySet, day: date) -> set[int]:
    """Feeds that were asked on this day and not once read."""
    rows = only(satker, FeedDay.objects.filter(day=day, polls=F("failed")), "feed__satker")
    return set(rows.values_list("feed", flat=True))


def _failing(satker: SatkerQuerySet, day: date) -> tuple[int, int]:
    found = failing_feeds(satker, day)
    return len(found), len(found - failing_feeds(satker, day - timedelta(days=1)))


def _migrated(satker: SatkerQuerySet) -> int:
    return satker.filter(
        migration_status__in=[Satker.Migration.MIGRATED, Satker.Migration.MIGRATED_OTHER]
    ).count()


def _topics(satker: SatkerQuerySet, day: date) -> list[tuple[str, int]]:
    """Topics of the day's posts, counted directly: kept are only whole months."""
    entries = Entry.objects.public()
    if satker.query.where:
        entries = entries.filter(satker__in=satker.order_by().values("pk"))
    posts = Period(day, day).of(entries)
    tags = posts.filter(entry_topics__removed=False).order_by().values("entry_topics__topic__name")
    counts = Counter(dict(tags.annotate(n=Count("*")).values_list("entry_topics__topic__name", "n")))
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
