"""Calendar months: of a period those that lie in it whole have kept sums, only its ends are read by day."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from portal.days import Period


def number(day: date) -> int:
    """Months since the year 0."""
    return day.year * 12 + day.month - 1


def span(month: int) -> Period:
    """Its days."""
    first = date(month // 12, month % 12 + 1, 1)
    return Period(first, first.replace(day=length(month)))


def length(month: int) -> int:
    """How many days it has."""
    return calendar.monthrange(month // 12, month % 12 + 1)[1]


def month_of(day: date) -> Period:
    """The whole month that the day lies in."""
    return span(number(day))


def parts_of(period: Period) -> Iterator[Period]:
    """The period cut at the ends of months."""
    first = period.first
    while first <= period.last:
        last = min(month_of(first).last, period.last)
        yield Period(first, last)
        first = last + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Split:
    """A period as conditions on rows: of whole months, and of the days at its ends."""

    months: Q
    days: Q


def split(period: Period) -> Split:
    parts = list(parts_of(period))
    whole = [number(part.first) for part in parts if part == month_of(part.first)]
    ends = [Q(day__range=(part.first, part.last)) for part in parts if part != month_of(part.first)]
    months = Q(month__range=(whole[0], whole[-1])) if whole else Q(pk__in=())
    return Split(months, ends[0] | ends[-1] if ends else Q(pk__in=()))
