"""What a search gives back."""

from __future__ import annotations

from dataclasses import dataclass, field

Segment = tuple[str, bool]  # a piece of plain text, and whether the question's words are in it
FACETS = ("provinsi", "satker", "topik", "tahapan", "asal", "bulan")
CLOCK = ("hari", "jam")  # narrowed by like facets, but not counted


@dataclass(slots=True)  # frozen ones take three times as long to make, and a page has 700
class FacetValue:
    """One value of a facet; `count` is what choosing it would give, its own facet's filter left aside."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Results:
    """One page of an answer."""

    entry_ids: list[int]  # all of them public at the moment of asking, in order
    total: int
    total_is_exact: bool = True
    facets: dict[str, list[FacetValue]] = field(default_factory=dict)  # keys: FACETS; most frequent first
    next_anchor: str | None = None  # for `sebelum=`; None: this was the last page
    read_as: str = ""  # how an odd question was understood, else ""
    did_you_mean: str = ""  # a better spelling of q, else ""
    notes: list[str] = field(default_factory=list)  # sentences for the reader
    is_respelled: bool = False  # nothing had the words as typed; these are hits of `did_you_mean`
    is_widened: bool = False  # nothing had all the words; these have most of them
    is_partial: bool = False  # the clock ended it; there may be more
    degraded: bool = False  # answered from the database, the index being away
    took_ms: float = 0.0
