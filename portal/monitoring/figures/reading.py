"""How well feeds could be read: availability, failures by kind, and how long posts took to come here."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet, Sum, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from aggregator.models import Feed
from aggregator.querysets import SatkerQuerySet
from portal.days import Period
from portal.monitoring.figures.counting import quantile
from portal.monitoring.figures.months import month_of, split
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


FIELDS = (  # of a feed and its satker, of which a nation has hundreds with many more
    *("url", "state", "error_code", "failures", "last_success_at", "moved_to"),
    *("satker__code", "satker__name", "satker__timezone"),
)
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
    feeds = only(satker, Feed.objects.select_related("satker")).only(*FIELDS)
    return [
        FeedReading(feed, polls.get(feed.pk) or Polls(), delays.get(feed.satker_id) or Delay(0, None, None))
        for feed in feeds.order_by("satker__code", "url")
        if feed.state == Feed.State.ACTIVE or feed.pk in polls
    ]


def delays_of(satker: SatkerQuerySet, period: Period) -> dict[int, Delay]:
    """By satker, over the whole months that the period touches."""
    found = {}
    for key, minutes in _gathered(months(satker, period), "delays").items():
        minutes.sort()
        found[key] = Delay(len(minutes), quantile(minutes, 50), quantile(minutes, 95))
    return found


def lags_of(satker: SatkerQuerySet, period: Period) -> dict[int, list[int]]:
    """Days from the event to the own post that tells of it, by satker, over whole months."""
    return _gathered(months(satker, period), "lags")


def _gathered(rows: QuerySet[OfficeMonth], name: str) -> dict[int, list[int]]:
    """The numbers of all months of each satker in one list, read in one go: a year of the nation is thousands
    of short lists."""
    texts: dict[int, list[str]] = defaultdict(list)
    for key, text in rows.values_list("satker", Cast(name, TextField())):
        if len(text) > len("[]"):
            texts[key].append(text[1:-1])
    return {key: json.loads(f"[{','.join(parts)}]") for key, parts in texts.items()}


def months(satker: SatkerQuerySet, period: Period) -> QuerySet[OfficeMonth]:
    """The kept months that the period touches."""
    return only(satker, OfficeMonth.objects.filter(month__range=(period.first.replace(day=1), period.last)))


def _attempts(satker: SatkerQuerySet, period: Period) -> list[QuerySet[Any]]:
    """Whole months, and the days at the ends of the period. Of days to come there are none, so that a period
    that ends today has the whole of this month."""
    today = timezone.localdate()
    if period.last >= today:
        period = Period(period.first, max(period.last, month_of(today).last))
    wanted = split(period)
    months_of, days = FeedMonth.objects.filter(wanted.months), FeedDay.objects.filter(wanted.days)
    return [only(satker, rows, "feed__satker") for rows in (months_of, days)]


def polls_of(satker: SatkerQuerySet, period: Period) -> dict[int, Polls]:
    """By feed; one that was not asked has no entry."""
    found: dict[int, Polls] = defaultdict(Polls)
    failures: dict[int, Counter[str]] = defaultdict(Counter)
    for rows in _attempts(satker, period):
        for key, *numbers in rows.values_list("feed").annotate(*(Sum(name) for name in NUMBERS)):
            its = found[key]
            for name, number in zip(NUMBERS, numbers, strict=True):
                setattr(its, name, getattr(its, name) + number)
        for key, kinds in rows.filter(failed__gt=0).values_list("feed", Cast("kinds", TextField())):
            failures[key][kinds] += 1
    for key, texts in failures.items():
        for text, times in texts.items():
            for code, number in _kinds(text):
                found[key].kinds[code] += number * times
    return dict(found)


@lru_cache(maxsize=4096)
def _kinds(text: str) -> tuple[tuple[str, int], ...]:
    """Days fail alike: each way of failing is read once."""
    return tuple(json.loads(text).items())
