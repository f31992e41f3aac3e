"""The last word on relevance: the best candidates of an engine, looked at once more with what only the
database knows. The same for every engine, so that they put the same posts first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from aggregator.search.analysis import terms
from aggregator.search.query import All, Best, Node, Phrase, Some, Word, walk

WINDOW = 100  # candidates that are looked at; beyond, the order is the engine's
PHRASE_BONUS = 0.25  # share of the score for a title with the question's words next to each other
TITLE_BONUS = 0.15  # ... with all of them somewhere
EXACT_BONUS = 0.10  # ... in the very form
LEAD_BONUS = 0.05  # the lead of a story before its carriers
RECENT_BONUS = 0.15  # of what is published today; half of it after HALF_LIFE
HALF_LIFE = 180.0  # days


@dataclass(frozen=True, slots=True)
class Candidate:
    entry_id: int
    score: float
    title: str
    published_at: datetime
    is_lead: bool


def rank(candidates: Sequence[Candidate], tree: Node | None, now: datetime) -> list[int]:
    """Entry ids, the best first; ties go to the newer."""
    words = [node for node in walk(tree) if isinstance(node, Word)]
    wanted = _sequence(tree)

    def key(candidate: Candidate) -> tuple[float, datetime, int]:
        stems, forms = _analysed(candidate.title)
        bonus = _title_bonus(stems, forms, words, wanted)
        days = max((now - candidate.published_at).total_seconds() / 86_400, 0.0)
        bonus += RECENT_BONUS * 0.5 ** (days / HALF_LIFE) + (LEAD_BONUS if candidate.is_lead else 0.0)
        return candidate.score * (1 + bonus), candidate.published_at, candidate.entry_id

    return [candidate.entry_id for candidate in sorted(candidates, key=key, reverse=True)]


@lru_cache(maxsize=50_000)
def _analysed(title: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """The stems of a title in order, and its forms."""
    found = terms(title)
    return tuple(root for _form, root in found), frozenset(form for form, _root in found)


def _title_bonus(
    stems: tuple[str, ...], forms: frozenset[str], words: list[Word], wanted: list[set[str]]
) -> float:
    bonus = 0.0
    if wanted and not any(ways.isdisjoint(stems) for ways in wanted):
        bonus += TITLE_BONUS
        if len(wanted) > 1 and _follow_each_other(stems, wanted):
            bonus += PHRASE_BONUS
    if words and all(word.form in forms for word in words):
        bonus += EXACT_BONUS
    return bonus


def _sequence(tree: Node | None) -> list[set[str]]:
    """The words of the question in order; of each, the stems that stand for it."""
    match tree:
        case Word(stem=stem):
            return [{stem}]
        case Phrase(stems=stems):
            return [{stem} for stem in stems]
        case Best(items=items):
            return _sequence(items[0]) if not _is_short(items) else [_short_ways(items)]
        case All(items=items) | Some(items=items):
            return [ways for item in items for ways in _sequence(item)]
    return []


def _is_short(items: Sequence[Node]) -> bool:
    return all(isinstance(item, Word) for item in items)


def _short_ways(items: Sequence[Node]) -> set[str]:
    return {item.stem for item in items if isinstance(item, Word)}


def _follow_each_other(stems: tuple[str, ...], wanted: list[set[str]]) -> bool:
    length = len(wanted)
    return any(
        all(stem in ways for stem, ways in zip(stems[at : at + length], wanted, strict=True))
        for at in range(len(stems) - length + 1)
    )
