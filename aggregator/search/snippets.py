"""Marking what was asked for: by the analysis of the index, in plain text, as segments for a template.

No markup comes from here or passes through: templates put each segment into an element and escape it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Container, Iterator, Sequence
from functools import lru_cache

from aggregator.search.analysis import (
    PERHAPS,
    PIECES,
    VARIANTS,
    WORD,
    Token,
    normal,
    plain,
    tokens,
)
from aggregator.search.names import resolve
from aggregator.search.query import Phrase, Prefix, Word, parse, walk
from aggregator.search.results import Segment
from aggregator.search.stems import stem
from aggregator.search.synonyms import Table, expand, synonyms, times_forgotten
from aggregator.words import Remembered

LONGEST_TEXT = 20_000  # characters of a body in which the best passage is looked for
MOST_KNOWN = 20_000
ONE_PAGE = 0.05  # seconds
EDGE = 30  # characters a passage may be moved by to begin and end between words


class Marker:
    """What a question marks: single words by stem, phrases and synonyms of several words as a whole,
    prefixes by form."""

    def __init__(self, q: str, table: Table) -> None:
        self.table = table  # held, so that no other table gets its id while this is kept
        self.stems: set[str] = set()
        self.prefixes: tuple[str, ...] = ()
        self.phrases: dict[str, list[tuple[str, ...]]] = {}
        prefixes = []
        for node in walk(expand(parse(q, resolve).tree)):
            if isinstance(node, Word):
                self.stems.add(node.stem)
            elif isinstance(node, Phrase):
                stems = tuple(node.stems)
                self.phrases.setdefault(stems[0], []).append(stems)
            elif isinstance(node, Prefix):
                prefixes.append(node.form)
        self.prefixes = tuple(prefixes)
        self.parts = self.stems.union(*(stems for choices in self.phrases.values() for stems in choices))
        self.known = Remembered(self._parts, MOST_KNOWN)  # by what stands between blanks
        self.reach = Remembered(self._reach, MOST_KNOWN)
        self.cores = self._cores()

    def _cores(self) -> tuple[str, ...] | None:
        """What every word that may be part of a hit has in it, whatever its affixes; None where that cannot
        be said, as of numbers."""
        if any(not part.isalpha() or not part.isascii() for part in (*self.parts, *self.prefixes)):
            return None
        cores = {part[1:] if len(part) > 2 else part for part in self.parts}  # memilih: its stem is pilih
        cores |= {form for form, roots in _SPELT_ANEW.items() if not roots.isdisjoint(self.parts)}
        for prefix in self.prefixes:
            cores |= {prefix, *(form for form in VARIANTS if _is_spelt_with(form, prefix))}
        return tuple(sorted(cores)) or None

    def _pieces(self, text: str) -> set[str]:
        """What stands between blanks and may be a hit."""
        if self.cores is None or _is_odd(text) or len(lower := text.lower()) != len(text):
            return set(text.split())
        found = set()
        for core in self.cores:
            at = lower.find(core)
            while at >= 0:
                end = text.find(" ", at + len(core))
                end = len(text) if end < 0 else end
                found.add(text[text.rfind(" ", 0, at) + 1 : end])
                at = lower.find(core, end)
        return found

    def traces(self, text: str) -> list[tuple[int, str]]:
        """Where a word of a text on one line stands that may be part of a hit, and of what. Whatever stands
        between blanks is looked at once, and where it stands only if it counts."""
        known = self.known
        return sorted(
            {
                (at, part)
                for piece in self._pieces(text)
                for word, part in known[piece]
                for at in _places(text, word)
            }
        )

    def _parts(self, piece: str) -> list[tuple[str, str]]:
        """The words of what stands between blanks that may be part of a hit, and of what."""
        if self.reach[piece] <= OTHER:
            return []
        return [(word, part) for word in WORD.findall(piece) if (part := self._part(word))]

    def _part(self, word: str) -> str:
        form = plain(word)
        ways = [form, *(one for _written, spelling in VARIANTS.get(form, ()) for one in spelling)]
        for way in ways:
            if (root := stem(way)) in self.parts or self._begins(way):
                return root
        return ""

    def marks(self, text: str) -> list[tuple[int, int]]:
        """The hits of a text, of which only the stretches are analysed that may hold one."""
        stretches: list[list[int]] = []
        at = left = 0
        pieces = text.split(" ")
        near = self._near(text, len(pieces))
        for index, piece in enumerate(pieces):
            end = at + len(piece)
            reach = self.reach[piece] if left or index in near else OTHER
            if reach > 0:
                if not left:
                    stretches.append([at, end])
                left = max(left, reach)
            elif reach == OTHER:
                left = max(left - 1, 0)
            if left:
                stretches[-1][1] = end
            at = end + 1
        return [
            (begin + first, end + first)
            for first, last in stretches
            for begin, end in self.hits(tokens(text[first:last]))
        ]

    def _near(self, text: str, pieces: int) -> Container[int]:
        """Which pieces may be a hit, or be written before such as part of the same."""
        if self.cores is None or _is_odd(text) or len(lower := text.lower()) != len(text):
            return range(pieces)
        near: set[int] = set()
        for core in self.cores:
            at = lower.find(core)
            while at >= 0:
                index = lower.count(" ", 0, at)
                near.update(range(index - LONGEST_WRITTEN + 1, index + 1))
                at = lower.find(core, at + 1)
        return near

    def _reach(self, piece: str) -> int:
        """How much of what stands between blanks must be looked at together from here on. Quickly said, as
        nearly everything was met before, whatever was asked then."""
        reach = BETWEEN
        for form, root in PIECES[piece]:
            if root == PERHAPS:
                return LONGEST_WRITTEN
            if root in self.parts or form in self.parts or self._begins(form):
                reach = 1
            elif root and reach == BETWEEN:
                reach = OTHER
        return reach

    def _begins(self, form: str) -> bool:
        return bool(self.prefixes) and form.startswith(self.prefixes)

    def hits(self, found: Sequence[Token]) -> list[tuple[int, int]]:
        """What is marked: from where to where, in order and without overlap."""
        hits: list[tuple[int, int]] = []
        at = 0
        while at < len(found):
            taken = self._taken(found, at)
            if taken and (not hits or found[at].start >= hits[-1][1]):
                hits.append((found[at].start, found[at + taken - 1].end))
            at += max(taken, 1)
        return hits

    def _taken(self, found: Sequence[Token], at: int) -> int:
        token = found[at]
        for stems in self.phrases.get(token.stem, ()):
            if tuple(one.stem for one in found[at : at + len(stems)]) == stems:
                return len(stems)
        return int(token.stem in self.stems or self._begins(token.form))


def _spelt_anew() -> dict[str, set[str]]:
    """By first word of what is written in another spelling: the stems it then has."""
    return {
        form: {stem(one) for _written, spelling in ways for one in spelling}
        for form, ways in VARIANTS.items()
    }


def _is_spelt_with(form: str, prefix: str) -> bool:
    return any(one.startswith(prefix) for _written, spelling in VARIANTS[form] for one in spelling)


_SPELT_ANEW = _spelt_anew()
_ODD = re.compile(r"[^\W\d_a-zA-Z]|\w['’‘ʼ`]\w")  # what `plain` makes other letters of
LONGEST_WRITTEN = max(len(written) for ways in VARIANTS.values() for written, _spelling in ways)
OTHER, BETWEEN = 0, -1  # no part of a hit; nothing that parts one


def _is_odd(text: str) -> bool:
    if text.isascii() and "'" not in text and "`" not in text:
        return False
    return bool(_ODD.search(text))


def _places(text: str, word: str) -> Iterator[int]:
    """Where a word stands by itself."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if not text[at - 1 : at].isalnum() and not text[end : end + 1].isalnum():
            yield at
        at = text.find(word, end)


def highlight(text: str, q: str) -> list[Segment]:
    """The whole of a title in segments, those with the question's words marked."""
    text = normal(text)
    return _segments(text, _marker(q).marks(text))


def snippet(text: str, q: str, *, length: int = 240) -> list[Segment]:
    """The passage of about `length` characters that has the most of the question, marked; the beginning of
    the text when there is nothing of it. Left-out text shows as "…"."""
    text = " ".join(normal(text[:LONGEST_TEXT]).split())
    if not text:
        return []
    marker = _marker(q)
    start, end = _passage(text, marker.traces(text) if q else [], length)
    passage = text[start:end]
    segments = _segments(passage, marker.marks(passage) if q else [])
    if start > 0:
        segments.insert(0, ("… ", False))
    if end < len(text):
        segments.append((" …", False))
    return segments


class _Same:
    """A table of synonyms as the key of a cache: equal only to itself, and alive as long as it is a key."""

    __slots__ = ("table",)

    def __init__(self, table: Table) -> None:
        self.table = table

    def __hash__(self) -> int:
        return id(self.table)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.table is other.table


@lru_cache(maxsize=256)
def _cached_marker(q: str, table: _Same) -> Marker:
    return Marker(q, table.table)


_recent: tuple[tuple[str, int], float, Marker] | None = None


def _marker(q: str) -> Marker:
    """A question is parsed once for the lines of a page; later anew if it names fields, whose values are rows
    of the database, or if the synonyms have changed."""
    global _recent
    now, key, recent = time.monotonic(), (q, times_forgotten()), _recent
    if recent and recent[0] == key and now - recent[1] < ONE_PAGE:
        return recent[2]
    table = synonyms()
    marker = Marker(q, table) if ":" in q else _cached_marker(q, _Same(table))
    _recent = (key, now, marker)
    return marker


def _passage(text: str, traces: list[tuple[int, str]], length: int) -> tuple[int, int]:
    """Where the best passage is: most different things first, then most of them, then the earliest."""
    if len(text) <= length:
        return 0, len(text)
    best, start = (0, 0), 0
    for first, (begin, _part) in enumerate(traces):
        inside = [part for at, part in traces[first : first + 40] if at <= begin + length - 2 * EDGE]
        value = (len(set(inside)), len(inside))
        if value > best:
            best, start = value, begin
    return _at_words(text, max(0, start - EDGE), length)


def _at_words(text: str, start: int, length: int) -> tuple[int, int]:
    """Move both ends of a passage to the ends of words."""
    end = min(start + length, len(text))
    if start and (blank := text.find(" ", start, start + EDGE)) >= 0:
        start = blank + 1
    if end < len(text) and (blank := text.rfind(" ", max(start + 1, end - EDGE), end)) >= 0:
        end = blank
    return start, end


def _segments(text: str, hits: list[tuple[int, int]]) -> list[Segment]:
    segments: list[Segment] = []
    at = 0
    for begin, end in hits:
        if begin > at:
            segments.append((text[at:begin], False))
        segments.append((text[begin:end], True))
        at = end
    if at < len(text):
        segments.append((text[at:], False))
    return segments
