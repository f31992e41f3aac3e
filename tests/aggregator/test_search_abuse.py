"""Every question is answered within two seconds, with results or with a sentence."""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import override_settings

from aggregator.errors import BadParameter
from aggregator.search import Filters, follow, search
from aggregator.search.ask import opened
from aggregator.search.engine import Question
from aggregator.search.names import resolve
from aggregator.search.query import parse
from tests.factories import make_entry, make_feed

pytestmark = pytest.mark.django_db
ask = sys.modules["aggregator.search.ask"]


@pytest.fixture(scope="module", params=["whoosh", "tantivy"])
def indexed(request, module_db, tmp_path_factory) -> Iterator[dict[str, object]]:
    """An index that no test changes."""
    place = {"SEARCH_ENGINE": request.param, "INDEX_DIR": tmp_path_factory.mktemp("index")}
    with transaction.atomic():
        feed = make_feed()
        for number in range(60):
            make_entry(f"Rapat pleno ke-{number}", feed=feed, text="KPU adakan rapat pleno rutin. " * 30)
        with override_settings(**place):
            follow(once=True)
        yield place
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _there(indexed, settings) -> None:
    for name, value in indexed.items():
        setattr(settings, name, value)


QUESTIONS = [
    "*a*",
    "a*",
    "ra* pl* ru* ad* kp*",
    "x" * 500,
    "(" * 500,
    "-" * 499 + "a",
    "(a OR b) " * 50,
    '"rapat pleno rutin rapat pleno rutin rapat pleno rutin rapat pleno rutin"',
    '"' + "rapat " * 80 + '"',
    " ".join(f"kata{number}" for number in range(60)),
    "rapat\0pleno",
    "\u202erapat\u2066 pleno\u2069",
    "\ud800rapat",
    "rapat" + "\u0301" * 400,
    "-rapat",
    "-(rapat OR pleno)",
    "OR OR OR",
    "judul:judul:judul:rapat",
    "provinsi:" + "y" * 400,
    "dari:9999-12-31 sampai:0001-01-01 rapat",
    "🗳️ rapat",
    "'; DROP TABLE entry; --",
    "entry:[0 TO 99] +rapat~2^9",
]


@pytest.mark.parametrize("q", QUESTIONS, ids=lambda q: repr(q[:16]))
def test_odd_questions_are_answered_soon(q: str):
    started = time.process_time()
    results = search(Filters(q=q))
    assert time.process_time() - started < 2.0
    assert not results.degraded
    assert len(results.entry_ids) <= 20


@pytest.mark.parametrize("q", ["x" * 50_000, "(" * 2000, "kata " * 10_000])
def test_questions_beyond_all_measure_are_refused_with_a_sentence(q: str):
    with pytest.raises(BadParameter, match="terlalu panjang"):
        search(Filters(q=q))


@pytest.mark.parametrize(
    "anchor", ["x", "t", "t-1", "t" + "9" * 19, "r1", "r1-2-" + "z" * 999, "t1\0", "r9-1-a..b", "\ud800"]
)
def test_anchors_of_strangers_are_refused_or_harmless(anchor: str):
    try:
        search(Filters(q="rapat"), anchor=anchor)
    except BadParameter as error:
        assert error.parameter == "sebelum"


def test_a_question_out_of_time_gives_what_there_is_and_says_so():
    question = Question(
        parse("rapat pleno", resolve).tree,
        {},
        "nation",
        {"satker": {"": "satker"}},
        sort="relevan",
        deadline=time.monotonic() - 1,
    )
    found = opened().reader.search(question)
    assert found.is_partial
    assert found.facets.get("satker", {}) == {}


def test_an_answer_out_of_time_is_told_to_the_reader(monkeypatch):
    monkeypatch.setattr(ask, "LONGEST", -1.0)
    results = search(Filters(q="rapat"))
    assert results.is_partial
    assert not results.total_is_exact
    assert any("sebagian" in note for note in results.notes)


def test_thousands_of_questions_leave_no_memory_behind():
    def burst(words: str) -> None:
        for number in range(150):
            search(Filters(q=f"{words}{number} (a OR b{number}*) -{'x' * 300}"), facets=False)

    burst("satu")
    tracemalloc.start()
    try:
        burst("dua")
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        burst("tiga")
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 1_000_000  # bytes; bounded caches of words take a little


def test_deep_pages_stay_quick():
    started = time.process_time()
    anchor, pages = "", 0
    while anchor is not None and pages < 30:
        anchor, pages = search(Filters(q="rapat"), size=5, anchor=anchor).next_anchor, pages + 1
    assert pages == 12
    assert (time.process_time() - started) / pages < 2.0
