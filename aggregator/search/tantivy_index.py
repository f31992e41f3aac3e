"""The engine for volume: tantivy, given the same analysed words as whoosh.

tantivy has no Indonesian stemmer and takes none from Python, so words arrive analysed, parted by blanks.
Its tokenisers must be registered at every open. It keeps its own commits; the manifest of ours says how
far they go, and a batch that was committed without its manifest is simply done again.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import tantivy
from tantivy import Query

from aggregator.errors import IndexUnavailable
from aggregator.search.documents import Document
from aggregator.search.engine import Found, Question, Reader, has_marks, mapped
from aggregator.search.moments import WIB, read_order
from aggregator.search.results import CLOCK, FACETS
from aggregator.search.tantivy_counts import COLUMNS, Cells, cells, count, fold_bits
from aggregator.search.tantivy_search import Search

HEAP = 64_000_000  # bytes of the writer's memory
THREADS = 1
BLANKS, RAW = "blanks", "raw"
FILES = "tantivy"  # folder of its files within the build


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("entry", indexed=True, fast=True)
    for name in ("order", "released", "folds"):
        builder.add_unsigned_field(name, indexed=False, fast=True)
    for name in ("title", "words"):
        builder.add_text_field(name, tokenizer_name=BLANKS, index_option="position")
    # A form is there once; with its frequency, as tantivy only skips what it knows the frequencies of.
    builder.add_text_field("forms", tokenizer_name=BLANKS, index_option="freq")
    for name in (*FACETS, *CLOCK, "fold"):
        builder.add_text_field(name, tokenizer_name=RAW, index_option="basic")
    for name in COLUMNS:
        builder.add_text_field(name, tokenizer_name=RAW, index_option="basic", fast=True)
    return builder.build()


def _open(path: Path) -> tantivy.Index:
    folder = path / FILES
    if not (folder / "meta.json").exists():
        raise IndexUnavailable(f"there is no index in {path.name}", code="index_torn")
    index = tantivy.Index.open(str(folder))
    blanks = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer(BLANKS, blanks)
    return index


class TantivyEngine:
    def create(self, path: Path) -> dict[str, Any]:
        with mapped():
            (path / FILES).mkdir()
            tantivy.Index(_schema(), path=str(path / FILES), reuse=False)
        return {"opstamp": 0}

    def open_reader(self, path: Path, manifest: dict[str, Any], old: Reader | None) -> TantivyReader:
        with mapped():
            index = old.index if isinstance(old, TantivyReader) and old.path == path else _open(path)
            return TantivyReader(path, index, has_marks(manifest))

    def open_writer(self, path: Path, manifest: dict[str, Any]) -> TantivyWriter:
        with mapped():
            return TantivyWriter(path)


class TantivyWriter:
    """The one writer of an index folder."""

    def __init__(self, path: Path) -> None:
        index = _open(path)
        self.schema = index.schema
        self.writer = index.writer(heap_size=HEAP, num_threads=THREADS)

    def write(self, documents: Sequence[Document], gone: Collection[int]) -> dict[str, Any]:
        replaced = {*gone, *(document.entry_id for document in documents)}
        with mapped():
            # By query: `delete_documents_by_term` takes a Python int for a signed term and deletes nothing.
            self.writer.delete_documents_by_query(Query.term_set_query(self.schema, "entry", list(replaced)))
            for document in documents:
                self.writer.add_document(_fields(document))
            return {"opstamp": self.writer.commit()}

    def sweep(self) -> None:
        with mapped():
            self.writer.garbage_collect_files()

    def close(self) -> None:
        """Give the lock back: it goes with the writer."""
        self.writer.wait_merging_threads()
        del self.writer


def _fields(document: Document) -> tantivy.Document:
    made = tantivy.Document()
    made.add_unsigned("entry", document.entry_id)
    made.add_unsigned("order", document.order)
    made.add_unsigned("released", document.released)
    made.add_text("title", " ".join(document.title))
    made.add_text("words", " ".join(document.words))
    made.add_text("forms", " ".join(document.forms))
    for facet, values in document.facets.items():
        for value in values:
            made.add_text(facet, value)
    for fold in document.folds:
        made.add_text("fold", fold)
    made.add_unsigned("folds", fold_bits(document.folds))
    for column, cell in cells(document):
        made.add_text(column, cell)
    return made


class TantivyReader:
    """One committed state of the index."""

    def __init__(self, path: Path, index: tantivy.Index, has_marks: bool) -> None:
        self.path, self.index, self.has_marks = path, index, has_marks
        index.reload()
        self.searcher = index.searcher()
        self.schema = index.schema

    @property
    def size(self) -> int:
        return int(self.searcher.num_docs)

    @cached_property
    def everything(self) -> dict[str, Cells]:
        """The counts of all posts, made when first asked for."""
        return count(self.searcher, Query.all_query(), COLUMNS)

    @cached_property
    def months(self) -> list[str]:
        """The months of publication, newest first."""
        return sorted((month for month, _posts in self.searcher.terms_with_prefix("bulan", "")), reverse=True)

    def months_to(self, order: int | None) -> list[str]:
        """As far as they may hold posts before this sort key."""
        if order is None:
            return self.months
        last = f"{read_order(order)[0].astimezone(WIB):%Y-%m}"
        return [month for month in self.months if month <= last]

    def search(self, question: Question) -> Found:
        if not self.has_marks:  # nor the columns that are counted now
            question = replace(question, facet_folds={})
        with mapped():
            return Search(self, question).run()

    def terms(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        with mapped():
            found = self.searcher.terms_with_prefix("forms", prefix)
        return heapq.nsmallest(limit, found, key=lambda term: (-term[1], term[0]))

    def frequency(self, stem: str) -> int:
        return int(self.searcher.doc_freq("words", stem))

    def rarity(self, word: str, field: str = "words") -> float:
        """The inverse document frequency of BM25."""
        frequency = int(self.searcher.doc_freq(field, word))
        return math.log(1 + (self.size - frequency + 0.5) / (frequency + 0.5))

    def orders(self) -> dict[int, int]:
        with mapped():
            result = self.searcher.search(Query.all_query(), limit=max(self.size, 1), count=False)
            addresses = [address for _score, address in result.hits]
            entries = self.searcher.fast_field_values("entry", addresses)
            orders = self.searcher.fast_field_values("order", addresses)
        return {int(entry): int(order) for entry, order in zip(entries, orders, strict=True)}  # type: ignore[arg-type]

    def close(self) -> None:
        """Nothing to do: the searcher goes with its last user."""
