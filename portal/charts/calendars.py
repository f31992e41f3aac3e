"""Days as months of squares, and hours of the week."""

from __future__ import annotations

import calendar
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from django.utils.formats import date_format

from portal.charts.scale import Scale, scale_of

SIDE = 14  # of a day's square with its gap


class Day(NamedTuple):  # as hours are: a page makes hundreds
    day: date
    posts: int
    step: int
    x: int
    y: int
    unread: bool = False  # nothing says that there was no post


@dataclass(frozen=True, slots=True)
class Month:
    """One month: weeks are rows, Monday is first. Days outside the period are left out."""

    first: date
    last: date
    days: list[Day]

    @property
    def posts(self) -> int:
        return sum(day.posts for day in self.days)


@dataclass(frozen=True, slots=True)
class Calendar:
    months: list[Month]
    scale: Scale


def calendar_of(
    counts: Mapping[date, int], first: date, last: date, unread: Container[date] = ()
) -> Calendar:
    """Every day from first to last, in months. Of `unread` days without a post nothing is known."""
    scale = scale_of(count for day, count in counts.items() if first <= day <= last)
    months = []
    start = first.replace(day=1)
    while start <= last:
        end = start.replace(day=calendar.monthrange(start.year, start.month)[1])
        begin, until = max(start, first), min(end, last)
        days = [
            Day(
                day, posts := counts.get(day, 0), scale.step(posts), x, y, day in unread and day not in counts
            )
            for day, x, y in _places(begin, until)
        ]
        months.append(Month(begin, until, days))
        start = end + timedelta(days=1)
    return Calendar(months, scale)


@lru_cache(maxsize=512)
def _places(first: date, last: date) -> list[tuple[date, int, int]]:
    """The days of one month (or of a part of it) and where each stands."""
    before = first.replace(day=1).weekday() - 1
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [(day, day.weekday() * SIDE, (day.day + before) // 7 * SIDE) for day in days]


class Hour(NamedTuple):
    hour: int
    posts: int
    step: int
    x: int


@dataclass(frozen=True, slots=True)
class Weekday:
    name: str
    y: int
    hours: list[Hour]

    @property
    def posts(self) -> int:
        return sum(hour.posts for hour in self.hours)


@dataclass(frozen=True, slots=True)
class Week:
    days: list[Weekday]
    scale: Scale

    @property
    def busiest(self) -> tuple[Weekday, Hour] | None:
        cells = [(day, hour) for day in self.days for hour in day.hours if hour.posts]
        return max(cells, key=lambda cell: cell[1].posts, default=None)


def week_of(grid: Sequence[Sequence[int]]) -> Week:
    """Seven days (Monday first) of 24 hours each."""
    scale = scale_of(count for row in grid for count in row)
    monday = date(2024, 1, 1)
    return Week(
        [
            Weekday(
                date_format(monday + timedelta(days=number), "l"),
                number * 24,
                [Hour(hour, posts, scale.step(posts), hour * 24) for hour, posts in enumerate(row)],
            )
            for number, row in enumerate(grid)
        ],
        scale,
    )
