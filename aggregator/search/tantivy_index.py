"""The engine for volume: tantivy, given the same analysed words as whoosh.

tantivy has no Indonesian stemmer and takes none from Python, so words arrive analysed, parted by blanks.
Its tokenisers must be registered at every open. It keeps its own commits; the manifest of ours says how
far they go, and a batch that was committed without its manifest is simply done again.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tantivy
from tantivy import Occur, Query

from aggregator.errors import IndexUnavailable
from aggregator.search.documents import Document
from aggregator.search.engine import (
    FORM_WEIGHT,
    MOST_EXPANSIONS,
    TITLE_WEIGHT,
    Found,
    Question,
    Reader,
    mapped,
)
from aggregator.search.moments import order_span
from aggregator.search.query import All, Best, Days, In, Node, Not, Phrase, Prefix, Some, Unscored, Word
from aggregator.search.results import FACETS

HEAP = 64_000_000  # bytes of the writer's memory
THREADS = 1
BLANKS, RAW = "blanks", "raw"
MOST_VALUES = 1000  # of one facet
FILES = "tantivy"  # folder of its files within the build
LARGEST = 2**63


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("entry", indexed=True, fast=True)
    for name in ("order", "released"):
        builder.add_unsigned_field(name, indexed=False, fast=True)
    for name in ("title", "words"):
        builder.add_text_field(name, tokenizer_name=BLANKS, index_option="position")
    builder.add_text_field("forms", tokenizer_name=BLANKS, index_option="basic")
    for name in FACETS:
        builder.add_text_field(name, tokenizer_name=RAW, index_option="basic", fast=True)
    builder.add_text_field("fold", tokenizer_name=RAW, index_option="basic")
    return builder.build()


def _open(path: Path) -> tantivy.Index:
    folder = path / FILES
    if not (folder / "meta.json").exists():
        raise IndexUnavailable(f"there is no index in {path.name}", code="index_torn")
    index = tantivy.Index(_schema(), path=str(folder), reuse=True)
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
            if isinstance(old, TantivyReader) and old.path == path:
                return TantivyReader(path, old.index)
            return TantivyReader(path, _open(path))

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
    return made


class TantivyReader:
    """One committed state of the index."""

    def __init__(self, path: Path, index: tantivy.Index) -> None:
        self.path, self.index = path, index
        index.reload()
        self.searcher = index.searcher()
        self.schema = index.schema

    @property
    def size(self) -> int:
        return int(self.searcher.num_docs)

    def search(self, question: Question) -> Found:
        with mapped():
            return _Search(self, question).run()

    def terms(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        with mapped():
            found = self.searcher.terms_with_prefix("forms", prefix)
        return heapq.nsmallest(limit, found, key=lambda term: (-term[1], term[0]))

    def frequency(self, stem: str) -> int:
        return int(self.searcher.doc_freq("words", stem))

    def orders(self) -> dict[int, int]:
        with mapped():
            result = self.searcher.search(Query.all_query(), limit=max(self.size, 1), count=False)
            addresses = [address for _score, address in result.hits]
            entries = self.searcher.fast_field_values("entry", addresses)
            orders = self.searcher.fast_field_values("order", addresses)
        return {int(entry): int(order) for entry, order in zip(entries, orders, strict=True)}  # type: ignore[arg-type]

    def close(self) -> None:
        """Nothing to do: the searcher goes with its last user."""


class _Search:
    """One question as tantivy's queries."""

    def __init__(self, reader: TantivyReader, question: Question) -> None:
        self.reader, self.question = reader, question
        self.searcher, self.schema = reader.searcher, reader.schema

    def run(self) -> Found:
        question = self.question
        base = self.base()
        narrowed = {facet: self.any_of(facet, values) for facet, values in question.narrow.items()}
        everything = self.joined(base, *narrowed.values(), *self.folded(question.fold))
        result: Any = self.searcher.search(everything, limit=1, count=True)
        hits = self.hits(everything) if result.count else []
        return Found(hits, int(result.count or 0), self.facets(base, narrowed))

    def base(self) -> list[Query]:
        """The words and the dates."""
        question = self.question
        parts = [self.query(question.tree)] if question.tree is not None else []
        if question.first is not None or question.until is not None:
            parts.append(self.between("order", question.first, question.until))
        return parts

    def hits(self, everything: Query) -> list[tuple[int, float]]:
        question = self.question
        sort_by = "released" if question.sort == "dilepas" else "order"
        parts = [everything]
        if question.beyond is not None:
            oldest_first = question.sort == "terlama"
            first, until = (question.beyond + 1, None) if oldest_first else (None, question.beyond)
            parts.append(self.between(sort_by, first, until))
        if question.known is not None:
            parts.append(self.between("released", None, question.known + 1))
        query = self.joined(parts)
        if question.sort == "relevan" and question.tree is not None:
            return self.by_score(query)
        order = tantivy.Order.Asc if question.sort == "terlama" else tantivy.Order.Desc
        result = self.searcher.search(
            query, limit=question.limit, count=False, order_by_field=sort_by, order=order
        )
        entries = self.searcher.fast_field_values("entry", [address for _key, address in result.hits])
        return [(int(entry or 0), key) for (key, _address), entry in zip(result.hits, entries, strict=True)]

    def by_score(self, query: Query) -> list[tuple[int, float]]:
        result = self.searcher.search(query, limit=self.question.limit, count=False)
        addresses = [address for _score, address in result.hits]
        entries = self.searcher.fast_field_values("entry", addresses)
        orders = self.searcher.fast_field_values("order", addresses)
        rows = zip(result.hits, entries, orders, strict=True)
        ranked = sorted(
            ((score, order or 0, int(entry or 0)) for (score, _at), entry, order in rows), reverse=True
        )
        return [(entry, score) for score, _order, entry in ranked]

    def facets(self, base: list[Query], narrowed: Mapping[str, Query]) -> dict[str, dict[str, int]]:
        """Counts of all facets: those that share what they are counted over in one pass."""
        passes: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for facet, folds in self.question.facet_folds.items():
            own = facet if facet in narrowed else ""
            for value, fold in folds.items():
                passes.setdefault((own, fold), []).append((facet, value))
        found: dict[str, dict[str, int]] = {facet: {} for facet in self.question.facet_folds}
        for (own, fold), wanted in passes.items():
            others = [query for facet, query in narrowed.items() if facet != own]
            counts = self.counts(
                self.joined(base, *others, *self.folded(fold)), {facet for facet, _v in wanted}
            )
            for facet, value in wanted:
                named = set(self.question.facet_folds[facet]) - {""}  # counted in a pass of their own
                found[facet].update(
                    (key, count)
                    for key, count in counts[facet].items()
                    if (key == value if value else key not in named)
                )
        return found

    def counts(self, query: Query, facets: Collection[str]) -> dict[str, dict[str, int]]:
        asked = {facet: {"terms": {"field": facet, "size": MOST_VALUES}} for facet in facets}
        answer = self.searcher.aggregate(query, asked)
        return {
            facet: {bucket["key"]: int(bucket["doc_count"]) for bucket in answer[facet]["buckets"]}
            for facet in facets
        }

    def joined(self, *parts: Query | Iterable[Query]) -> Query:
        flat: list[Query] = []
        for part in parts:
            flat.extend([part] if isinstance(part, Query) else part)
        if len(flat) == 1:
            return flat[0]
        return Query.boolean_query([(Occur.Must, part) for part in flat]) if flat else Query.all_query()

    def folded(self, fold: str) -> list[Query]:
        return [self.unscored(Query.term_query(self.schema, "fold", fold))] if fold else []

    def any_of(self, facet: str, values: Sequence[str]) -> Query:
        return self.unscored(Query.term_set_query(self.schema, facet, list(values)))

    def between(self, column: str, first: int | None, until: int | None) -> Query:
        return self.unscored(
            Query.range_query(
                self.schema,
                column,
                tantivy.FieldType.Unsigned,
                lower_bound=first or 0,
                upper_bound=min(LARGEST if until is None else until, LARGEST),
                include_upper=False,
            )
        )

    @staticmethod
    def unscored(query: Query) -> Query:
        return Query.const_score_query(query, 0.0)

    def query(self, node: Node) -> Query:
        match node:
            case Word():
                return self.word(node)
            case Phrase(stems=stems, in_title=in_title, weight=weight):
                field = "title" if in_title else "words"
                return Query.boost_query(Query.phrase_query(self.schema, field, list(stems)), weight)
            case Prefix(form=form):
                words = [word for word, _count in self.reader.terms(form, MOST_EXPANSIONS)]
                if not words:
                    return Query.empty_query()
                return Query.const_score_query(Query.term_set_query(self.schema, "forms", words), 1.0)
            case In(facet=facet, values=values):
                return self.any_of(facet, values)
            case Days(first=first, last=last):
                return self.between("order", *order_span(first, last))
            case Unscored(item=item):
                return self.unscored(self.query(item))
            case Not(item=item):
                everything = self.unscored(Query.all_query())
                return Query.boolean_query([(Occur.Must, everything), (Occur.MustNot, self.query(item))])
            case All(items=items):
                return self.joined(self.query(item) for item in items)
            case Some(items=items, count=count):
                parts = [(Occur.Should, self.query(item)) for item in items]
                if count < 1:
                    parts.append((Occur.Must, self.unscored(Query.all_query())))
                    return Query.boolean_query(parts)
                return Query.boolean_query(parts, minimum_number_should_match=count)
            case Best(items=items):
                return Query.disjunction_max_query([self.query(item) for item in items])

    def word(self, word: Word) -> Query:
        """The stem must be there; standing in the title and the very form add to the score."""
        title = self.term("title", word.stem, word.weight * TITLE_WEIGHT)
        parts = [(Occur.Must, title)]
        if not word.in_title:
            parts = [(Occur.Must, self.term("words", word.stem, word.weight)), (Occur.Should, title)]
        if word.form != word.stem:
            parts.append((Occur.Should, self.term("forms", word.form, word.weight * FORM_WEIGHT)))
        return Query.boolean_query(parts)

    def term(self, field: str, word: str, weight: float) -> Query:
        return Query.boost_query(Query.term_query(self.schema, field, word, index_option="freq"), weight)
