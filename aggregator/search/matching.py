"""Which of a few posts a question finds, told without an index: whoever hands a new post on (hub, alerts)
must know at once to whom, and the index follows some seconds later.

Each post is analysed as the index would and held against the question's tree, so the answer is that of a
search newest first, which leaves no word out.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property, lru_cache

from aggregator.search.documents import Document, documents
from aggregator.search.filters import Filters
from aggregator.search.moments import order_span
from aggregator.search.names import resolve
from aggregator.search.narrowing import fold_of, lifted, narrowed
from aggregator.search.query import (
    All,
    Best,
    Days,
    Flat,
    In,
    Node,
    Not,
    Parsed,
    Phrase,
    Prefix,
    Some,
    Word,
    parse,
)
from aggregator.search.synonyms import expand


class Few:
    """Some posts, analysed once, at the first question. What is not public is found by none."""

    def __init__(self, entry_ids: Collection[int]) -> None:
        self.entry_ids = entry_ids

    @cached_property
    def _documents(self) -> list[Document]:
        return documents(self.entry_ids) if self.entry_ids else []

    def matching(self, filters: Filters) -> list[int]:
        """Those that a search finds."""
        tree, narrow = lifted(_read(filters.q), narrowed(filters))
        fold = fold_of(filters, narrow)
        first, until = order_span(filters.date_from, filters.date_to)
        return [
            one.entry_id
            for one in self._documents
            if (not fold or fold in one.folds)
            and (first is None or one.order >= first)
            and (until is None or one.order < until)
            and all(set(values) & set(one.facets.get(facet, ())) for facet, values in narrow.items())
            and (tree is None or matches(tree, one))
        ]


def _read(q: str) -> Node | None:
    """A question's tree. One that names no field is parsed once; names are the database's and may change."""
    return expand((parse(q, resolve) if ":" in q else _parsed(q)).tree)


@lru_cache(maxsize=4096)
def _parsed(q: str) -> Parsed:
    return parse(q, resolve)


def matches(node: Node, one: Document) -> bool:
    """Whether a post is what a tree asks for."""
    match node:
        case Word(stem=stem, in_title=in_title):
            return stem in (one.title if in_title else one.words)
        case Phrase(stems=stems, in_title=in_title):
            return _in_order(stems, one.title if in_title else one.words)
        case Prefix(form=form):
            return any(word.startswith(form) for word in one.forms)
        case In(facet=facet, values=values):
            return not set(values).isdisjoint(one.facets.get(facet, ()))
        case Days(first=day, last=last):
            start, until = order_span(day, last)
            return (start is None or one.order >= start) and (until is None or one.order < until)
        case Flat(item=item):
            return matches(item, one)
        case Not(item=item):
            return not matches(item, one)
        case All(items=items):
            return all(matches(item, one) for item in items)
        case Some(items=items, count=count):
            return sum(matches(item, one) for item in items) >= count
        case Best(items=items):
            return any(matches(item, one) for item in items)


def _in_order(wanted: list[str], words: list[str]) -> bool:
    size = len(wanted)
    return any(words[at : at + size] == wanted for at in range(len(words) - size + 1))
