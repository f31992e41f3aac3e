"""How well feeds could be read, kept day by day, and who reads ours."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import Count, Q

from aggregator.models import FetchLog, Satker
from portal.days import Period
from portal.monitoring.figures import follow, polls, quality, reading
from portal.monitoring.models import FeedDay
from tests.factories import make_entry, make_feed
from tests.portal.monitoring.world import make_feed_day

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def log(feed, at, outcome="fetched", code=""):
    FetchLog.objects.create(feed=feed, started_at=at, outcome=outcome, error_code=code)


@pytest.mark.parametrize("seed", range(3))
def test_kept_polls_equal_the_logs(seed):
    chance = random.Random(seed)
    feeds = [make_feed() for _ in range(3)]
    for _ in range(150):
        outcome = chance.choice(["fetched", "not_modified", "same_body", "failed"])
        code = chance.choice(["dns", "http_500"]) if outcome == "failed" else ""
        log(chance.choice(feeds), NOW - timedelta(minutes=chance.randint(0, 6000)), outcome, code)
        if chance.random() < 0.1:
            polls.follow_logs(NOW + timedelta(hours=1))
    polls.follow_logs(NOW + timedelta(hours=1))
    assert FeedDay.objects.count() > 9
    for feed in feeds:
        direct = FetchLog.objects.filter(feed=feed).aggregate(
            n=Count("pk"), bad=Count("pk", filter=Q(outcome="failed"))
        )
        rows = FeedDay.objects.filter(feed=feed)
        assert sum(row.polls for row in rows) == direct["n"]
        assert (
            sum(row.failed for row in rows) == direct["bad"] == sum(sum(row.kinds.values()) for row in rows)
        )


def test_a_day_of_polls_ends_at_midnight_in_wib():
    feed = make_feed()
    log(feed, datetime(2026, 11, 3, 16, 59, tzinfo=UTC))
    log(feed, datetime(2026, 11, 3, 17, 0, tzinfo=UTC))
    polls.follow_logs(NOW)
    assert list(FeedDay.objects.order_by("day").values_list("day", "polls")) == [
        (date(2026, 11, 3), 1),
        (date(2026, 11, 4), 1),
    ]


def test_logs_that_may_still_come_are_waited_for():
    feed = make_feed()
    log(feed, NOW - timedelta(minutes=1))
    assert polls.follow_logs(NOW) == 0
    assert polls.follow_logs(NOW + timedelta(minutes=10)) == 1


def test_days_outlive_their_logs():
    feed = make_feed()
    log(feed, NOW - timedelta(days=2))
    polls.follow_logs(NOW)
    FetchLog.objects.all().delete()
    log(feed, NOW - timedelta(days=1))
    polls.follow_logs(NOW)
    assert sum(FeedDay.objects.values_list("polls", flat=True)) == 2


def test_availability_is_over_all_feeds_of_a_satker():
    feed = make_feed()
    other = make_feed(satker=feed.satker)
    make_feed()
    make_feed_day(feed=feed, day=date(2026, 11, 2), polls=80, failed=0)
    make_feed_day(feed=other, day=date(2026, 11, 3), polls=20, failed=10)
    make_feed_day(feed=other, day=date(2026, 10, 3), polls=20, failed=20)
    assert reading.availability(Satker.objects.all(), NOVEMBER) == {feed.satker_id: 90.0}


def test_a_feed_that_was_never_asked_has_no_availability():
    make_feed()
    (row,) = reading.feed_readings(Satker.objects.all(), NOVEMBER)
    assert row.polls.availability is None


def test_failures_are_told_by_kind():
    feed = make_feed()
    make_feed_day(feed=feed, day=date(2026, 11, 2), polls=9, failed=3, kinds={"dns": 1, "tls": 2})
    make_feed_day(feed=feed, day=date(2026, 11, 3), polls=9, failed=1, kinds={"dns": 1})
    (row,) = reading.feed_readings(Satker.objects.all(), NOVEMBER)
    assert dict(row.polls.kinds) == {"dns": 2, "tls": 2}


def test_delays_and_lags_are_those_of_the_posts():
    feed = make_feed()
    for minutes, days in ((10, 0), (20, 1), (120, 3)):
        at = datetime(2026, 11, 10, 3, tzinfo=UTC)
        make_entry(
            feed=feed,
            published_at=at,
            first_seen_at=at + timedelta(minutes=minutes),
            origin="own",
            event_on=date(2026, 11, 10 - days),
        )
    make_entry(feed=feed, published_at=NOW - timedelta(days=90), first_seen_at=NOW, is_import=True)
    follow.follow()
    delay = reading.delays_of(Satker.objects.all(), NOVEMBER)[feed.satker_id]
    assert (delay.posts, delay.median, delay.p95) == (3, 20, 110)
    assert reading.lags_of(Satker.objects.all(), NOVEMBER)[feed.satker_id] == [0, 1, 3]


def test_the_worst_data_stand_first():
    good, bad = make_feed(), make_feed()
    make_entry(feed=good, published_at=NOW, text="ada")
    make_entry("Berita", feed=bad, published_at=NOW, date_status="missing")
    follow.follow()
    rows = quality.quality(Satker.objects.all(), NOVEMBER)
    assert [(row.satker, row.faults) for row in rows] == [(bad.satker, 3), (good.satker, 0)]
