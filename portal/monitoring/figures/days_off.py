"""The working calendar: public holidays and joint days off of Indonesia, and exemptions that staff granted
to a satker, a province, or all. Weekends are no days of work, but silence goes on over them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from django.utils import timezone

from aggregator.models import Satker
from portal.days import Period
from portal.monitoring.models import Exemption

SATURDAY = 5


@lru_cache(maxsize=64)
def public_holidays(year: int) -> dict[date, str]:
    """Public holidays and joint days off of a year with their names, as the government sets them."""
    found = holidays.country_holidays("ID", years=year, categories=("public", "government"), language="id")
    return dict(sorted(found.items()))


@lru_cache(maxsize=256)
def _weekday_holidays(first: int, last: int) -> tuple[int, ...]:
    """Ordinals of the holidays of these years that lie on a day of work."""
    return tuple(
        day.toordinal()
        for year in range(first, last + 1)
        for day in public_holidays(year)
        if day.weekday() < SATURDAY
    )


def local_day(zone: str, now: datetime | None = None) -> date:
    """Today on the clocks of a zone."""
    return (now or timezone.now()).astimezone(ZoneInfo(zone)).date()


def days_of(period: Period) -> Iterator[date]:
    return (period.first + timedelta(days=number) for number in range(period.days))


@dataclass(slots=True)
class DaysOff:
    """Days on which nothing is expected, within a period. Exemptions are read once."""

    period: Period
    everywhere: set[int] = field(default_factory=set)
    provinces: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    offices: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def of(cls, period: Period) -> DaysOff:
        found = cls(period)
        for row in Exemption.objects.filter(first__lte=period.last, last__gte=period.first):
            first, last = max(row.first, period.first), min(row.last, period.last)
            days = range(first.toordinal(), last.toordinal() + 1)
            if row.satker_id:
                found.offices[row.satker_id].update(days)
            elif row.province_id:
                found.provinces[row.province_id].update(days)
            else:
                found.everywhere.update(days)
        return found

    def exempt(self, satker: Satker) -> set[int]:
        """Ordinals of the exempted days of this satker."""
        days = self.everywhere
        if satker.province_id in self.provinces:
            days = days | self.provinces[satker.province_id or 0]
        if satker.pk in self.offices:
            days = days | self.offices[satker.pk]
        return days

    def between(self, satker: Satker, first: date, last: date) -> int:
        """How many days from first to last, both included, were holidays on a day of work, or exempted."""
        if last < first:
            return 0
        begin, end = first.toordinal(), last.toordinal()
        known = _weekday_holidays(first.year, last.year)
        count = bisect_right(known, end) - bisect_left(known, begin)
        if exempt := self.exempt(satker):
            holiday = set(known)
            count += sum(1 for day in exempt if begin <= day <= end and day not in holiday)
        return count

    def off(self, satker: Satker, period: Period) -> set[date]:
        """Those days themselves."""
        begin, end = period.first.toordinal(), period.last.toordinal()
        known = _weekday_holidays(period.first.year, period.last.year)
        days = set(known[bisect_left(known, begin) : bisect_right(known, end)])
        days |= {day for day in self.exempt(satker) if begin <= day <= end}
        return {date.fromordinal(day) for day in days}

    def working_days(self, satker: Satker, period: Period) -> int:
        """Mondays to Fridays that are neither holiday nor exempted."""
        off = self.off(satker, period)
        return sum(1 for day in days_of(period) if day.weekday() < SATURDAY and day not in off)
