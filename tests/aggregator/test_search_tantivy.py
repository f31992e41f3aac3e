"""What tantivy is spared, and that it finds the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from aggregator.models import EntryTopic, Topic
from aggregator.search import Filters, follow, search
from aggregator.search.ask import opened
from aggregator.search.documents import FOLDS
from aggregator.search.engine import Question
from aggregator.search.query import All, Best, Node, Phrase, Word
from aggregator.search.results import FACETS
from aggregator.search.tantivy_counts import COLUMNS, count
from aggregator.search.tantivy_index import TantivyReader
from aggregator.search.tantivy_queries import joined
from aggregator.search.tantivy_search import Search
from tests.factories import make_entry, make_province, make_satker

pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
RAPAT, BRIDGE = Word("rapat", "rapat"), Word("jembatan", "jembatan")
UMUM = Phrase((("komisi", "komisi"), ("pemilihan", "pilih"), ("umum", "umum")))


@pytest.fixture
def reader(settings) -> TantivyReader:
    settings.SEARCH_ENGINE = "tantivy"
    bali = make_province("51", "Bali")
    for number in range(9):
        satker = make_satker(province=bali) if number % 2 else make_satker()
        words = ("rapat", "rapat jembatan", "komisi pemilihan umum rapat", "lomba")[number % 4]
        make_entry(f"Berita {words}", satker=satker, origin="own" if number % 3 else "central")
    follow(once=True)
    found = opened().reader
    assert isinstance(found, TantivyReader)
    return found


@pytest.mark.parametrize("tree", [RAPAT, BRIDGE, Best((RAPAT, UMUM)), Best((BRIDGE, UMUM)), None])
def test_counting_what_lacks_a_common_word_gives_the_counts_of_what_has_it(reader, tree: Node | None):
    folds = {facet: {"": FOLDS[0]} for facet in FACETS}
    search = Search(reader, Question(tree, {}, FOLDS[0], facet_folds=folds))
    words = search.words()
    plain = count(reader.searcher, search.queries.query(tree, scored=False), COLUMNS) if tree else None
    if plain is not None:
        counted = search.counts(words, list(COLUMNS))
        assert {column: sorted(cells) for column, cells in counted.items()} == {
            column: sorted(cells) for column, cells in plain.items()
        }
    facets, total = search.facets(words, {})
    assert total == {RAPAT: 7, BRIDGE: 2, Best((RAPAT, UMUM)): 7, Best((BRIDGE, UMUM)): 4, None: 9}[tree]
    assert sum(facets["provinsi"].values()) == total


TREES = [
    All((Best((RAPAT, UMUM)), BRIDGE)),
    All((Best((RAPAT, BRIDGE)), Best((UMUM, RAPAT)))),
    All((*[Best((RAPAT, BRIDGE, UMUM))] * 3, RAPAT)),
]


@pytest.mark.parametrize("tree", TREES, ids=["one", "two", "too many to part"])
@pytest.mark.parametrize("narrow", [{}, {"provinsi": ("bali",)}], ids=["free", "narrowed"])
def test_asking_for_each_way_to_say_it_gives_the_hits_of_all_ways_at_once(reader, tree: All, narrow):
    for fold in ("", FOLDS[0]):
        parted = Search(reader, Question(tree, narrow, fold, sort="relevan"))
        within = [parted.queries.any_of(facet, values) for facet, values in narrow.items()]
        at_once = parted.by_score(joined(parted.queries.query(tree), within), 20)[0]
        hits = parted.best(tree, within)
        assert hits
        assert [(order, entry) for _score, order, entry in hits] == [hit[1:] for hit in at_once]
        assert [hit[0] for hit in hits] == pytest.approx([hit[0] for hit in at_once], rel=1e-4)


@pytest.mark.parametrize(("texts", "is_sure"), [(60, True), (0, False)], ids=["common", "in few posts"])
def test_the_best_of_a_common_word_are_found_among_the_titles_that_have_it(settings, texts: int, is_sure):
    settings.SEARCH_ENGINE = "tantivy"
    for number in range(25):
        make_entry(f"Lomba desa {'tepi ' * (number if texts else 40)}", text="Lomba")
    make_entry("Sungai", text="lomba " * 40)
    for number in range(texts):
        make_entry("Sungai", text="lomba " * (number % 4 + 1))
    for _number in range(6 if texts else 60):
        make_entry("Gunung")
    follow(once=True)
    reader = opened().reader
    assert isinstance(reader, TantivyReader)
    asked = Search(reader, Question(Word("lomba", "lomba"), {}, FOLDS[0], sort="relevan", limit=2))
    found = asked.best_in_titles(Word("lomba", "lomba"))
    assert bool(found) == is_sure
    plain, _is_whole = asked.by_score(asked.queries.query(Word("lomba", "lomba")), 20)
    assert asked.best(Word("lomba", "lomba"), [])[:2] == plain[:2]


def test_a_post_of_several_topics_is_counted_once_among_own_posts_and_reposts(reader):
    entry = make_entry("Sungai", origin="own")
    for slug in ("air", "banjir", "sungai"):
        EntryTopic.objects.create(entry=entry, topic=Topic.objects.create(slug=slug, name=slug))
    make_entry("Sungai", origin="central")
    follow(once=True)
    facets = search(Filters(q="sungai")).facets
    assert [(one.value, one.count) for one in facets["asal"]] == [("sendiri", 1), ("muat-ulang", 1)]
    assert [(one.value, one.count) for one in facets["topik"]] == [("air", 1), ("banjir", 1), ("sungai", 1)]


def test_an_index_of_the_release_before_is_searched_without_counting_what_it_may_not_have(reader):
    by_now = search(Filters(q="rapat", provinces=("bali",)))
    reader.has_marks = False
    before = search(Filters(q="rapat", provinces=("bali",)))
    assert (before.entry_ids, before.total, before.degraded) == (by_now.entry_ids, by_now.total, False)
    assert not any(before.facets.values())


def test_newest_first_goes_on_past_the_newest_months(reader):
    newest = datetime(2025, 11, 3, tzinfo=UTC)
    dated = [make_entry("Sungai", published_at=newest - timedelta(days=9 * number)) for number in range(14)]
    follow(once=True)
    found, anchor = [], ""
    for _page in range(5):
        results = search(Filters(q="sungai", sort="terbaru"), size=3, anchor=anchor)
        found += results.entry_ids
        anchor = results.next_anchor or ""
    assert found == [entry.pk for entry in dated]
    assert search(Filters(q="sungai", sort="terbaru"), size=20).entry_ids == found
