"""Words near a question that found nothing: what of it alone has results under the same filters."""

from __future__ import annotations

from dataclasses import replace

from aggregator.errors import IndexUnavailable
from aggregator.search.ask import opened
from aggregator.search.engine import Question
from aggregator.search.filters import Filters
from aggregator.search.moments import order_span
from aggregator.search.names import resolve
from aggregator.search.narrowing import fold_of, lifted, narrowed
from aggregator.search.query import All, Not, parse, show
from aggregator.search.synonyms import expand

MOST_TRIED = 8  # parts of a question


def nearby(filters: Filters, most: int = 4) -> list[tuple[str, int]]:
    """Parts of the question with the number of posts each finds by itself, the rarest first; empty for a
    question of one word and while there is no index."""
    tree = parse(filters.q, resolve).tree
    items = tree.items[:MOST_TRIED] if isinstance(tree, All) else ()
    found = []
    try:
        for item in items:
            if isinstance(item, Not):
                continue
            alone = replace(filters, q=show(item))
            if total := _total(alone):
                found.append((alone.q, total))
    except IndexUnavailable:
        return []
    return sorted(found, key=lambda one: one[1])[:most]


def _total(filters: Filters) -> int:
    tree, narrow = lifted(expand(parse(filters.q, resolve).tree), narrowed(filters))
    first, until = order_span(filters.date_from, filters.date_to)
    question = Question(tree, narrow, fold_of(filters, narrow), first=first, until=until, limit=1)
    return opened().reader.search(question).total
