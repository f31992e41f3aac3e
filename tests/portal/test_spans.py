"""A period in whole months and single days: each of its days once, and no stale one."""

from __future__ import annotations

import random
from datetime import date, timedelta

from portal.days import Period, month_end
from portal.spans import ALWAYS, spans

FIRST = date(2024, 1, 1)


def days_of(ranges):
    return [first + timedelta(days=n) for first, last in ranges for n in range((last - first).days + 1)]


def months_of(ranges):
    return days_of([(first, month_end(last)) for first, last in ranges])


def test_every_day_is_in_one_part_and_stale_days_are_in_none():
    chance = random.Random(3)
    for _round in range(300):
        first = FIRST + timedelta(days=chance.randrange(200))
        period = Period(first, first + timedelta(days=chance.randrange(500)))
        stale = {FIRST + timedelta(days=chance.randrange(900)) for _day in range(chance.randrange(4))}
        wanted = [day for day in days_of([(period.first, period.last)]) if day not in stale]
        found = spans(period, stale)
        assert sorted(months_of(found.months) + days_of(found.days)) == wanted
        assert days_of(found.every) == wanted


def test_whole_months_are_not_counted_by_days():
    found = spans(Period(date(2026, 1, 1), date(2026, 3, 31)))
    assert found.months == [(date(2026, 1, 1), date(2026, 3, 1))]
    assert found.days == []


def test_all_times_are_whole_months_but_for_those_with_a_stale_day():
    assert spans(ALWAYS).months == [(date(1, 1, 1), date(9999, 12, 1))]
    found = spans(ALWAYS, {date(2026, 11, 26)})
    assert found.months == [(date(1, 1, 1), date(2026, 10, 1)), (date(2026, 12, 1), date(9999, 12, 1))]
    assert found.days == [(date(2026, 11, 1), date(2026, 11, 25)), (date(2026, 11, 27), date(2026, 11, 30))]
