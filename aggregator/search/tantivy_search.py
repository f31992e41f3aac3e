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
from aggregator.search.query import All, Best, Node, Word
from aggregator.search.tantivy_counts import Cells, columns_of, count, fold_bit, less, sums, total
from aggregator.search.tantivy_queries import LARGEST, Queries, joined, scored_with, without

if TYPE_CHECKING:
    from aggregator.search.tantivy_index import TantivyReader

SPARE = 20  # hits beyond twice a page for those that fold or come too late
MOST_WAYS = 8
SURE = 1.1  # frequencies still count what was taken out since
NEARLY_ALL = 0.85  # share of the posts; counting those without a word costs twice as much a post
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
        if not question.is_counted:
            return Found(hits, len(hits), {})
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
        limit, ways = self.question.limit, ways_to_say(tree)
        if not narrowing:
            found = [self.best_so_said(way) for way in ways]
            if all(is_whole or len(hits) >= limit for hits, is_whole in found):
                return _best_of([hits for hits, _is_whole in found])[:limit]
        narrowing = [*narrowing, *self.queries.folded(self.question.fold), *self.known()]
        parts = [self.queries.parts(way) for way in ways]
        queries = [scored_with([*required, *narrowing], optional) for required, optional in parts]
        return _best_of([self.by_score(query, limit)[0] for query in queries])[:limit]

    def best_so_said(self, way: Node) -> tuple[list[Scored], bool]:
        if isinstance(way, Word) and not way.in_title and (hits := self.best_in_titles(way)):
            return hits, False
        return self.by_score(self.queries.query(way), self.question.limit * 2 + SPARE)

    def best_in_titles(self, word: Word) -> list[Scored]:
        """The best hits of a word where it is sure that all of them have it in the title, as of a common one:
        to find these costs half as much. Nothing where a post without could have as high a score."""
        asked, limit = self.question.limit * 2 + SPARE, self.question.limit
        if self.searcher.doc_freq("title", word.stem) < asked:
            return []
        stem, title, *form = self.queries.terms_of(word, scored=True)
        hits, _is_whole = self.by_score(scored_with([title, stem], form), asked)
        without = self.queries.most_without_title(word) * SURE
        return hits if len(hits) >= limit and hits[limit - 1][0] > without else []

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
        """What matches all parts, counted. For what stands in nearly all posts, those that do not have it
        are counted: the counts of all posts are known."""
        if not parts:
            return {column: self.reader.everything[column] for column in columns}
        if len(parts) > 1 or not self.is_in_nearly_all(self.question.tree):
            return count(self.searcher, joined(parts), columns)
        rest = count(self.searcher, without(parts[0]), columns)
        return {column: less(self.reader.everything[column], rest[column]) for column in columns}

    def is_in_nearly_all(self, node: Node | None) -> bool:
        match node:
            case Word(stem=stem, in_title=False):
                return self.reader.frequency(stem) > self.reader.size * NEARLY_ALL
            case Best(items=items):
                return any(map(self.is_in_nearly_all, items))
        return False


def ways_to_say(tree: Node) -> list[Node]:
    """The tree with one way for each of its words that can be said in several, as far as such trees are few:
    of several ways together tantivy walks all posts, of one only those that have the other words."""
    ways: list[tuple[Node, ...]] = [()]
    for item in tree.items if isinstance(tree, All) else (tree,):
        said = item.items if isinstance(item, Best) else (item,)
        if len(ways) * len(said) > MOST_WAYS:
            said = (item,)
        ways = [(*way, one) for way in ways for one in said]
    return [All(way) if len(way) > 1 else way[0] for way in ways]


def _best_of(found: list[list[Scored]]) -> list[Scored]:
    """The hits of several questions together; of a post with several scores the highest counts."""
    best: dict[int, Scored] = {}
    for hits in found:
        for hit in hits:
            known = best.get(hit[2])
            if known is None or hit > known:
                best[hit[2]] = hit
    return sorted(best.values(), reverse=True)
