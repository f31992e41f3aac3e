"""Which kept sums make up a period: whole months where they may be, single days otherwise."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from portal.days import Period, month_end

Ranges = Sequence[tuple[date, date]]
ALWAYS = Period(date(1, 1, 1), date(9999, 12, 31))
DAY = timedelta(days=1)


class Spans(NamedTuple):
    """Ranges, both ends included. `months` are of first days of months; `days` are those beside these
    months; `every` is the period in days alone. Stale days are in none of them."""

    months: Ranges
    days: Ranges
    every: Ranges


def spans(period: Period, stale: Collection[date] = ()) -> Spans:
    """Of a period, without its stale days: a month that has one is counted by days."""
    out = sorted(day for day in stale if day in period)
    broken = {day.replace(day=1) for day in out}
    if period.first.day > 1:
        broken.add(period.first.replace(day=1))
    if period.last < month_end(period.last):
        broken.add(period.last.replace(day=1))
    parts = [Period(max(month, period.first), min(month_end(month), period.last)) for month in sorted(broken)]
    whole = without(period, [(part.first, part.last) for part in parts])
    days = [one for part in parts for one in without(part, _alone(day for day in out if day in part))]
    return Spans([(first, last.replace(day=1)) for first, last in whole], days, without(period, _alone(out)))


def without(period: Period, left_out: Ranges) -> Ranges:
    """What remains of a period; what is left out is in order."""
    found = []
    begin: date | None = period.first
    for first, last in left_out:
        if begin is not None and begin < first:
            found.append((begin, first - DAY))
        begin = last + DAY if last < period.last else None
    return [*found, (begin, period.last)] if begin is not None else found


def _alone(days: Iterable[date]) -> Ranges:
    return [(day, day) for day in days]
