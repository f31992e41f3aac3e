"""How well feeds could be read: availability, failures by kind, and how long posts took to come here."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Count, QuerySet, Sum

from aggregator.models import Feed
from aggregator.querysets import SatkerQuerySet
from portal.days import Period
from portal.monitoring.figures.counting import median, percentile
from portal.monitoring.models import FeedDay, OfficeMonth


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
    rows = _days(satker, period).values("feed__satker").annotate(n=Sum("polls"), bad=Sum("failed"))
    return {
        key: round(100 * (n - bad) / n, 1)
        for key, n, bad in rows.values_list("feed__satker", "n", "bad")
        if n
    }


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
    rows = OfficeMonth.objects.filter(month__range=(_first_of(period.first), period.last)).order_by()
    if satker.query.where:
        rows = rows.filter(satker__in=satker.order_by().values("pk"))
    return rows


def _first_of(day: date) -> date:
    return day.replace(day=1)


def _days(satker: SatkerQuerySet, period: Period) -> QuerySet[FeedDay]:
    rows = FeedDay.objects.filter(day__range=(period.first, period.last)).order_by()
    if satker.query.where:
        rows = rows.filter(feed__satker__in=satker.order_by().values("pk"))
    return rows


def polls_of(satker: SatkerQuerySet, period: Period) -> dict[int, Polls]:
    """By feed; one that was not asked has no entry."""
    rows = _days(satker, period)
    summed = rows.values("feed").annotate(**{f"n_{name}": Sum(name) for name in NUMBERS})
    found = {
        key: Polls(*numbers) for key, *numbers in summed.values_list("feed", *(f"n_{n}" for n in NUMBERS))
    }
    alike = rows.filter(failed__gt=0).values("feed", "kinds").annotate(days=Count("pk"))  # days fail alike
    for key, kinds, days in alike.values_list("feed", "kinds", "days"):
        for code, number in kinds.items():
            found[key].kinds[code] += number * days
    return found
