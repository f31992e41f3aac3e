"""Marks of phrases: quicker, and never another answer than the words give."""

from __future__ import annotations

import random

import pytest
from django.db import connection

from aggregator.search import Filters, follow, search
from aggregator.search.ask import opened
from aggregator.search.engine import Question
from aggregator.search.phrases import COMMON, known, marks, marks_of
from aggregator.search.query import parse
from aggregator.search.synonyms import expand
from aggregator.search.tantivy_index import TantivyReader
from aggregator.search.tantivy_search import Search
from tests.factories import make_entry

pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
WORDS = (
    *(
        "rapat",
        "pleno",
        "terbuka",
        "daftar",
        "pemilih",
        "berkelanjutan",
        "komisi",
        "pemilihan",
        "umum",
        "kpu",
    ),
    *("komisi", "pemilihan", "umum", "kpu", "sungai", "jembatan"),
)
QUESTIONS = (
    *('"rapat pleno"', '"pleno rapat"', '"daftar pemilih berkelanjutan"', '"rapat pleno terbuka"', "kpu"),
    *('"komisi pemilihan umum"', '"sungai jembatan"', '"jembatan rapat pleno"', "kpu rapat", '"rapat rapat"'),
    *('"rapat pleno" OR jembatan', '-"rapat pleno" sungai', 'sungai "daftar pemilih"'),
)


@pytest.fixture(params=["whoosh", "tantivy"])
def engine(request, settings) -> str:
    settings.SEARCH_ENGINE = request.param
    return request.param


@pytest.fixture
def posts(engine) -> None:
    chance = random.Random(7)
    for number in range(60):
        make_entry(f"Berita {number}", text=" ".join(chance.choices(WORDS, k=chance.randint(6, 40))))
    follow(once=True)


def test_marks_are_phrases_of_common_words_and_known_ones():
    stems = ["kpu", "komisi", "pilih", "umum", "hadir", "lombok", "barat", "¶", "rapat", "pleno"]
    assert sorted(marks(stems)) == sorted(
        [
            "kpu_komisi",
            "komisi_pilih",
            "komisi_pilih_umum",
            "pilih_umum",
            "umum_hadir",
            "lombok_barat",
            "rapat_pleno",
        ]
    )


def test_a_mark_is_told_to_be_the_whole_phrase_or_part_of_it():
    assert {"rapat", "pleno", "daftar", "pilih"} <= COMMON
    assert ("komisi", "pilih", "umum") in known()
    assert marks_of(["rapat", "pleno"]) == (["rapat_pleno"], True)
    assert marks_of(["komisi", "pilih", "umum"]) == (["komisi_pilih_umum"], True)
    assert marks_of(["rapat", "pleno", "sungai"]) == (["rapat_pleno"], False)
    assert marks_of(["sungai", "jembatan"]) == ([], False)


@pytest.mark.usefixtures("posts")
def test_an_answer_by_marks_is_the_answer_by_words():
    def answers() -> list[tuple[list[int], int]]:
        found = [search(Filters(q=q, sort=sort)) for q in QUESTIONS for sort in ("relevan", "terbaru")]
        return [(results.entry_ids, results.total) for results in found]

    by_marks = answers()
    opened().reader.has_marks = False  # type: ignore[attr-defined]
    assert answers() == by_marks
    assert sum(total for _ids, total in by_marks) > 100


@pytest.mark.usefixtures("posts")
@pytest.mark.parametrize("engine", ["tantivy"], indirect=True)
def test_the_best_of_several_ways_asked_one_by_one_are_those_of_all_at_once():
    reader = opened().reader
    assert isinstance(reader, TantivyReader)
    for q in ("kpu", "komisi pemilihan umum", "rapat", "sungai OR jembatan"):
        tree = expand(parse(q, lambda _field, _value: None).tree)
        assert tree is not None
        asked = Search(reader, Question(tree, {}, "", sort="relevan", limit=12))
        one_by_one = asked.best(tree, [])
        at_once, _whole = asked.by_score(asked.queries.query(tree), 1000)
        expected = at_once[:12]
        assert [hit[1:] for hit in one_by_one] == [hit[1:] for hit in expected], q
        assert [hit[0] for hit in one_by_one] == pytest.approx([hit[0] for hit in expected])
