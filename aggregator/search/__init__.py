"""Search over what is published: the interface that pages, feeds and commands use.

`search` never raises for an index that is missing or broken: it then answers from the database and says
so (`degraded`). The index is derived data; `follow` keeps it up to date, `rebuild` makes it anew.
"""

from aggregator.search.ask import search
from aggregator.search.compare import Check, check
from aggregator.search.filters import Chip, Filters, filters_for, read_filters
from aggregator.search.follow import follow, rebuild
from aggregator.search.matching import Few
from aggregator.search.results import FacetValue, Results, Segment
from aggregator.search.snippets import highlight, snippet
from aggregator.search.suggest import suggest

__all__ = [
    "Check",
    "Chip",
    "FacetValue",
    "Few",
    "Filters",
    "Results",
    "Segment",
    "check",
    "filters_for",
    "follow",
    "highlight",
    "read_filters",
    "rebuild",
    "search",
    "snippet",
    "suggest",
]
