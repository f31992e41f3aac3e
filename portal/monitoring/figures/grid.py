"""Satker by day: who published when, runs of working days with a post, and the longest gap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from aggregator.models import Satker
from aggregator.querysets import SatkerQuerySet
from portal.days import Period
from portal.monitoring.figures.days_off import SATURDAY, DaysOff, days_of, local_day
from portal.monitoring.figures.sums import by_day, ordered


@dataclass(frozen=True, slots=True)
class Streaks:
    """`current` and `longest`: working days in a row with a post; days off neither count nor break. `gap`:
    the most days in a row without one, days off not counted."""

    current: int
    longest: int
    gap: int


@dataclass(frozen=True, slots=True)
class Row:
    """`days` stand for those of the grid; None is a day still to come on the satker's clocks."""

    satker: Satker
    days: list[int | None]
    off: frozenset[date]
    posts: int
    own: int
    active_days: int
    streaks: Streaks


@dataclass(frozen=True, slots=True)
class Grid:
    period: Period
    days: list[date]
    rows: list[Row]

    @property
    def busiest(self) -> int:
        return max((count or 0 for row in self.rows for count in row.days), default=0)


def grid(satker: SatkerQuerySet, period: Period, now: datetime | None = None) -> Grid:
    """Every one of these satker in the order of the registry, each on its own clocks."""
    counts, off = by_day(satker, period), DaysOff.of(period)
    days = list(days_of(period))
    rows = []
    for office in ordered(satker):
        found = counts.get(office.pk, {})
        today = local_day(office.timezone, now)
        free = off.off(office, period)
        posts = {day: number for day, (number, _own) in found.items()}
        rows.append(
            Row(
                office,
                [posts.get(day, 0) if day <= today else None for day in days],
                frozenset(free),
                sum(posts.values()),
                sum(own for _number, own in found.values()),
                sum(1 for _number, own in found.values() if own),
                streaks(posts, [day for day in days if day <= today], free, today),
            )
        )
    return Grid(period, days, rows)


def streaks(posts: dict[date, int], days: list[date], off: set[date], today: date) -> Streaks:
    """Of these days in their order. Today is not over: without a post it ends no run and is no gap yet."""
    run = longest = gap = longest_gap = 0
    for day in days:
        if posts.get(day):
            run, gap = run + 1, 0
        elif day in off or day == today:
            continue
        else:
            gap += 1
            run = run if day.weekday() >= SATURDAY else 0
        longest, longest_gap = max(longest, run), max(longest_gap, gap)
    return Streaks(run, longest, longest_gap)
