"""The figures of one day: the same for the page and the digest, within the account's satker."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from aggregator.models import Entry, EntryTopic, Quarantine, Satker, Topic
from portal.monitoring.figures import follow
from portal.monitoring.figures.today import today, today_and_silent
from portal.monitoring.models import FeedDay
from tests.factories import make_entry, make_feed, make_satker
from tests.portal.monitoring.world import make_feed_day

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)  # 07.00 WIB on the day after
NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
READ = {"last_success_at": NOW}


def figures(satker=None):
    follow.follow()
    return today(satker if satker is not None else Satker.objects.all(), DAY, NOW)


def test_posts_are_told_by_origin():
    feed = make_feed(**READ)
    for origin in ("own", "own", "central", ""):
        make_entry(feed=feed, published_at=NOON, origin=origin)
    make_entry(feed=feed, published_at=NOON - timedelta(days=1), origin="own")
    make_satker(migration_status="M")
    found = figures()
    assert (found.satker, found.active, found.posts, found.own, found.reposts, found.undecided) == (
        2,
        1,
        4,
        2,
        1,
        1,
    )
    assert found.migrated == 1


def test_a_post_of_the_morning_in_the_east_counts_on_its_own_day():
    east = make_feed(satker=make_satker(timezone="Asia/Jayapura"), **READ)
    make_entry(feed=east, published_at=datetime(2026, 11, 23, 16, 0, tzinfo=UTC))  # 01.00 WIT on the 24th
    assert figures().active == 1


def test_what_was_held_and_withdrawn_that_day_is_told():
    entry = make_entry(feed=make_feed(**READ), published_at=NOON)
    other = make_entry(feed=entry.feed, published_at=NOON)
    for held_at, state in ((NOON, "held"), (NOON - timedelta(days=5), "held"), (NOON, "released")):
        Quarantine.objects.create(entry=entry, revision=entry.public_revision, held_at=held_at, state=state)
    Entry.objects.filter(pk=other.pk).update(state="withdrawn", withdrawn_at=NOON)
    found = figures()
    assert (found.held, found.held_now, found.withdrawn) == (1, 1, 1)


def test_a_feed_fails_on_a_day_without_one_good_answer():
    old, new, fine = make_feed(), make_feed(), make_feed()
    for feed, day, failed in (
        (old, DAY, 9),
        (old, DAY - timedelta(days=1), 9),
        (new, DAY, 9),
        (fine, DAY, 8),
    ):
        make_feed_day(feed=feed, day=day, polls=9, failed=failed)
    found = figures()
    assert (found.failing, found.failing_new) == (2, 1)


def test_newly_silent_are_those_that_came_to_two_weeks_that_day():
    for days in (13, 14, 15, 40):
        make_entry(feed=make_feed(**READ), published_at=NOON - timedelta(days=days))
    found = figures()
    assert (found.silent, found.silent_new) == (3, 1)
    assert [row.days for row in today_and_silent(Satker.objects.all(), DAY, NOON)[1]] == [14]


def test_topics_of_the_day_stand_most_first():
    humas, logistik = (Topic.objects.create(slug=name, name=name) for name in ("humas", "logistik"))
    for topics in ((humas, logistik), (logistik,)):
        entry = make_entry(feed=make_feed(**READ), published_at=NOON)
        for topic in topics:
            EntryTopic.objects.create(entry=entry, topic=topic)
    assert figures().topics == (("logistik", 2), ("humas", 1))


def test_figures_keep_to_the_satker_of_the_account():
    mine, other = make_feed(**READ), make_feed(**READ)
    for feed in (mine, other, other):
        make_entry(feed=feed, published_at=NOON)
        FeedDay.objects.get_or_create(feed=feed, day=DAY, defaults={"polls": 1, "failed": 1})
    found = figures(Satker.objects.filter(pk=mine.satker_id))
    assert (found.satker, found.posts, found.failing) == (1, 1, 1)


def test_the_numbers_can_be_kept():
    make_entry(feed=make_feed(**READ), published_at=NOON)
    assert figures().numbers()["day"] == "2026-11-24"
