"""The engine for volume: tantivy, given the same analysed words as whoosh.

tantivy has no Indonesian stemmer and takes none from Python, so words arrive analysed, parted by blanks.
Counting is what costs on a million posts, so what is counted lies in three columns instead of six, each
value together with the folds it stands for: one pass counts every facet under every fold.
Its tokenisers must be registered at every open. It keeps its own commits; the manifest of ours says how
far they go, and a batch that was committed without its manifest is simply done again.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import tantivy
from tantivy import Occur, Query

from aggregator.errors import IndexUnavailable
from aggregator.search.documents import FOLDS, Document
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
from aggregator.search.results import FACETS

HEAP = 64_000_000  # bytes of the writer's memory
THREADS = 1
BLANKS, RAW = "blanks", "raw"
MOST_VALUES = 20_000  # of one column
SEPARATOR = "\t"
# What is counted together. Of these facets a post has one value or none, but for topics.
COLUMNS = {"place": ("satker", "provinsi", "asal"), "time": ("bulan", "tahapan"), "subject": ("topik",)}
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
    for name in (*FACETS, "fold"):
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
    folds = fold_bits(document.folds)
    made.add_unsigned("folds", folds)
    for column, facets in COLUMNS.items():
        for values in product(*(document.facets.get(facet) or ("",) for facet in facets)):
            made.add_text(column, SEPARATOR.join((f"{folds:x}", *values)))
    return made


def fold_bits(folds: Iterable[str]) -> int:
    return sum(1 << FOLDS.index(fold) for fold in folds)


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


def _read_cell(bucket: Mapping[str, Any]) -> tuple[int, list[str], int]:
    folds, *values = bucket["key"].split(SEPARATOR)
    return int(folds, 16), values, int(bucket["doc_count"])


class _Search:
    """One question as tantivy's queries."""

    def __init__(self, reader: TantivyReader, question: Question) -> None:
        self.reader, self.question = reader, question
        self.searcher, self.schema = reader.searcher, reader.schema

    def run(self) -> Found:
        question = self.question
        base = self.base()
        narrowed = {facet: self.any_of(facet, values) for facet, values in question.narrow.items()}
        if question.facet_folds:
            facets, total = self.facets(base, narrowed)
            hits = self.hits([*base, *narrowed.values()]) if total else []
            return Found(hits, total, facets)
        everything = self.joined(base, *narrowed.values(), *self.folded(question.fold))
        counted: Any = self.searcher.search(everything, limit=1, count=True)
        total = int(counted.count or 0)
        return Found(self.hits([*base, *narrowed.values()]) if total else [], total, {})

    def base(self) -> list[Query]:
        """The words and the dates."""
        question = self.question
        parts = [self.query(question.tree)] if question.tree is not None else []
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
        fold = fold_bits((question.fold,)) if question.fold else 0
        known = LARGEST if question.known is None else question.known
        ranked = [
            (score, int(order or 0), int(entry or 0))
            for (score, _at), entry, order, at, bits in zip(
                result.hits, entries, orders, released, folds, strict=True
            )
            if int(at or 0) <= known and int(bits or 0) & fold == fold
        ]
        ranked.sort(reverse=True)
        return [(entry, score) for score, _order, entry in ranked], len(addresses) < limit

    def facets(
        self, base: list[Query], narrowed: Mapping[str, Query]
    ) -> tuple[dict[str, dict[str, int]], int]:
        """The counts of all facets and the number of hits: one pass for all facets that are not narrowed,
        one for each that is, its own filter left aside."""
        wanted = self.question.facet_folds
        found = {facet: Counter[str]() for facet in wanted}
        everywhere = self.joined(base, *narrowed.values())
        free = {facet for facet in wanted if facet not in narrowed}
        columns = {column for column, facets in COLUMNS.items() if free.intersection(facets)} | {"place"}
        bit = fold_bits((self.question.fold,)) if self.question.fold else 0
        total = 0
        for column, cells in self.counts(everywhere, columns).items():
            for folds, values, count in cells:
                if column == "place" and folds & bit == bit:
                    total += count
                self.add(found, COLUMNS[column], free, folds, values, count)
        for facet in wanted.keys() - free:
            others = self.joined(base, *(query for other, query in narrowed.items() if other != facet))
            [column] = (column for column, facets in COLUMNS.items() if facet in facets)
            for folds, values, count in self.counts(others, {column})[column]:
                self.add(found, COLUMNS[column], {facet}, folds, values, count)
        return {facet: dict(counts) for facet, counts in found.items()}, total

    def add(
        self,
        found: dict[str, Counter[str]],
        facets: tuple[str, ...],
        wanted: Collection[str],
        folds: int,
        values: list[str],
        count: int,
    ) -> None:
        """Count a cell for those of its facets that are wanted, if it stands for the fold of each."""
        for facet, value in zip(facets, values, strict=True):
            if value and facet in wanted and self.stands(facet, value, folds):
                found[facet][value] += count

    def stands(self, facet: str, value: str, folds: int) -> bool:
        """Whether what stands for these folds counts for a value of a facet."""
        wanted = self.question.facet_folds[facet]
        fold = wanted.get(value, wanted[""])
        return not fold or bool(folds & 1 << FOLDS.index(fold))

    def counts(self, query: Query, columns: Collection[str]) -> dict[str, list[tuple[int, list[str], int]]]:
        """By column its cells as (folds, values, how often)."""
        asked = {column: {"terms": {"field": column, "size": MOST_VALUES}} for column in columns}
        answer = self.searcher.aggregate(query, asked)
        return {column: [_read_cell(bucket) for bucket in answer[column]["buckets"]] for column in columns}

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
            case Flat(item=item, score=score):
                return Query.const_score_query(self.query(item), score)
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
