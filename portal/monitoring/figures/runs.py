"""Runs of working days with a post, and the longest time without one. A period is a byte a day, so
that a year of every satker is some hundred short strings of bytes."""

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

# A byte a day. What a day is without a post, and whether it had one, are bits of it, so that the two are put
# together as one great number.
POST, WORK, WEEKEND, OFF = b"\x08", b"\x01", b"\x02", b"\x04"
_PLAIN = bytes(POST[0] if code & POST[0] else code for code in range(256))
_BITS = bytes.maketrans(b"01", b"\x00" + POST)


@dataclass(frozen=True, slots=True)
class Streaks:
    """`current` and `longest`: working days in a row with a post; days off neither count nor break. `gap`:
    the most days in a row without one, days off not counted."""

    current: int
    longest: int
    gap: int


def streaks(posted: bytes, template: bytes, *, is_over: bool) -> Streaks:
    """`posted` and `template` of the same days. A last day that is not over ends no run without a post, and
    is no gap yet."""
    both = int.from_bytes(posted, "big") | int.from_bytes(template, "big")
    marked = both.to_bytes(len(template), "big").translate(_PLAIN)
    if not is_over and not marked.endswith(POST):
        marked = marked[:-1]
    expected = marked.replace(OFF, b"")
    worked = expected.replace(WEEKEND, b"")
    return Streaks(
        len(worked) - len(worked.rstrip(POST)),
        max(map(len, worked.split(WORK))),
        max(map(len, expected.split(POST))),
    )


def template(first: date, last: date, off: Collection[date]) -> bytes:
    """What each day is without a post."""
    days = map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
    return b"".join(OFF if d in off else WEEKEND if d.weekday() >= SATURDAY else WORK for d in days)


def marks(bits: str) -> bytes:
    """Days with a post of ones and noughts."""
    return bits.encode().translate(_BITS)


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

    def of(self, key: int, last: date) -> bytes:
        """From the first day of the period to `last`, which lies in it."""
        mine = self._days.get(key, {})
        bits = [
            f"{mine.get(month, 0):0{length}b}"[::-1]
            for month, length in zip(self._months, self._lengths, strict=True)
        ]
        start = self.period.first.day - 1
        return marks("".join(bits)[start : start + (last - self.period.first).days + 1])
