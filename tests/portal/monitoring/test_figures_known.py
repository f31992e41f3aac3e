"""A day on which a satker could not be read is never shown as a day without a post."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from aggregator.models import Gap, Satker, SatkerHold
from portal.days import Period
from portal.monitoring import heat
from portal.monitoring.figures import follow
from portal.monitoring.figures.known import NOTHING, known_days
from portal.monitoring.figures.overview import overview
from tests.factories import make_entry, make_feed, make_province, make_satker

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def office(
    read: datetime | None = NOW, since: datetime | None = NOW - timedelta(days=90), **fields
) -> Satker:
    return make_feed(last_success_at=read, first_success_at=since, **fields).satker


def known(satker):
    follow.follow()
    return known_days(Satker.objects.all(), NOW).get(satker.pk, NOTHING)


def test_what_can_be_read_is_known_to_this_day():
    assert known(office()).covers(date(2026, 11, 24))


def test_after_the_last_good_reading_nothing_is_known():
    its = known(office(NOW - timedelta(days=5), error_code="dns"))
    assert its.covers(date(2026, 11, 20))
    assert not its.covers(date(2026, 11, 21))
    assert its.why == "umpan gagal dibaca (dns)"


@pytest.mark.parametrize("state", ["active", "candidate", "disabled"])
def test_of_a_feed_that_was_never_read_no_day_is_known(state):
    assert not known(office(None, None, state=state)).covers(date(2026, 11, 3))


def test_a_first_reading_tells_of_the_posts_it_brought_and_of_nothing_before():
    satker = office(since=NOW - timedelta(days=2))
    make_entry(feed=satker.feeds.get(), published_at=NOW - timedelta(days=9))
    its = known(satker)
    assert its.covers(date(2026, 11, 16))
    assert not its.covers(date(2026, 11, 15))


def test_posts_that_left_the_feed_unread_leave_a_gap_until_it_is_filled():
    satker = office()
    gap = Gap.objects.create(feed=satker.feeds.get(), from_at=NOW - timedelta(9), to_at=NOW - timedelta(7))
    assert not known(satker).covers(date(2026, 11, 17))
    Gap.objects.filter(pk=gap.pk).update(filled_at=NOW)
    assert known(satker).covers(date(2026, 11, 17))


def test_while_the_portal_holds_a_satker_its_new_days_are_not_known():
    satker = office()
    SatkerHold.objects.create(satker=satker, reason="-", started_by="-", started_at=NOW - timedelta(days=3))
    assert not known(satker).covers(date(2026, 11, 23))


def test_a_feed_out_of_use_tells_of_the_time_it_was_read():
    its = known(office(NOW - timedelta(days=30), state="disabled"))
    assert its.covers(date(2026, 10, 25))
    assert not its.covers(date(2026, 11, 3))


def test_the_grid_shows_unread_days_as_such_with_words():
    satker = office(NOW - timedelta(days=20), error_code="dns")
    make_entry(feed=satker.feeds.get(), published_at=datetime(2026, 11, 2, 3, tzinfo=UTC))
    follow.follow()
    found = overview(Satker.objects.all(), NOVEMBER, NOW)
    body = heat.of_offices(found, [heat.Link("KPU", "/x")]).body
    assert '<td class="unread" colspan="20"><span>umpan gagal dibaca (dns)</span></td>' in body  # 6th to 25th
    assert body.count("·") == 4  # the 1st, and the 3rd to the 5th
    assert body.count("<td></td>") == 5  # days to come


def test_a_short_time_unread_is_marked_day_by_day():
    office(NOW - timedelta(days=3), error_code="dns")
    follow.follow()
    found = overview(Satker.objects.all(), NOVEMBER, NOW)
    assert heat.of_offices(found, [heat.Link("KPU", "/x")]).body.count('<td class="unread">?</td>') == 3


def test_a_satker_without_a_feed_says_so_over_the_whole_time():
    make_satker()
    follow.follow()
    body = heat.of_offices(overview(Satker.objects.all(), NOVEMBER, NOW), [heat.Link("KPU", "/x")]).body
    assert '<td class="unread" colspan="25"><span>belum ada umpan</span></td><td></td>' in body


def test_a_province_is_unread_only_where_none_of_its_satker_could_be_read():
    place = make_province("35")
    for read in (NOW - timedelta(days=20), NOW - timedelta(days=10)):
        office(read, error_code="dns", satker=make_satker(province=place))
    follow.follow()
    (found,) = overview(Satker.objects.all(), NOVEMBER, NOW, each=False).places
    assert min(found.unread) == date(2026, 11, 16)
