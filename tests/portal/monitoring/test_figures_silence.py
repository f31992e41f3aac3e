"""Silence is measured in the satker's own days, and never claimed of a satker that could not be read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from aggregator.models import Satker, SatkerHold
from portal.monitoring.figures import follow
from portal.monitoring.figures.silence import silences, silent, unknown
from portal.monitoring.models import Exemption
from tests.factories import make_entry, make_feed, make_province, make_satker

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)  # a Wednesday; no public holiday in this month


def office(days_ago: float | None, *, satker: Satker | None = None, **feed) -> Satker:
    """A satker whose newest post is so many days old, and whose feed was read an hour ago."""
    its = make_feed(satker=satker, **({"last_success_at": NOW - timedelta(hours=1)} | feed))
    if days_ago is not None:
        make_entry(feed=its, published_at=NOW - timedelta(days=days_ago))
    return its.satker


def found(satker=None):
    follow.follow()
    return silences(satker or Satker.objects.all(), NOW)


def test_k1_the_silent_stand_oldest_first_and_the_unreadable_apart():
    quiet, quieter = office(15), office(40)
    office(3)
    broken = office(90, error_code="dns", failures=9)
    rows = found()
    assert [row.satker for row in silent(rows, 14)] == [quieter, quiet]
    assert [row.satker for row in unknown(rows)] == [broken]


@pytest.mark.parametrize(
    ("feed", "words"),
    [
        ({"error_code": "http_500"}, "umpan gagal dibaca (http_500)"),
        ({"last_success_at": None}, "umpan belum pernah terbaca"),
        ({"last_success_at": NOW - timedelta(days=3)}, "umpan lama tidak diperiksa"),
        ({"state": "disabled"}, "belum ada umpan"),
    ],
)
def test_what_cannot_be_read_is_not_known(feed, words):
    office(200, **feed)
    (row,) = found()
    assert row.unknown == words
    assert not row.is_silent


def test_one_failing_feed_of_two_makes_silence_unknown():
    satker = office(30)
    make_feed(satker=satker, error_code="timeout", last_success_at=NOW - timedelta(days=8))
    (row,) = found()
    assert row.unknown == "umpan gagal dibaca (timeout)"
    assert row.last_success_at == NOW - timedelta(days=8)


def test_a_satker_that_we_hold_is_not_silent():
    satker = office(30)
    SatkerHold.objects.create(satker=satker, reason="diretas", started_by="x")
    assert found()[0].unknown == "berita baru ditahan portal"


@pytest.mark.parametrize(
    ("days", "reached"), [(6, 0), (7, 7), (13, 7), (14, 14), (30, 30), (179, 30), (180, 180), (400, 180)]
)
def test_classes_begin_with_their_day(days, reached, settings):
    settings.SILENCE_DAYS = (7, 14, 30, 180)
    satker = office(days)
    follow.follow()
    Exemption.objects.all().delete()
    row = silences(Satker.objects.filter(pk=satker.pk), NOW)[0]
    holidays = days - (row.days or 0)
    assert row.days == days - holidays
    if days < 90:
        assert (row.days, row.reached) == (days, reached)


def test_classes_are_settings(settings):
    settings.SILENCE_DAYS = (3, 5)
    office(4)
    assert found()[0].reached == 3


def test_a_satker_that_never_posted_reaches_the_last_class():
    office(None)
    (row,) = found()
    assert (row.days, row.reached, row.is_silent) == (None, 180, True)


def test_days_are_those_of_the_satkers_own_zone():
    """16.30 UTC on the 17th is the 17th in Jakarta and the 18th in Jayapura."""
    at = (NOW - datetime(2026, 11, 17, 16, 30, tzinfo=UTC)) / timedelta(days=1)
    office(at, satker=make_satker("0001"))
    office(at, satker=make_satker("0002", timezone="Asia/Jayapura"))
    assert {row.satker.code: row.days for row in found()} == {"0001": 8, "0002": 7}


def test_days_off_do_not_count():
    bali = make_province("51", "Bali")
    hit, spared = office(10, satker=make_satker(province=bali)), office(10)
    Exemption.objects.create(
        kind="disaster", first=date(2026, 11, 17), last=date(2026, 11, 20), province=bali, reason="erupsi"
    )
    assert {row.satker: row.days for row in found()} == {hit: 6, spared: 10}


def test_public_holidays_on_working_days_do_not_count():
    """From 18 to 24 March 2026 five working days are holidays: Nyepi, Idulfitri and joint days off."""
    now = datetime(2026, 3, 27, 2, 0, tzinfo=UTC)
    feed = make_feed(last_success_at=now)
    make_entry(feed=feed, published_at=datetime(2026, 3, 17, 2, 0, tzinfo=UTC))
    follow.follow()
    assert silences(Satker.objects.all(), now)[0].days == 5


def test_silence_of_many_satker_takes_few_queries(django_assert_max_num_queries):
    for number in range(12):
        office(number * 3)
    follow.follow()
    with django_assert_max_num_queries(6):
        silences(Satker.objects.all(), NOW)
