"""Months that are kept added up say what their days say, whatever the period asked for."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import Sum

from aggregator.models import Feed, Satker
from portal.days import Period
from portal.monitoring.figures import follow, grid, months, polls, runs
from portal.monitoring.figures.counting import NUMBERS
from portal.monitoring.figures.days_off import DaysOff
from portal.monitoring.figures.reading import polls_of
from portal.monitoring.figures.sums import sums
from portal.monitoring.models import Exemption, FeedDay, FeedMonth, OfficeDay, OfficeSums
from tests.factories import make_entry, make_feed, make_satker

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
FIRST = date(2025, 10, 1)


def some_periods(chance: random.Random, count: int = 12) -> list[Period]:
    """Of any length, some of whole months, some of one day."""
    starts = [FIRST + timedelta(days=chance.randint(0, 400)) for _ in range(count)]
    whole = Period(date(2026, 2, 1), date(2026, 4, 30))
    return [whole, *(Period(day, day + timedelta(days=chance.choice([0, 9, 90, 300]))) for day in starts)]


@pytest.fixture
def satker() -> list[Satker]:
    chance = random.Random(7)
    feeds = [make_feed(satker=make_satker(timezone=z)) for z in ("Asia/Jakarta", "Asia/Jayapura")]
    for _ in range(120):
        when = NOW - timedelta(hours=chance.randint(0, 420 * 24))
        make_entry(
            feed=chance.choice(feeds),
            published_at=when,
            origin=chance.choice(["own", "central", "child", ""]),
        )
    follow.follow()
    return [feed.satker for feed in feeds]


def test_sums_of_any_period_are_those_of_its_days(satker):
    assert OfficeSums.objects.count() > 12
    for period in some_periods(random.Random(1)):
        days = OfficeDay.objects.filter(day__range=(period.first, period.last)).values("satker").order_by()
        plain = {row.pop("satker"): row for row in days.annotate(**{f"n_{n}": Sum(n) for n in NUMBERS})}
        found = sums(Satker.objects.all(), period)
        assert {key: {f"n_{n}": getattr(row, n) for n in NUMBERS} for key, row in found.items()} == plain
        for key, row in found.items():
            own = OfficeDay.objects.filter(satker=key, day__range=(period.first, period.last), own__gt=0)
            assert row.active_days == own.count()


def test_runs_of_any_period_are_those_of_its_days(satker):
    Exemption.objects.create(
        kind="other", first=date(2026, 3, 2), last=date(2026, 3, 20), satker=satker[0], reason="banjir"
    )
    for period in some_periods(random.Random(2)):
        off = DaysOff.of(period)
        found = grid.streaks_of(Satker.objects.all(), satker, period, NOW)
        for office in satker:
            last = min(period.last, NOW.date())
            posted = set(OfficeDay.objects.filter(satker=office).values_list("day", flat=True))
            days = [period.first + timedelta(days=n) for n in range((last - period.first).days + 1)]
            marks = runs.marks("".join("01"[day in posted] for day in days))
            usual = runs.template(period.first, last, off.off(office, period))
            expected = runs.streaks(marks, usual, is_over=last < NOW.date())
            assert found[office.pk] == expected if days else found[office.pk].gap == 0


def test_polls_of_any_period_are_those_of_its_days():
    chance, feeds = random.Random(3), [make_feed(), make_feed()]
    for number in range(420):
        for feed in feeds:
            kinds = chance.choice([{}, {"dns": 2}, {"tls": 1, "dns": 1}])
            FeedDay.objects.create(
                feed=feed,
                day=FIRST + timedelta(days=number),
                polls=9,
                fetched=9 - sum(kinds.values()),
                failed=sum(kinds.values()),
                kinds=kinds,
            )
    touched = {(feed, months.number(day)) for feed, day in FeedDay.objects.values_list("feed", "day")}
    polls.add_up(touched)
    polls.add_up(touched)
    assert FeedMonth.objects.count() == len(touched)
    for period in some_periods(random.Random(4)):
        found = polls_of(Satker.objects.all(), period)
        for feed in Feed.objects.all():
            days = list(FeedDay.objects.filter(feed=feed, day__range=(period.first, period.last)))
            failures = Counter[str]()
            for day in days:
                failures.update(day.kinds)
            assert (feed.pk in found) == bool(days)
            if days:
                its = found[feed.pk]
                assert (its.polls, its.failed) == (9 * len(days), sum(failures.values()))
                assert its.kinds == failures


def test_a_period_is_cut_into_whole_months_and_its_ends():
    cut = list(months.parts_of(Period(date(2025, 12, 30), date(2026, 2, 28))))
    assert [part.days for part in cut] == [2, 31, 28]
    assert [part == months.month_of(part.first) for part in cut] == [False, True, True]
