"""Satker by day: who published when, runs of working days with a post, and the longest gap."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
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


def grid(satker: SatkerQuerySet, period: Period, now: datetime | None = None, drawn: int = 366) -> Grid:
    """Every one of these satker in the order of the registry, each on its own clocks. The `days` are the
    last `drawn` ones of the period; all other figures are of the whole."""
    counts, off = by_day(satker, period), DaysOff.of(period)
    days = list(days_of(period.latest(drawn)))
    rows = []
    for office in ordered(satker):
        found = counts.get(office.pk, {})
        today = local_day(office.timezone, now)
        free = off.off(office, period)
        last = min(period.last, today)
        rows.append(
            Row(
                office,
                [found[day][0] if day in found else 0 if day <= today else None for day in days],
                frozenset(free),
                sum(number for number, _own in found.values()),
                sum(own for _number, own in found.values()),
                sum(1 for _number, own in found.values() if own),
                streaks(found, period.first, last, free, today),
            )
        )
    return Grid(period, days, rows)


def streaks(posted: Iterable[date], first: date, last: date, off: Iterable[date], today: date) -> Streaks:
    """From first to last. Today is not over: without a post it ends no run and is no gap yet."""
    days = sorted(day.toordinal() for day in posted if first <= day <= last)
    free = sorted(day.toordinal() for day in off)
    end = last.toordinal()
    if last == today and (not days or days[-1] != end):
        end -= 1
    gap, run, longest, before = 0, 0, 0, first.toordinal() - 1
    for day in days:
        gap = max(gap, day - before - 1 - _within(free, before + 1, day - 1))
        run = run + 1 if run and not _worked(free, before + 1, day - 1) else 1
        longest, before = max(longest, run), day
    gap = max(gap, end - before - _within(free, before + 1, end))
    return Streaks(0 if _worked(free, before + 1, end) else run, longest, gap)


def _within(free: list[int], first: int, last: int) -> int:
    return bisect_right(free, last) - bisect_left(free, first) if last >= first else 0


def _worked(free: list[int], first: int, last: int) -> bool:
    """Whether there is a Monday to Friday among these days that is not free."""
    return any(
        (day - 1) % 7 < SATURDAY and not _within(free, day, day)
        for day in range(first, min(last, first + 60) + 1)
    )
