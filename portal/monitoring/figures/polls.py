"""Kept counts of attempts to read feeds, a row a feed and day (WIB), and one a month. Follows the fetch
logs by their numbers, a little behind, so that what a slow transaction wrote late is not passed over."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from aggregator.models import FetchLog
from portal.days import day_start
from portal.monitoring.figures.months import number, span
from portal.monitoring.models import FeedDay, FeedMonth, FigureState

BEHIND = timedelta(minutes=5)
LOGS = 5000
COUNTED = {
    FetchLog.Outcome.FETCHED: "fetched",
    FetchLog.Outcome.NOT_MODIFIED: "unmodified",
    FetchLog.Outcome.SAME_BODY: "same_body",
    FetchLog.Outcome.FAILED: "failed",
}


def follow_logs(now: datetime | None = None) -> int:
    """Count the days of feeds that were read since the last look; returns how many days of feeds."""
    now = now or timezone.now()
    state = FigureState.objects.get_or_create(pk=1)[0]
    counted = 0
    while True:
        logs = FetchLog.objects.filter(pk__gt=state.log).order_by("pk")
        fresh = list(logs.values_list("pk", "feed", "started_at")[:LOGS])
        fresh = _settled(fresh, now - BEHIND)
        if not fresh:
            return counted
        touched = {(feed, timezone.localdate(at)) for _pk, feed, at in fresh}
        with transaction.atomic():
            _count(touched)
            add_up({(feed, number(day)) for feed, day in touched})
            FigureState.objects.filter(pk=1).update(log=fresh[-1][0])
        state.log, counted = fresh[-1][0], counted + len(touched)


def _settled(logs: list[tuple[int, int, datetime]], before: datetime) -> list[tuple[int, int, datetime]]:
    """Those up to the first that is too young: what stands before it may still be on its way."""
    for position, (_pk, _feed, at) in enumerate(logs):
        if at > before:
            return logs[:position]
    return logs


def _count(touched: set[tuple[int, date]]) -> None:
    """Count these days of these feeds anew. Days are few: today, and yesterday for a moment."""
    feeds_of: dict[date, set[int]] = defaultdict(set)
    for feed, day in touched:
        feeds_of[day].add(feed)
    for day, feeds in feeds_of.items():
        rows = _rows(day, feeds)
        FeedDay.objects.bulk_create(
            rows,
            batch_size=500,
            update_conflicts=True,
            unique_fields=["feed", "day"],
            update_fields=["polls", *COUNTED.values(), "kinds"],
        )


def add_up(touched: set[tuple[int, int]]) -> None:
    """Make the months of these feeds what their days are."""
    feeds_of: dict[int, set[int]] = defaultdict(set)
    for feed, month in touched:
        feeds_of[month].add(feed)
    for month, feeds in feeds_of.items():
        FeedMonth.objects.bulk_create(
            _months(month, feeds),
            batch_size=500,
            update_conflicts=True,
            unique_fields=["feed", "month"],
            update_fields=["polls", *COUNTED.values(), "kinds"],
        )


def _months(month: int, feeds: Iterable[int]) -> list[FeedMonth]:
    numbers: dict[int, Counter[str]] = defaultdict(Counter)
    kinds: dict[int, Counter[str]] = defaultdict(Counter)
    its = span(month)
    days = FeedDay.objects.filter(feed__in=feeds, day__range=(its.first, its.last)).order_by()
    for feed, failures, *counts in days.values_list("feed", "kinds", "polls", *COUNTED.values()):
        numbers[feed].update(dict(zip(("polls", *COUNTED.values()), counts, strict=True)))
        kinds[feed].update(failures)
    return [
        FeedMonth(feed_id=feed, month=month, kinds=dict(kinds[feed]), **found)
        for feed, found in numbers.items()
    ]


def _rows(day: date, feeds: Iterable[int]) -> list[FeedDay]:
    logs = FetchLog.objects.filter(
        feed__in=feeds, started_at__gte=day_start(day), started_at__lt=day_start(day + timedelta(days=1))
    )
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    kinds: dict[int, Counter[str]] = defaultdict(Counter)
    for feed, outcome, code in logs.order_by().values_list("feed", "outcome", "error_code"):
        counts[feed][COUNTED[FetchLog.Outcome(outcome)]] += 1
        if outcome == FetchLog.Outcome.FAILED:
            kinds[feed][code or "error"] += 1
    return [
        FeedDay(feed_id=feed, day=day, polls=sum(found.values()), kinds=dict(kinds[feed]), **found)
        for feed, found in counts.items()
    ]
