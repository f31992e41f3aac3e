"""Runs of working days with a post, and the longest time without one. A period is a text with a letter a day,
so that a year of every satker is a few thousand short texts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from aggregator.querysets import SatkerQuerySet
from portal.days import Period
from portal.monitoring.figures import months
from portal.monitoring.figures.days_off import SATURDAY
from portal.monitoring.figures.sums import only
from portal.monitoring.models import OfficeSums

POST, WORK, WEEKEND, OFF = "x", " ", "w", "o"


@dataclass(frozen=True, slots=True)
class Streaks:
    """`current` and `longest`: working days in a row with a post; days off neither count nor break. `gap`:
    the most days in a row without one, days off not counted."""

    current: int
    longest: int
    gap: int


def streaks(posted: str, template: str, *, is_over: bool) -> Streaks:
    """`posted` and `template` of the same days. A last day that is not over ends no run without a post, and
    is no gap yet."""
    marked = "".join([POST if mark == POST else usual for mark, usual in zip(posted, template, strict=True)])
    if not is_over and marked and marked[-1] != POST:
        marked = marked[:-1]
    expected = marked.replace(OFF, "")
    worked = expected.replace(WEEKEND, "")
    return Streaks(
        len(worked) - len(worked.rstrip(POST)),
        max(map(len, worked.split(WORK))),
        max(map(len, expected.split(POST))),
    )


def template(first: date, last: date, off: Collection[date]) -> str:
    """What each day is without a post."""
    days = map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
    return "".join(OFF if d in off else WEEKEND if d.weekday() >= SATURDAY else WORK for d in days)


class Posted:
    """The days with a post of each satker in a period, from the kept months."""

    def __init__(self, satker: SatkerQuerySet, period: Period) -> None:
        self.period = period
        self._months = range(months.number(period.first), months.number(period.last) + 1)
        self._lengths = [months.length(month) for month in self._months]
        self._days: dict[int, dict[int, int]] = defaultdict(dict)
        rows = OfficeSums.objects.filter(month__range=(self._months[0], self._months[-1]))
        for key, month, days in only(satker, rows).values_list("satker", "month", "days"):
            self._days[key][month] = days

    def of(self, key: int, last: date) -> str:
        """From the first day of the period to `last`, which lies in it."""
        mine = self._days.get(key, {})
        bits = [
            f"{mine.get(month, 0):0{length}b}"[::-1]
            for month, length in zip(self._months, self._lengths, strict=True)
        ]
        start = self.period.first.day - 1
        days = "".join(bits)[start : start + (last - self.period.first).days + 1]
        return days.translate(_BITS)


_BITS = str.maketrans("01", WORK + POST)
