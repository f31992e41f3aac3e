"""What to offer while a question is being typed: places, offices and subjects by name, established terms,
and words that complete the question so that something is found."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

from aggregator.errors import IndexUnavailable
from aggregator.search.analysis import normal, plain, question_tokens
from aggregator.search.ask import opened
from aggregator.search.engine import Question, Reader
from aggregator.search.names import all_names, resolve
from aggregator.search.query import parse
from aggregator.search.synonyms import expand, spelled_out

LONGEST = 80  # characters of what is typed
MOST_TRIED = 12  # completions of the last word that are tried for results
SOON = 0.01  # seconds after which no further completion is tried


def suggest(typed: str, limit: int = 8) -> list[str]:
    """Questions that begin with what is typed, at most `limit`; empty when there is nothing to say.
    Each completion by words has results at this moment. Needs no index for names and terms."""
    text = " ".join(normal(typed[:LONGEST]).split())
    if len(text) < 2:
        return []
    offers = list(islice(_names(text), 3))
    named = set(map(plain_line, offers))
    offers += islice((term for term in _terms(text) if term not in named), 2)
    if len(offers) < limit:
        offers += _completions(text)
    unique = {plain_line(offer): offer for offer in reversed(offers)}
    return list(reversed(unique.values()))[:limit]


@lru_cache(maxsize=4096)
def plain_line(text: str) -> str:
    return " ".join(plain(word) for word in text.split())


def _names(text: str) -> Iterator[str]:
    """Names in which every word typed begins a word."""
    asked = plain_line(text).split()
    names: dict[str, None] = {}  # every election has a stage of the same name
    for field in ("provinsi", "topik", "satker", "tahapan"):
        names |= dict.fromkeys(all_names(field).values())
    for name in names:
        there = plain_line(name).split()
        if all(any(word.startswith(part) for word in there) for part in asked):
            yield name


def _terms(text: str) -> Iterator[str]:
    """Established terms, spelled out: "pemungutan suara ulang" for "pemungutan su"."""
    start = plain_line(text)
    return (term for term in spelled_out() if term.startswith(start) and term != start)


def _completions(text: str) -> list[str]:
    """What is typed with its last word completed by words that lead to results, to most of them first."""
    try:
        return _completed(text, opened().reader)
    except IndexUnavailable:
        return []


def _completed(text: str, reader: Reader) -> list[str]:
    head, _blank, last = text.rpartition(" ")
    beginning = plain(last)
    if len(beginning) < 2:
        return []
    deadline = time.monotonic() + SOON
    words: Iterable[tuple[str, int]] = reader.terms(beginning, MOST_TRIED)
    if not head or not question_tokens(head):
        return [word for word, _frequency in words]
    found = []
    for word, _frequency in words:
        question = f"{head} {word}"
        tree = expand(parse(question, resolve).tree)
        if tree and (total := reader.search(Question(tree, {}, "nation", limit=1)).total):
            found.append((-total, question))
        if time.monotonic() > deadline:
            break
    return [question for _total, question in sorted(found)]
