"""One question put to tantivy: the best hits, then the counts.

Counting is what costs on a million posts: see tantivy_counts.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import tantivy
from tantivy import Query

from aggregator.search.engine import Found, Question
from aggregator.search.query import Best, Node, Word
from aggregator.search.tantivy_counts import Cells, columns_of, count, fold_bit, less, sums, total
from aggregator.search.tantivy_queries import LARGEST, Queries, joined, scored_with, without

if TYPE_CHECKING:
    from aggregator.search.tantivy_index import TantivyReader

SPARE = 20  # hits beyond twice a page for those that fold or come too late
Scored: TypeAlias = tuple[float, int, int]  # score, sort key, entry id


class Search:
    def __init__(self, reader: TantivyReader, question: Question) -> None:
        self.reader, self.searcher, self.question = reader, reader.searcher, question
        self.queries = Queries(reader)

    def run(self) -> Found:
        question = self.question
        narrowed = {facet: self.queries.any_of(facet, values) for facet, values in question.narrow.items()}
        dates = self.dates()
        hits = self.hits([*dates, *narrowed.values()])
        if time.monotonic() > question.deadline:  # the posts are there; what is not counted is not claimed
            return Found(hits, len(hits), {}, is_partial=True)
        matching = [*self.words(), *dates]
        if question.facet_folds:
            facets, total = self.facets(matching, narrowed)
            return Found(hits, total, facets)
        everything = joined(matching, narrowed.values(), self.queries.folded(question.fold))
        counted: Any = self.searcher.search(everything, limit=1, count=True)
        return Found(hits, int(counted.count or 0), {})

    def words(self) -> list[Query]:
        """The words, without what adds to a score."""
        return [] if self.question.tree is None else [self.queries.query(self.question.tree, scored=False)]

    def dates(self) -> list[Query]:
        first, until = self.question.first, self.question.until
        return [] if first is None and until is None else [self.queries.between("order", first, until)]

    def hits(self, narrowing: list[Query]) -> list[tuple[int, float]]:
        if self.question.sort == "relevan" and self.question.tree is not None:
            return [(entry, score) for score, _order, entry in self.best(self.question.tree, narrowing)]
        return self.dated([*self.words(), *narrowing])

    def dated(self, parts: list[Query]) -> list[tuple[int, float]]:
        """Newest first, the newest two months are looked through before all."""
        if self.question.sort == "terbaru":
            months = self.reader.months_to(self.question.beyond)
            found = self.by_date([*parts, self.queries.any_of("bulan", months[:2])])
            if len(found) == self.question.limit or len(months) < 3:
                return found
        return self.by_date(parts)

    def by_date(self, parts: list[Query]) -> list[tuple[int, float]]:
        question = self.question
        sort_by = "released" if question.sort == "dilepas" else "order"
        parts = [*parts, *self.queries.folded(question.fold)]
        if question.beyond is not None:
            oldest_first = question.sort == "terlama"
            first, until = (question.beyond + 1, None) if oldest_first else (None, question.beyond)
            parts.append(self.queries.between(sort_by, first, until))
        order = tantivy.Order.Asc if question.sort == "terlama" else tantivy.Order.Desc
        result = self.searcher.search(
            joined(parts, self.known()),
            limit=question.limit,
            count=False,
            order_by_field=sort_by,
            order=order,
        )
        entries = self.searcher.fast_field_values("entry", [address for _key, address in result.hits])
        return [(int(entry or 0), key) for (key, _address), entry in zip(result.hits, entries, strict=True)]

    def best(self, tree: Node, narrowing: list[Query]) -> list[Scored]:
        """The hits with the highest scores. A lone union of words is left alone in its query, because only
        then tantivy skips what cannot be among the best; folds and late posts are sorted out afterwards. Of
        several ways to say the same each is asked for alone: the best of all are among the best of each."""
        limit = self.question.limit
        if not narrowing:
            ways = tree.items if isinstance(tree, Best) else (tree,)
            found = [self.by_score(self.queries.query(way), limit * 2 + SPARE) for way in ways]
            if all(is_whole or len(hits) >= limit for hits, is_whole in found):
                return _best_of([hits for hits, _is_whole in found])[:limit]
        required, optional = self.queries.parts(tree)
        folded = self.queries.folded(self.question.fold)
        query = scored_with([*required, *narrowing, *folded, *self.known()], optional)
        return self.by_score(query, limit)[0]

    def by_score(self, query: Query, limit: int) -> tuple[list[Scored], bool]:
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
        return ranked, len(addresses) < limit

    def known(self) -> list[Query]:
        known = self.question.known
        return [] if known is None else [self.queries.between("released", None, known + 1)]

    def facets(
        self, base: list[Query], narrowed: Mapping[str, Query]
    ) -> tuple[dict[str, dict[str, int]], int]:
        """The counts of all facets and the number of hits: one pass for all facets that are not narrowed,
        one for each that is, its own filter left aside."""
        wanted = self.question.facet_folds
        free = {facet: folds for facet, folds in wanted.items() if facet not in narrowed}
        counted = self.counts([*base, *narrowed.values()], columns_of(free) | {"place"})
        found = sums(counted, free)
        for facet in wanted.keys() & narrowed.keys():
            others = [*base, *(query for other, query in narrowed.items() if other != facet)]
            found |= sums(self.counts(others, columns_of([facet])), {facet: wanted[facet]})
        return found, total(counted["place"], self.question.fold)

    def counts(self, parts: list[Query], columns: Collection[str]) -> dict[str, Cells]:
        """What matches all parts, counted. For what stands in most posts, those that do not have it are
        counted: the counts of all posts are known."""
        if not parts:
            return {column: self.reader.everything[column] for column in columns}
        if len(parts) > 1 or not self.is_in_most(self.question.tree):
            return count(self.searcher, joined(parts), columns)
        rest = count(self.searcher, without(parts[0]), columns)
        return {column: less(self.reader.everything[column], rest[column]) for column in columns}

    def is_in_most(self, node: Node | None) -> bool:
        match node:
            case Word(stem=stem, in_title=False):
                return self.reader.frequency(stem) * 2 > self.reader.size
            case Best(items=items):
                return any(map(self.is_in_most, items))
        return False


def _best_of(found: list[list[Scored]]) -> list[Scored]:
    """The hits of several questions together; of a post with several scores the highest counts."""
    best: dict[int, Scored] = {}
    for hits in found:
        for hit in hits:
            known = best.get(hit[2])
            if known is None or hit > known:
                best[hit[2]] = hit
    return sorted(best.values(), reverse=True)
