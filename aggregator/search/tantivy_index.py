"""The engine for volume: tantivy, given the same analysed words as whoosh.

tantivy has no Indonesian stemmer and takes none from Python, so words arrive analysed, parted by blanks.
Counting is what costs on a million posts: see tantivy_counts.
Its tokenisers must be registered at every open. It keeps its own commits; the manifest of ours says how
far they go, and a batch that was committed without its manifest is simply done again.
"""

from __future__ import annotations

import heapq
import time
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
from aggregator.search.query import All, Best, Days, Flat, In, Node, Not, Phrase, Prefix, Some, Word
from aggregator.search.results import CLOCK, FACETS
from aggregator.search.tantivy_counts import (
    COLUMNS,
    Cells,
    asked,
    cells,
    columns_of,
    fold_bit,
    fold_bits,
    sums,
    total,
)

HEAP = 64_000_000  # bytes of the writer's memory
THREADS = 1
BLANKS, RAW = "blanks", "raw"
SPARE = 20  # hits beyond twice a page for those that fold or come too late
FILES = "tantivy"  # folder of its files within the build
LARGEST = 2**63


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("entry", indexed=True, fast=True)
    for name in ("order", "released", "folds"):
        builder.add_unsigned_field(name, indexed=False, fast=True)
    for name in ("title", "words"):
        builder.add_text_field(name, tokenizer_name=BLANKS, index_option="position")
    builder.add_text_field("forms", tokenizer_name=BLANKS, index_option="basic")
    for name in (*FACETS, *CLOCK, "fold"):
        builder.add_text_field(name, tokenizer_name=RAW, index_option="basic")
    for name in COLUMNS:
        builder.add_text_field(name, tokenizer_name=RAW, index_option="basic", fast=True)
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
    made.add_unsigned("folds", fold_bits(document))
    for column, cell in cells(document):
        made.add_text(column, cell)
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
        narrowed = {facet: self.any_of(facet, values) for facet, values in question.narrow.items()}
        hits = self.hits([*self.base(), *narrowed.values()])
        if time.monotonic() > question.deadline:  # the posts are there; what is not counted is not claimed
            return Found(hits, len(hits), {}, is_partial=True)
        if question.facet_folds:
            facets, total = self.facets(self.base(scored=False), narrowed)
            return Found(hits, total, facets)
        everything = self.joined(self.base(scored=False), *narrowed.values(), *self.folded(question.fold))
        counted: Any = self.searcher.search(everything, limit=1, count=True)
        return Found(hits, int(counted.count or 0), {})

    def base(self, *, scored: bool = True) -> list[Query]:
        """The words and the dates; to be counted only, the words without what adds to a score."""
        question = self.question
        parts = [self.query(question.tree, scored)] if question.tree is not None else []
        if question.first is not None or question.until is not None:
            parts.append(self.between("order", question.first, question.until))
        return parts

    def hits(self, parts: list[Query]) -> list[tuple[int, float]]:
        question = self.question
        if question.sort == "relevan" and question.tree is not None:
            return self.best(parts)
        sort_by = "released" if question.sort == "dilepas" else "order"
        parts = [*parts, *self.folded(question.fold)]
        if question.beyond is not None:
            oldest_first = question.sort == "terlama"
            first, until = (question.beyond + 1, None) if oldest_first else (None, question.beyond)
            parts.append(self.between(sort_by, first, until))
        if question.known is not None:
            parts.append(self.between("released", None, question.known + 1))
        order = tantivy.Order.Asc if question.sort == "terlama" else tantivy.Order.Desc
        result = self.searcher.search(
            self.joined(parts), limit=question.limit, count=False, order_by_field=sort_by, order=order
        )
        entries = self.searcher.fast_field_values("entry", [address for _key, address in result.hits])
        return [(int(entry or 0), key) for (key, _address), entry in zip(result.hits, entries, strict=True)]

    def best(self, parts: list[Query]) -> list[tuple[int, float]]:
        """The hits with the highest scores. A lone union of words is left alone in its query, because only
        then tantivy skips what cannot be among the best; folds and late posts are sorted out afterwards."""
        question = self.question
        if len(parts) == 1:
            found, is_whole = self.by_score(parts[0], question.limit * 2 + SPARE)
            if is_whole or len(found) >= question.limit:
                return found[: question.limit]
        parts = [*parts, *self.folded(question.fold)]
        if question.known is not None:
            parts.append(self.between("released", None, question.known + 1))
        return self.by_score(self.joined(parts), question.limit)[0]

    def by_score(self, query: Query, limit: int) -> tuple[list[tuple[int, float]], bool]:
        """Of the first `limit` hits those of the fold and known then, and whether these are all there are."""
        question = self.question
        result = self.searcher.search(query, limit=limit, count=False)
        addresses = [address for _score, address in result.hits]
        columns = ("entry", "order", "released", "folds")
        entries, orders, released, folds = (
            self.searcher.fast_field_values(column, addresses) for column in columns
        )
        fold = fold_bit(question.fold)
        known = LARGEST if question.known is None else question.known
        ranked = [
            (score, int(order or 0), int(entry or 0))
            for (score, _at), entry, order, at, bits in zip(
                result.hits, entries, orders, released, folds, strict=True
            )
            if int(at or 0) <= known and int(bits or 0) & fold
        ]
        ranked.sort(reverse=True)
        return [(entry, score) for score, _order, entry in ranked], len(addresses) < limit

    def facets(
        self, base: list[Query], narrowed: Mapping[str, Query]
    ) -> tuple[dict[str, dict[str, int]], int]:
        """The counts of all facets and the number of hits: one pass for all facets that are not narrowed,
        one for each that is, its own filter left aside."""
        wanted = self.question.facet_folds
        free = {facet: folds for facet, folds in wanted.items() if facet not in narrowed}
        counted = self.counts(self.joined(base, *narrowed.values()), columns_of(free) | {"place"})
        found = sums(counted, free)
        for facet in wanted.keys() & narrowed.keys():
            others = self.joined(base, *(query for other, query in narrowed.items() if other != facet))
            found |= sums(self.counts(others, columns_of([facet])), {facet: wanted[facet]})
        return found, total(counted["place"], self.question.fold)

    def counts(self, query: Query, columns: Collection[str]) -> dict[str, Cells]:
        answer = self.searcher.aggregate(query, asked(columns))
        return {
            column: [(bucket["key"], int(bucket["doc_count"])) for bucket in answer[column]["buckets"]]
            for column in columns
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

    def query(self, node: Node, scored: bool = True) -> Query:
        match node:
            case Word(stem=stem, in_title=in_title) if not scored:
                return self.term("title" if in_title else "words", stem, 1.0)
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
            case Flat(item=item, score=score):
                return Query.const_score_query(self.query(item, scored=False), score)
            case Not(item=item):
                everything = self.unscored(Query.all_query())
                return Query.boolean_query(
                    [(Occur.Must, everything), (Occur.MustNot, self.query(item, scored=False))]
                )
            case All(items=items):
                return self.joined(self.query(item, scored) for item in items)
            case Some(count=count) if count < 1 and not scored:
                return Query.all_query()
            case Some(items=items, count=count):
                parts = [(Occur.Should, self.query(item, scored)) for item in items]
                if count < 1:
                    parts.append((Occur.Must, self.unscored(Query.all_query())))
                    return Query.boolean_query(parts)
                return Query.boolean_query(parts, minimum_number_should_match=count)
            case Best(items=items):
                return Query.disjunction_max_query([self.query(item, scored) for item in items])

    def word(self, word: Word) -> Query:
        """The stem must be there; standing in the title and the very form add to the score. Where they do,
        the stem is there too, so that a union says the same and can skip."""
        title = self.term("title", word.stem, word.weight * TITLE_WEIGHT)
        parts = [title] if word.in_title else [self.term("words", word.stem, word.weight), title]
        if word.form != word.stem and not word.in_title:
            parts.append(self.term("forms", word.form, word.weight * FORM_WEIGHT))
        if word.in_title and word.form != word.stem:
            form = self.term("forms", word.form, word.weight * FORM_WEIGHT)
            return Query.boolean_query([(Occur.Must, title), (Occur.Should, form)])
        return Query.boolean_query([(Occur.Should, part) for part in parts]) if len(parts) > 1 else title

    def term(self, field: str, word: str, weight: float) -> Query:
        return Query.boost_query(Query.term_query(self.schema, field, word, index_option="freq"), weight)
