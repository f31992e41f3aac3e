"""One question put to whoosh's segments.

whoosh's own query objects walk postings one by one in Python. Here whole posting lists are read at once
and become big integers with one bit a document, so that AND, OR, NOT, filters and the counts of all
facets cost a few machine instructions for 30 documents. Scores are only computed for what is left.
"""

from __future__ import annotations

import heapq
import math
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

from aggregator.search.engine import FORM_WEIGHT, K1, MOST_EXPANSIONS, TITLE_WEIGHT, B, Found, Question
from aggregator.search.moments import order_span
from aggregator.search.phrases import marks_of
from aggregator.search.query import All, Best, Days, Flat, In, Node, Not, Phrase, Prefix, Some, Word
from aggregator.search.whoosh_segments import OpenSegment, at_least, to_bits

Scores = dict[int, float]


def terms(segments: Iterable[OpenSegment], prefix: str, limit: int) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for segment in segments:
        for word, frequency in segment.words_with("forms", prefix):
            counts[word] += frequency
    return heapq.nsmallest(limit, counts.items(), key=lambda found: (-found[1], found[0]))


class Search:
    """One question put to all segments."""

    def __init__(self, segments: Sequence[OpenSegment], question: Question, has_marks: bool = True) -> None:
        self.segments = segments
        self.question = question
        self.has_marks = has_marks
        self.total = 0
        self.facets: dict[str, Counter[str]] = {facet: Counter() for facet in question.facet_folds}
        self.hits: list[tuple[float, int, int]] = []  # (what it is sorted by, sort key, entry)
        self.sizes = {name: self._average(name) for name in ("title", "words")}
        self.count = sum(segment.size for segment in segments)
        self.expansions: dict[str, list[str]] = {}

    def run(self) -> Found:
        is_partial = False
        for segment in self.segments:
            if time.monotonic() > self.question.deadline:
                is_partial = True
                break
            self._take(segment)
        largest = self.question.sort != "terlama"
        pick = heapq.nlargest if largest else heapq.nsmallest
        hits = pick(self.question.limit, self.hits)
        return Found(
            [(entry, value) for value, _order, entry in hits],
            self.total,
            {facet: dict(counts) for facet, counts in self.facets.items()},
            is_partial,
        )

    def _take(self, segment: OpenSegment) -> None:
        question = self.question
        view = View(self, segment)
        found = segment.living
        if question.tree is not None:
            found &= view.bits(question.tree)
        if found and (question.first is not None or question.until is not None):
            found &= view.between("order", question.first, question.until)
        if not found:
            return
        narrowed = {facet: segment.any_of(facet, values) for facet, values in question.narrow.items()}
        for facet, folds in question.facet_folds.items():
            self._count(segment, facet, folds, found, narrowed)
        for bits in narrowed.values():
            found &= bits
        if question.fold:
            found &= segment.facets["fold"].get(question.fold, 0)
        self.total += found.bit_count()
        self._collect(segment, view, found)

    def _count(
        self, segment: OpenSegment, facet: str, folds: Any, found: int, narrowed: dict[str, int]
    ) -> None:
        """Add up a facet's values, its own filter left aside."""
        for other, bits in narrowed.items():
            if other != facet:
                found &= bits
        folded = {
            fold: found & segment.facets["fold"].get(fold, 0) if fold else found for fold in folds.values()
        }
        counts = self.facets[facet]
        for value, bits in segment.facets[facet].items():
            fold = folds.get(value, folds[""])
            if number := (bits & folded[fold]).bit_count():
                counts[value] += number

    def _collect(self, segment: OpenSegment, view: View, found: int) -> None:
        question = self.question
        sort_by = "released" if question.sort == "dilepas" else "order"
        if question.beyond is not None:
            if question.sort == "terlama":
                found &= view.between(sort_by, question.beyond + 1, None)
            else:
                found &= view.between(sort_by, None, question.beyond)
        if question.known is not None:
            found &= view.between("released", None, question.known + 1)
        if not found:
            return
        entries, keys = segment.column("entry"), segment.column(sort_by)
        numbers = segment.documents(found)
        if question.sort == "relevan" and question.tree is not None:
            scores = view.scores(question.tree, segment.flags(found))
            scored = ((scores.get(at, 0.0), keys[at], entries[at]) for at in numbers)
            self.hits.extend(heapq.nlargest(question.limit, scored))
            return
        pick = heapq.nsmallest if question.sort == "terlama" else heapq.nlargest
        for at in pick(question.limit, numbers, key=keys.__getitem__):
            self.hits.append((keys[at], keys[at], entries[at]))

    def _average(self, field: str) -> float:
        """Mean length of a field in words."""
        documents = sum(segment.size for segment in self.segments)
        return max(sum(segment.length(field) for segment in self.segments) / max(documents, 1), 1.0)

    def weight(self, field: str, word: str) -> float:
        """Inverse document frequency, as BM25 has it, times (k1 + 1)."""
        frequency = sum(segment.frequency(field, word) for segment in self.segments)
        return math.log(1 + (self.count - frequency + 0.5) / (frequency + 0.5)) * (K1 + 1)

    def marks(self, phrase: Phrase) -> tuple[list[str], bool]:
        """As `marks_of`, as far as the index has them."""
        return marks_of(phrase.stems) if self.has_marks and not phrase.in_title else ([], False)

    def expand(self, prefix: str) -> list[str]:
        if prefix not in self.expansions:
            found = terms(self.segments, prefix, MOST_EXPANSIONS)
            self.expansions[prefix] = [word for word, _frequency in found]
        return self.expansions[prefix]


class View:
    """One question before one segment."""

    def __init__(self, search: Search, segment: OpenSegment) -> None:
        self.search = search
        self.segment = segment
        self.phrases: dict[Phrase, Counter[int]] = {}  # how often in which document

    def bits(self, node: Node) -> int:
        """The documents that match."""
        segment = self.segment
        match node:
            case Word(stem=stem, in_title=in_title):
                return segment.postings("title" if in_title else "words", stem).bits
            case Phrase():
                return self._phrase_bits(node)
            case Prefix(form=form):
                return self._any(segment.postings("forms", word).bits for word in self.search.expand(form))
            case In(facet=facet, values=values):
                return segment.any_of(facet, values)
            case Days(first=first, last=last):
                return self.between("order", *order_span(first, last))
            case Flat(item=item):
                return self.bits(item)
            case Not(item=item):
                return segment.everything ^ self.bits(item)
            case All(items=items):
                found = segment.everything
                for item in items:
                    found &= self.bits(item)
                    if not found:
                        break
                return found
            case Some(items=items, count=count):
                return at_least(count, [self.bits(item) for item in items])
            case Best(items=items):
                return self._any(self.bits(item) for item in items)

    def scores(self, node: Node, wanted: bytes) -> Scores:
        """BM25 of the flagged documents that match; documents without a score are absent."""
        match node:
            case Word(form=form, stem=stem, in_title=in_title, weight=weight):
                found = {} if in_title else self._bm25("words", stem, wanted, weight)
                _add(found, self._bm25("title", stem, wanted, weight * TITLE_WEIGHT))
                if form != stem:
                    bonus = self.search.weight("forms", form) * FORM_WEIGHT * weight
                    postings = self.segment.postings("forms", form).documents
                    _add(found, {at: bonus for at in postings if wanted[at]})
                return found
            case Phrase(stems=stems, in_title=in_title, weight=weight):
                field = "title" if in_title else "words"
                factor = weight * sum(self.search.weight(field, stem) for stem in stems)
                counts = self._phrase_counts(node)
                return self._saturated(field, ((at, n) for at, n in counts if wanted[at]), factor)
            case Prefix():
                return dict.fromkeys(self.segment.documents(self.bits(node)), 1.0)
            case Flat(item=item, score=score) if score:
                return {at: score for at in self.segment.documents(self.bits(item)) if wanted[at]}
            case All(items=items) | Some(items=items):
                total: Scores = {}
                for item in items:
                    _add(total, self.scores(item, wanted))
                return total
            case Best(items=items):
                best: Scores = {}
                for item in items:
                    matching = self.bits(item)
                    for at, score in self.scores(item, self.segment.flags(matching)).items():
                        if wanted[at] and score > best.get(at, 0.0):
                            best[at] = score
                return best
        return {}

    def between(self, column: str, first: int | None, until: int | None) -> int:
        """The documents whose sort key is at least `first` and less than `until`."""
        low = -1 if first is None else first
        high = 2**64 if until is None else until
        return to_bits(bytearray(low <= key < high for key in self.segment.column(column)))

    def _bm25(self, field: str, word: str, wanted: bytes, weight: float) -> Scores:
        pairs = ((at, n) for at, n in self._counts(field, word) if wanted[at])
        return self._saturated(field, pairs, weight * self.search.weight(field, word))

    def _counts(self, field: str, word: str) -> Iterable[tuple[int, float]]:
        """(document, how often the word stands there)"""
        postings = self.segment.postings(field, word)
        return zip(postings.documents, postings.weights or repeat(1.0), strict=False)

    def _phrase_counts(self, phrase: Phrase) -> Iterable[tuple[int, float]]:
        marks, is_whole = self.search.marks(phrase)
        return self._counts("words", marks[0]) if is_whole else self.phrases.get(phrase, Counter()).items()

    def _saturated(self, field: str, pairs: Iterable[tuple[int, float]], factor: float) -> Scores:
        lengths = self.segment.column(f"{field}_length")
        fixed, slope = K1 * (1 - B), K1 * B / self.search.sizes[field]
        return {at: factor * n / (n + fixed + slope * lengths[at]) for at, n in pairs}

    def _phrase_bits(self, phrase: Phrase) -> int:
        marks, is_whole = self.search.marks(phrase)
        if is_whole:
            return self.segment.postings("words", marks[0]).bits
        if phrase not in self.phrases:
            self.phrases[phrase] = self._find_phrase(phrase)
        flags = bytearray(self.segment.size)
        for at in self.phrases[phrase]:
            flags[at] = 1
        return to_bits(flags)

    def _find_phrase(self, phrase: Phrase) -> Counter[int]:
        field = "title" if phrase.in_title else "words"
        counts: Counter[int] = Counter()
        bits = self.segment.everything
        marks, _is_whole = self.search.marks(phrase)
        for word in (*marks, *phrase.stems):
            bits &= self.segment.postings(field, word).bits
        if not bits:
            return counts
        wanted = self.segment.flags(bits)
        places = [self.segment.positions(field, stem, wanted) for stem in phrase.stems]
        for at in places[0]:
            starts = set(places[0][at])
            for offset, found in enumerate(places[1:], 1):
                starts &= {place - offset for place in found[at]}
            if starts:
                counts[at] = len(starts)
        return counts

    @staticmethod
    def _any(sets: Iterable[int]) -> int:
        found = 0
        for bits in sets:
            found |= bits
        return found


def _add(total: Scores, more: Scores) -> None:
    """Add scores to those of documents that have one; a bonus alone makes no hit."""
    if not total:
        total.update(more)
        return
    for at, score in more.items():
        total[at] = total.get(at, 0.0) + score
