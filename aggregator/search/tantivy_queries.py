"""A question's tree as tantivy's queries, shaped so that tantivy can skip.

It skips what cannot be among the best in a union of terms and nothing else, and walks an intersection by
its rarest part. So a word alone is a union of its stem, its form and its title; among other words its stem
must be there, and the rest only adds to the score.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import tantivy
from tantivy import Occur, Query

from aggregator.search.engine import FORM_WEIGHT, K1, MOST_EXPANSIONS, TITLE_WEIGHT
from aggregator.search.moments import order_span
from aggregator.search.phrases import marks_of
from aggregator.search.query import All, Best, Days, Flat, In, Node, Not, Phrase, Prefix, Some, Word

if TYPE_CHECKING:
    from aggregator.search.tantivy_index import TantivyReader

LARGEST = 2**63


def unscored(query: Query) -> Query:
    return Query.const_score_query(query, 0.0)


def joined(*parts: Query | Iterable[Query]) -> Query:
    """What matches all of these; everything, without any."""
    flat: list[Query] = []
    for part in parts:
        flat.extend([part] if isinstance(part, Query) else part)
    return scored_with(flat, [])


def scored_with(required: Sequence[Query], optional: Sequence[Query]) -> Query:
    """What matches all that is required; the optional adds to the score, and must not stand alone."""
    if not required:
        return Query.all_query()
    if len(required) == 1 and not optional:
        return required[0]
    parts = [(Occur.Must, part) for part in required] + [(Occur.Should, part) for part in optional]
    return Query.boolean_query(parts)


def without(query: Query) -> Query:
    """Everything but what matches."""
    return Query.boolean_query([(Occur.Must, unscored(Query.all_query())), (Occur.MustNot, query)])


def union(parts: Iterable[Query], least: int = 1) -> Query:
    """What matches at least so many of these."""
    found = [(Occur.Should, part) for part in parts]
    return Query.boolean_query(found, minimum_number_should_match=least)


class Queries:
    """Made for one state of the index, whose frequencies they know."""

    def __init__(self, reader: TantivyReader) -> None:
        self.reader, self.schema = reader, reader.schema

    def folded(self, fold: str) -> list[Query]:
        return [unscored(Query.term_query(self.schema, "fold", fold))] if fold else []

    def any_of(self, facet: str, values: Sequence[str]) -> Query:
        return unscored(Query.term_set_query(self.schema, facet, list(values)))

    def between(self, column: str, first: int | None, until: int | None) -> Query:
        return unscored(
            Query.range_query(
                self.schema,
                column,
                tantivy.FieldType.Unsigned,
                lower_bound=first or 0,
                upper_bound=min(LARGEST if until is None else until, LARGEST),
                include_upper=False,
            )
        )

    def query(self, node: Node, scored: bool = True) -> Query:
        match node:
            case Word():
                return self.word(node, scored)
            case Phrase():
                return self.phrase(node, scored)
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
                return without(self.query(item, scored=False))
            case All():
                return scored_with(*self.parts(node, scored))
            case Some():
                return self.some(node, scored)
            case Best(items=items):
                ways = [self.query(item, scored) for item in items]
                return Query.disjunction_max_query(ways) if scored else union(ways)

    def parts(self, node: Node, scored: bool = True) -> tuple[list[Query], list[Query]]:
        """What must be there, and what adds to the score."""
        match node:
            case Word():
                first, *more = self.terms_of(node, scored)
                return [first], more
            case All(items=items):
                found = [self.parts(item, scored) for item in items]
                return [one for must, _ in found for one in must], [one for _, may in found for one in may]
        return [self.query(node, scored)], []

    def some(self, node: Some, scored: bool) -> Query:
        if node.count < 1:
            if not scored:
                return Query.all_query()
            return scored_with([unscored(Query.all_query())], [self.query(one) for one in node.items])
        words = [one for one in node.items if isinstance(one, Word) and not one.in_title]
        if node.count == 1 and len(words) == len(node.items):
            return union(term for word in words for term in self.terms_of(word, scored))
        return union((self.query(one, scored) for one in node.items), node.count)

    def word(self, word: Word, scored: bool) -> Query:
        """Where the title or the very form adds to the score, the stem is there too, so that a union says the
        same and can skip."""
        terms = self.terms_of(word, scored)
        if word.in_title:
            return scored_with(terms[:1], terms[1:])
        return union(terms) if len(terms) > 1 else terms[0]

    def terms_of(self, word: Word, scored: bool) -> list[Query]:
        """The stem, which must be there; standing in the title and the very form add to the score."""
        if not scored:
            return [self.term("title" if word.in_title else "words", word.stem, scored=False)]
        title = self.term("title", word.stem, word.weight * TITLE_WEIGHT)
        found = [title] if word.in_title else [self.term("words", word.stem, word.weight), title]
        if word.form != word.stem:
            found.append(self.term("forms", word.form, word.weight * FORM_WEIGHT))
        return found

    def most_without_title(self, word: Word) -> float:
        """The highest score that a post can have by this word that does not have it in its title."""
        most = self.reader.rarity(word.stem)
        if word.form != word.stem:
            most += self.reader.rarity(word.form, "forms") * FORM_WEIGHT
        return most * word.weight * (1 + K1)

    def phrase(self, phrase: Phrase, scored: bool) -> Query:
        """By its marks where the index has them, with the score that its words would give."""
        stems, field = phrase.stems, "title" if phrase.in_title else "words"
        found, is_whole = marks_of(stems) if self.reader.has_marks and not phrase.in_title else ([], False)
        if is_whole:
            rarity = sum(map(self.reader.rarity, stems)) / self.reader.rarity(found[0]) if scored else 1.0
            return self.term(field, found[0], phrase.weight * rarity, scored)
        narrowing = [unscored(self.term(field, mark, scored=False)) for mark in found]
        plain = Query.boost_query(Query.phrase_query(self.schema, field, list(stems)), phrase.weight)
        return joined(narrowing, plain)

    def term(self, field: str, word: str, weight: float = 1.0, scored: bool = True) -> Query:
        if not scored:
            return Query.term_query(self.schema, field, word, index_option="basic")
        return Query.boost_query(Query.term_query(self.schema, field, word, index_option="freq"), weight)
