"""What sites write as a date, read as the moment it means."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.dates import read_date
from aggregator.records import DateStatus

NOW = datetime(2026, 11, 25, tzinfo=UTC)
NINE_WIB = datetime(2021, 8, 20, 2, tzinfo=UTC)
MIDNIGHT_WIB = datetime(2021, 8, 19, 17, tzinfo=UTC)


def read(text, timezone="Asia/Jakarta", now=NOW):
    return read_date(text, timezone=timezone, now=now)


@pytest.mark.parametrize(
    "text",
    [
        "Fri, 20 Aug 2021 09:00:00 +0700",
        "20 Aug 2021 02:00:00 GMT",
        "Fri, 20 Aug 2021 02:00 UT",
        "2021-08-20T09:00:00+07:00",
        "2021-08-20T02:00:00Z",
        "2021-08-20 02:00:00.000Z",
        "20210820T020000Z",
        "2021-08-20 09:00:00",
        "Fri, 20 Aug 2021 09:00:00 WIB",
        "Jum, 20 Agustus 2021 09:00 WIB",
        "Jum'at, 20 Agustus 2021 09.00 WIB",
        "Jumat, 20/08/2021 09:00",
        "Jumat, 20 Agu. 2021 | 10.00 WITA",
        "20 AGUSTUS 2021 (11:00 WIT)",
        "20-Agt-2021 pukul 09.00",
        "20.08.2021 09.00",
        "08/20/2021 9:00 AM",
        "August 20th, 2021 9:00 am",
        "Fri Aug 20 09:00:00 2021",
        "Thu Aug 19 18:00:00 PST 2021",
        "Fri, 20 Aug 21 02:00:00 GMT",
        "20 Agustus 2021 09:00 GMT+7",
        "  Fri, 20 Aug 2021 09:00:00 +0700\n",
    ],
)
def test_the_same_moment_in_many_hands(text):
    assert read(text) == (NINE_WIB, DateStatus.OK)


@pytest.mark.parametrize("text", ["20 Agustus 2021", "20/08/2021", "2021-08-20", "20-08-21", "20210820"])
def test_a_date_without_time_is_midnight_of_the_satker(text):
    assert read(text) == (MIDNIGHT_WIB, DateStatus.OK)


@pytest.mark.parametrize(
    ("month", "number"),
    [
        *(("Januari", 1), ("Pebruari", 2), ("Maret", 3), ("Mei", 5), ("Juni", 6), ("Juli", 7), ("Agust", 8)),
        *(("Sept", 9), ("Okt", 10), ("Nopember", 11), ("Des", 12), ("October", 10), ("May", 5)),
    ],
)
def test_month_names_of_both_languages(month, number):
    moment, _ = read(f"Senin, 3 {month} 2022 07:00 WIB")
    assert moment == datetime(2022, number, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timezone", "hour"), [("Asia/Jakarta", 3), ("Asia/Makassar", 2), ("Asia/Jayapura", 1)]
)
def test_a_time_without_zone_is_the_satkers_own(timezone, hour):
    assert read("2021-08-20 10:00:00", timezone) == (datetime(2021, 8, 20, hour, tzinfo=UTC), DateStatus.OK)


def test_a_named_zone_beats_the_satkers_own():
    assert read("20 Agustus 2021 09:00 WIB", "Asia/Jayapura") == (NINE_WIB, DateStatus.OK)


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_no_claim_is_a_missing_date(text):
    assert read(text) == (None, DateStatus.MISSING)


@pytest.mark.parametrize(
    "text",
    [
        "30 Februari 2021",
        "2021-02-30T10:00:00Z",
        "Mon, 30 Feb 2021 10:00:00 GMT",
        "0201-08-20",
        "Wed, 30 Nov -0001 00:00:00 +0000",
        "0000-00-00 00:00:00",
        "Thu, 01 Jan 1970 00:00:00 +0000",
        "2021-08-20T25:00:00Z",
        "2021-08-20T10:61:00Z",
        "kemarin",
        "2 jam yang lalu",
        "2021",
        "20 Smarch 2021",
        "32/13/2021",
    ],
)
def test_a_claim_that_no_calendar_shows_is_impossible(text):
    assert read(text) == (None, DateStatus.IMPOSSIBLE)


def test_a_date_more_than_a_day_ahead_is_kept_as_future():
    assert read("2026-11-26T00:00:01Z") == (NOW + timedelta(days=1, seconds=1), DateStatus.FUTURE)
    assert read("2026-11-26T00:00:00Z") == (NOW + timedelta(days=1), DateStatus.OK)
    assert read("2099-01-01T00:00:00Z")[1] is DateStatus.FUTURE


def test_the_29th_of_february_exists_in_leap_years_only():
    assert read("29 Februari 2024")[1] is DateStatus.OK
    assert read("29 Februari 2023")[1] is DateStatus.IMPOSSIBLE


def test_midnight_may_end_a_day_and_a_second_may_leap():
    assert read("2021-08-20T24:00:00Z")[0] == datetime(2021, 8, 21, tzinfo=UTC)
    assert read("2016-12-31T23:59:60Z")[0] == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


@given(st.integers(800_000_000, 1_767_225_600))
def test_every_rfc_date_is_read_back(seconds):
    moment = datetime.fromtimestamp(seconds, UTC)
    assert read(moment.isoformat())[0] == moment
    assert read(moment.strftime("%a, %d %b %Y %H:%M:%S +0000"))[0] == moment
    assert read(moment.strftime("%d/%m/%Y %H:%M:%S GMT"))[0] == moment


@given(st.text(max_size=80) | st.text("0123456789:/-. +TZagustpmwib", max_size=40))
def test_no_text_breaks_the_reader(text):
    moment, status = read(text)
    assert (moment is None) == (status in (DateStatus.MISSING, DateStatus.IMPOSSIBLE))
    assert moment is None or moment.tzinfo is UTC
