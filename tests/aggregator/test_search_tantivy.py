"""What tantivy is spared, and that it finds the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from aggregator.search import Filters, follow, search
from aggregator.search.ask import opened
from aggregator.search.documents import FOLDS
from aggregator.search.engine import Question
from aggregator.search.query import Best, Node, Phrase, Word
from aggregator.search.results import FACETS
from aggregator.search.tantivy_counts import COLUMNS, count
from aggregator.search.tantivy_index import TantivyReader
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
