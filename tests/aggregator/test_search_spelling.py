"""Slips of the pen, and what is offered while typing."""

from __future__ import annotations

import time

import pytest
from django.db import connection

from aggregator.models import Topic
from aggregator.search import Filters, follow, search, suggest
from aggregator.search.spelling import distance
from tests.factories import make_entry, make_feed, make_satker

pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")


@pytest.fixture(params=["whoosh", "tantivy"])
def engine(request, settings) -> str:
    settings.SEARCH_ENGINE = request.param
    return request.param


@pytest.mark.parametrize(
    "typed", ["rekapitulsi", "rekaptulasi", "erkapitulasi", "rekapitualsi", "rekkapitulasi"]
)
def test_a_slip_is_corrected_and_it_is_said(engine: str, typed: str):
    entry = make_entry("Rapat rekapitulasi")
    follow(once=True)
    results = search(Filters(q=f"rapat {typed}"))
    assert results.entry_ids == [entry.pk]
    assert results.did_you_mean == "rapat rekapitulasi"
    assert results.read_as == "rapat rekapitulasi"
    assert any(typed in note for note in results.notes)


def test_a_swapped_abbreviation_is_corrected(engine: str):
    entry = make_entry("Pleno PDPB Sumbar")
    follow(once=True)
    assert search(Filters(q="pdbp sumbar")).entry_ids == [entry.pk]


def test_a_word_that_is_only_rare_is_left_alone_but_the_frequent_one_is_offered(engine: str):
    feed = make_feed()
    rare = make_entry("Rapat logistk", feed=feed)
    for number in range(100):
        make_entry(f"Gudang logistik {number}", feed=feed)
    follow(once=True)
    results = search(Filters(q="logistk"))
    assert results.entry_ids[0] == rare.pk
    assert results.did_you_mean == "logistik"


def test_nothing_is_offered_for_what_is_right_or_far_from_everything(engine: str):
    make_entry("Rapat rekapitulasi")
    follow(once=True)
    assert search(Filters(q="rapat")).did_you_mean == ""
    results = search(Filters(q="qwertyuiop"))
    assert (results.total, results.did_you_mean) == (0, "")


@pytest.mark.parametrize(
    ("first", "second", "slips"),
    [("pdbp", "pdpb", 1), ("abc", "abc", 0), ("", "ab", 2), ("rapat", "rpaat", 1), ("kitten", "sitting", 3)],
)
def test_the_distance_counts_slips(first: str, second: str, slips: int):
    assert distance(first, second, 3) == distance(second, first, 3) == slips
    assert distance(first, second, slips) == slips


def test_words_are_completed_only_where_something_is_found(engine: str):
    make_entry("Distribusi logistik pilkada")
    make_entry("Pilpres dimulai")
    follow(once=True)
    assert suggest("logis") == ["logistik"]
    assert suggest("distribusi pil") == ["distribusi pilkada"]
    assert suggest("distribusi pilp") == []


def test_names_and_terms_are_offered_without_an_index():
    make_satker("5201", name="KPU Kabupaten Lombok Barat")
    Topic.objects.create(slug="logistik", name="Logistik")
    assert suggest("lomb")[0] == "KPU Kabupaten Lombok Barat"
    assert suggest("kpu lomb") == ["KPU Kabupaten Lombok Barat"]
    assert suggest("logi") == ["Logistik"]
    assert "pemungutan suara ulang" in suggest("pemungutan suara ul")
    assert suggest("x") == []


def test_suggestions_come_at_once(engine: str):
    feed = make_feed()
    for number in range(300):
        make_entry(f"Rapat pleno pemilu nomor{number}", feed=feed)
    follow(once=True)
    suggest("rapat no")
    started = time.process_time()
    for _round in range(10):
        assert suggest("rapat no")
    assert (time.process_time() - started) / 10 < 0.1
