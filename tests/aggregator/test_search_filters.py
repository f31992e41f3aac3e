"""From a query string to filters and back."""

from __future__ import annotations

from datetime import date

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import BadParameter, UnknownValue
from aggregator.models import Topic
from aggregator.search import Filters, read_filters
from tests.factories import make_province, make_satker

pytestmark = pytest.mark.django_db


def read(query: str) -> Filters:
    return read_filters(QueryDict(query))


def test_every_parameter_is_read():
    make_province("51", "Bali")
    make_province("94", "Papua")
    make_satker("5171", province=make_province("51", "Bali"))
    Topic.objects.create(slug="logistik", name="Logistik")
    filters = read(
        "q=%20psu%20%20papua&provinsi=bali&provinsi=papua&satker=5171&topik=logistik&tahapan=non"
        "&asal=muat-ulang&bulan=2025-10&hari=1&hari=7&jam=07&jam=7&dari=2025-10-01&sampai=2025-10-31&urut=terlama&semua=1&lain=x"
    )
    assert filters == Filters(
        q="psu papua",
        provinces=("bali", "papua"),
        satker=("5171",),
        topics=("logistik",),
        stages=("non",),
        origin="muat-ulang",
        month="2025-10",
        weekdays=(1, 7),
        hours=(7,),
        date_from=date(2025, 10, 1),
        date_to=date(2025, 10, 31),
        sort="terlama",
        include_all=True,
    )


def test_blank_fields_of_a_form_are_no_filters():
    filters = read("q=&provinsi=&satker=&topik=&tahapan=&asal=&bulan=&hari=&jam=&dari=&sampai=&urut=&semua=")
    assert filters == Filters()
    assert filters.is_empty


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("dari=2025-02-30", "dari"),
        ("sampai=kemarin", "sampai"),
        ("dari=2025-10-31&sampai=2025-10-01", "dari"),
        ("dari=٢٠٢٥-١٠-٠١", "dari"),
        ("bulan=2025-13", "bulan"),
        ("bulan=0000-01", "bulan"),
        ("hari=0", "hari"),
        ("hari=senin", "hari"),
        ("jam=24", "jam"),
        ("jam=٧", "jam"),
        ("urut=acak", "urut"),
        ("asal=entah", "asal"),
        ("semua=ya", "semua"),
        ("q=" + "x" * 501, "q"),
        ("&".join(["satker=1"] * 101), "satker"),
    ],
)
def test_a_bad_value_is_refused_with_a_sentence_that_names_the_parameter(query: str, named: str):
    with pytest.raises(BadParameter) as caught:
        read(query)
    assert caught.value.parameter == named
    assert named in str(caught.value)


@pytest.mark.parametrize(
    "query", ["provinsi=atlantis", "satker=9999", "topik=x", "tahapan=y", "satker=%00", "provinsi=a'b"]
)
def test_an_unknown_code_or_slug_is_told_apart_from_a_bad_value(query: str):
    with pytest.raises(UnknownValue) as caught:
        read(query)
    assert caught.value.parameter == query.split("=")[0]


def test_the_query_string_is_canonical_and_leads_back():
    make_province("51", "Bali")
    filters = read("urut=terbaru&dari=2025-10-01&provinsi=bali&q=psu+%26+pilkada")
    assert filters.query_string() == "q=psu+%26+pilkada&provinsi=bali&dari=2025-10-01&urut=terbaru"
    assert read(filters.query_string()) == filters
    assert filters.query_string(q="", sebelum="t1") == "provinsi=bali&dari=2025-10-01&urut=terbaru&sebelum=t1"


def test_the_title_names_the_filters():
    make_province("94", "Papua")
    filters = read("q=PSU&provinsi=papua&dari=2025-10-01&sampai=2025-10-31")
    assert filters.title() == "PSU – Papua – 1–31 Oktober 2025"
    assert Filters(provinces=("papua",)).title() == "Papua"
    assert Filters(date_from=date(2025, 10, 1)).title() == "sejak 1 Oktober 2025"
    assert (
        Filters(date_from=date(2025, 9, 30), date_to=date(2025, 10, 1)).title()
        == "30 September–1 Oktober 2025"
    )
    assert Filters(month="2025-10", origin="sendiri").title() == "Berita sendiri – Oktober 2025"
    assert Filters(weekdays=(5,), hours=(9,)).title() == "Jumat – pukul 09.00–09.59"
    assert Filters().title() == "Semua berita"


def test_each_chip_leads_to_the_address_without_it():
    make_province("51", "Bali")
    make_province("94", "Papua")
    chips = read("q=psu&provinsi=bali&provinsi=papua&tahapan=non&sampai=2025-10-31").chips()
    assert [(chip.label, chip.query_string) for chip in chips] == [
        ("psu", "provinsi=bali&provinsi=papua&tahapan=non&sampai=2025-10-31"),
        ("Bali", "q=psu&provinsi=papua&tahapan=non&sampai=2025-10-31"),
        ("Papua", "q=psu&provinsi=bali&tahapan=non&sampai=2025-10-31"),
        ("Di luar tahapan", "q=psu&provinsi=bali&provinsi=papua&sampai=2025-10-31"),
        ("sampai 31 Oktober 2025", "q=psu&provinsi=bali&provinsi=papua&tahapan=non"),
    ]


def test_weekdays_and_hours_are_chips_of_their_own():
    chips = Filters(weekdays=(1, 2), hours=(9,)).chips()
    assert [(chip.label, chip.query_string) for chip in chips] == [
        ("Senin", "hari=2&jam=9"),
        ("Selasa", "hari=1&jam=9"),
        ("pukul 09.00–09.59", "hari=1&hari=2"),
    ]


def test_the_order_is_by_relevance_with_words_and_by_date_without():
    assert [Filters().order, Filters(q="x").order, Filters(sort="relevan").order] == [
        "terbaru",
        "relevan",
        "terbaru",
    ]


def test_reading_filters_asks_the_database_once_for_each_kind(django_assert_num_queries):
    make_province("51", "Bali")
    make_satker("5171", province=make_province("51", "Bali"))
    with django_assert_num_queries(2):
        filters = read("provinsi=bali&satker=5171&q=psu")
        filters.chips()


NAMES = ("q", "hari", "jam", "dari", "sampai", "bulan", "urut", "asal", "semua", "satker", "tahapan")


@given(st.dictionaries(st.sampled_from(NAMES), st.text()))
def test_nothing_else_is_ever_raised(values: dict[str, str]):
    params = QueryDict(mutable=True)
    params.update(values)
    try:
        filters = read_filters(params)
    except (BadParameter, UnknownValue):
        return
    assert read_filters(QueryDict(filters.query_string())) == filters
