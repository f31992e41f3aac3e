"""How well feeds could be read: availability, failures by kind, and how long posts took to come here."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet, Sum

from aggregator.models import Feed
from aggregator.querysets import SatkerQuerySet
from portal.days import Period
from portal.monitoring.figures.counting import median, percentile
from portal.monitoring.figures.months import split
from portal.monitoring.figures.sums import only
from portal.monitoring.models import FeedDay, FeedMonth, OfficeMonth


@dataclass(slots=True)
class Polls:
    polls: int = 0
    fetched: int = 0
    unmodified: int = 0
    same_body: int = 0
    failed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    @property
    def availability(self) -> float | None:
        """Per cent of the attempts that were answered well; None without any."""
        return round(100 * (self.polls - self.failed) / self.polls, 1) if self.polls else None


@dataclass(frozen=True, slots=True)
class Delay:
    """Minutes from publication at the site to our having it: median and 95th percentile."""

    posts: int
    median: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class FeedReading:
    feed: Feed
    polls: Polls
    delay: Delay


NUMBERS = ("polls", "fetched", "unmodified", "same_body", "failed")


def availability(satker: SatkerQuerySet, period: Period) -> dict[int, float]:
    """By satker, over all its feeds; one that was not asked has no entry."""
    polls, failed = Counter[int](), Counter[int]()
    for rows in _attempts(satker, period):
        summed = rows.values("feed__satker").annotate(n=Sum("polls"), bad=Sum("failed"))
        for key, n, bad in summed.values_list("feed__satker", "n", "bad"):
            polls[key] += n
            failed[key] += bad
    return {key: round(100 * (n - failed[key]) / n, 1) for key, n in polls.items() if n}


def feed_readings(satker: SatkerQuerySet, period: Period) -> list[FeedReading]:
    """Every feed of these satker that is active or was asked in the period."""
    polls = polls_of(satker, period)
    delays = delays_of(satker, period)
    feeds = Feed.objects.filter(satker__in=satker.order_by().values("pk")).select_related("satker__province")
    return [
        FeedReading(feed, polls.get(feed.pk) or Polls(), delays.get(feed.satker_id) or Delay(0, None, None))
        for feed in feeds.order_by("satker__code", "url")
        if feed.state == Feed.State.ACTIVE or feed.pk in polls
    ]


def delays_of(satker: SatkerQuerySet, period: Period) -> dict[int, Delay]:
    """By satker, over the whole months that the period touches."""
    minutes: dict[int, list[int]] = defaultdict(list)
    for key, found in months(satker, period).values_list("satker", "delays"):
        minutes[key] += found
    return {
        key: Delay(len(found), median(found), percentile(found, 95))
        for key, found in minutes.items()
        if found
    }


def lags_of(satker: SatkerQuerySet, period: Period) -> dict[int, list[int]]:
    """Days from the event to the own post that tells of it, by satker, over whole months."""
    days: dict[int, list[int]] = defaultdict(list)
    for key, found in months(satker, period).values_list("satker", "lags"):
        days[key] += found
    return days


def months(satker: SatkerQuerySet, period: Period) -> QuerySet[OfficeMonth]:
    """The kept months that the period touches."""
    return only(satker, OfficeMonth.objects.filter(month__range=(period.first.replace(day=1), period.last)))


def _attempts(satker: SatkerQuerySet, period: Period) -> list[QuerySet[Any]]:
    """Whole months, and the days at the ends of the period."""
    wanted = split(period)
    months_of, days = FeedMonth.objects.filter(wanted.months), FeedDay.objects.filter(wanted.days)
    return [only(satker, rows, "feed__satker") for rows in (months_of, days)]


def polls_of(satker: SatkerQuerySet, period: Period) -> dict[int, Polls]:
    """By feed; one that was not asked has no entry."""
    found: dict[int, Polls] = defaultdict(Polls)
    for rows in _attempts(satker, period):
        summed = rows.values_list("feed").annotate(*(Sum(name) for name in NUMBERS))
        for key, *numbers in summed:
            its = found[key]
            for name, number in zip(NUMBERS, numbers, strict=True):
                setattr(its, name, getattr(its, name) + number)
        alike = rows.filter(failed__gt=0).values("feed", "kinds").annotate(n=Count("pk"))  # fail alike
        for key, kinds, n in alike.values_list("feed", "kinds", "n"):
            for code, number in kinds.items():
                found[key].kinds[code] += number * n
    return dict(found)
