"""The embedded engine: whoosh keeps words and postings, the answer is put together here.

whoosh's own query objects walk postings one by one in Python. Here whole posting lists are read at once
and become big integers with one bit a document, so that AND, OR, NOT, filters and the counts of all
facets cost a few machine instructions for 30 documents. Scores are only computed for what is left.
"""

from __future__ import annotations

import heapq
import math
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import Any

from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.filetables import FileFormatError
from whoosh.index import TOC
from whoosh.index import IndexError as WhooshError

from aggregator.errors import IndexUnavailable
from aggregator.search.documents import Document
from aggregator.search.engine import (
    FORM_WEIGHT,
    K1,
    MANIFEST,
    MOST_EXPANSIONS,
    TITLE_WEIGHT,
    B,
    Found,
    Question,
    Reader,
    digest,
    has_marks,
    mapped,
)
from aggregator.search.moments import order_span
from aggregator.search.phrases import marks_of
from aggregator.search.query import All, Best, Days, Flat, In, Node, Not, Phrase, Prefix, Some, Word
from aggregator.search.whoosh_segments import (
    NAME,
    SCHEMA,
    OpenSegment,
    at_least,
    merge_segments,
    to_bits,
    write_segment,
)

TORN = (FileFormatError, WhooshError)
MERGE_AT = 8  # segments of about one size become one ...
MERGE_MOST = 20_000  # ... of no more documents than this: a larger merge would stall the follower
Scores = dict[int, float]


class WhooshEngine:
    def create(self, path: Path) -> dict[str, Any]:
        with mapped(*TORN):
            TOC(SCHEMA, [], 0).write(FileStorage(str(path)), NAME)
            return _files(path, 0, [], {})

    def open_reader(self, path: Path, manifest: dict[str, Any], old: Reader | None) -> WhooshReader:
        with mapped(*TORN):
            return WhooshReader(path, manifest, old if isinstance(old, WhooshReader) else None)

    def open_writer(self, path: Path, manifest: dict[str, Any]) -> WhooshWriter:
        with mapped(*TORN):
            return WhooshWriter(path, manifest)


def _files(path: Path, generation: int, segments: Sequence[Any], known: dict[str, Any]) -> dict[str, Any]:
    """What the manifest says: the generation, and size and digest of every file of it."""
    names = [TOC._filename(NAME, generation), *(segment.make_filename(".seg") for segment in segments)]
    old = known.get("names", {})
    return {
        "generation": generation,
        "names": {
            name: old.get(name) or [(path / name).stat().st_size, digest(path / name)] for name in names
        },
    }


def _segments(path: Path, manifest: dict[str, Any], checked: set[str]) -> list[Any]:
    """whoosh's records of the segments, after every file was compared with the manifest: whoosh would
    unpickle whatever stands there. Raises IndexUnavailable."""
    files = manifest["files"]
    for name, (size, sha256) in files["names"].items():
        if name in checked:
            continue
        try:
            if (path / name).stat().st_size != size or digest(path / name) != sha256:
                raise IndexUnavailable(f"{name} is not what was written", code="index_tampered")
        except OSError as error:
            raise IndexUnavailable(f"{name} cannot be read: {error}", code="index_torn") from error
    toc = TOC.read(FileStorage(str(path)), NAME, files["generation"], SCHEMA)
    return list(toc.segments)


class WhooshReader:
    """One state of the index. Segments are shared with the reader before it, deletions are not."""

    def __init__(self, path: Path, manifest: dict[str, Any], old: WhooshReader | None) -> None:
        self.path = path
        self.has_marks = has_marks(manifest)
        known = {segment.key: segment for segment in old.segments} if old and old.path == path else {}
        checked = {f"{key}.seg" for key in known}
        storage = FileStorage(str(path))
        self.segments: list[OpenSegment] = []
        for record in _segments(path, manifest, checked):
            shared = known.get(record.segment_id())
            self.segments.append(shared.with_deleted(record) if shared else OpenSegment(storage, record))
        self.lock: threading.Lock = old.lock if old and known else threading.Lock()
        self.size = sum(segment.living.bit_count() for segment in self.segments)

    def search(self, question: Question) -> Found:
        """One at a time, as whoosh's files keep a position; whoever waits beyond the deadline gets nothing,
        and is told so."""
        left = question.deadline - time.monotonic()
        if not self.lock.acquire(timeout=min(max(left, 0.0), threading.TIMEOUT_MAX)):
            return Found([], 0, {}, is_partial=True)
        try:
            with mapped(*TORN):
                return _Search(self.segments, question, self.has_marks).run()
        finally:
            self.lock.release()

    def terms(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        with self.lock, mapped(*TORN):
            return _terms(self.segments, prefix, limit)

    def frequency(self, stem: str) -> int:
        with self.lock, mapped(*TORN):
            return sum(segment.frequency("words", stem) for segment in self.segments)

    def orders(self) -> dict[int, int]:
        found: dict[int, int] = {}
        with self.lock, mapped(*TORN):
            for segment in self.segments:
                entries, orders = segment.column("entry"), segment.column("order")
                found.update((entries[at], orders[at]) for at in segment.documents(segment.living))
        return found

    def close(self) -> None:
        """Nothing to do: files are closed with the last reader that shares them."""


def _terms(segments: Iterable[OpenSegment], prefix: str, limit: int) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for segment in segments:
        for word, frequency in segment.words_with("forms", prefix):
            counts[word] += frequency
    return heapq.nsmallest(limit, counts.items(), key=lambda found: (-found[1], found[0]))


class _Search:
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
        view = _View(self, segment)
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

    def _collect(self, segment: OpenSegment, view: _View, found: int) -> None:
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
            found = _terms(self.segments, prefix, MOST_EXPANSIONS)
            self.expansions[prefix] = [word for word, _frequency in found]
        return self.expansions[prefix]


class _View:
    """One question before one segment."""

    def __init__(self, search: _Search, segment: OpenSegment) -> None:
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


class WhooshWriter:
    """The one writer of an index folder."""

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self.storage = FileStorage(str(path))
        self.files = manifest["files"]
        records = _segments(path, manifest, set())
        self.open = [OpenSegment(self.storage, record) for record in records]
        self.places: dict[int, tuple[str, int]] = {}  # entry → segment, document
        for segment in self.open:
            self._learn(segment)
        self.sweep()  # of a batch that was not finished, whose file names come again

    def write(self, documents: Sequence[Document], gone: Collection[int]) -> dict[str, Any]:
        with mapped(*TORN):
            return self._write(documents, gone)

    def _write(self, documents: Sequence[Document], gone: Collection[int]) -> dict[str, Any]:
        for entry_id in {*gone, *(document.entry_id for document in documents)}:
            self._delete(entry_id)
        if documents:
            self._append(write_segment(self.storage, documents))
        while due := self._due_for_merge():
            self._merge(due)
        self._drop_empty()
        generation = self.files["generation"] + 1
        records = [segment.record for segment in self.open]
        TOC(SCHEMA, records, generation).write(self.storage, NAME)
        self.files = _files(self.path, generation, records, self.files)
        return dict(self.files)

    def sweep(self) -> None:
        keep = {MANIFEST, *self.files["names"]}
        for file in self.path.iterdir():
            if file.name not in keep and file.is_file():
                with suppress(OSError):
                    file.unlink()

    def close(self) -> None:
        for segment in self.open:
            segment.close()

    def _learn(self, segment: OpenSegment) -> None:
        entries = segment.column("entry")
        for at in segment.documents(segment.living):
            self.places[entries[at]] = (segment.key, at)

    def _delete(self, entry_id: int) -> None:
        if (place := self.places.pop(entry_id, None)) is None:
            return
        key, at = place
        segment = next(segment for segment in self.open if segment.key == key)
        segment.record.delete_document(at)
        segment.living &= ~(1 << at)

    def _append(self, record: Any) -> None:
        segment = OpenSegment(self.storage, record)
        self.open.append(segment)
        self._learn(segment)

    def _due_for_merge(self) -> list[OpenSegment]:
        """MERGE_AT segments of one size class (powers of MERGE_AT), smallest class first."""
        classes: dict[int, list[OpenSegment]] = {}
        for segment in self.open:
            living = max(segment.living.bit_count(), 1)
            classes.setdefault(int(math.log(living, MERGE_AT)), []).append(segment)
        for _class, segments in sorted(classes.items()):
            size = sum(segment.living.bit_count() for segment in segments)
            if len(segments) >= MERGE_AT and size <= MERGE_MOST:
                return segments
        return []

    def _merge(self, segments: list[OpenSegment]) -> None:
        record = merge_segments(self.storage, segments)
        self.open = [segment for segment in self.open if segment not in segments]
        for segment in segments:
            segment.close()
        self._append(record)

    def _drop_empty(self) -> None:
        for segment in [segment for segment in self.open if not segment.living]:
            self.open.remove(segment)
            segment.close()
