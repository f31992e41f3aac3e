"""whoosh's files, a segment at a time: written once, read by whole posting lists, merged by term.

Only whoosh's codec is used, not its query machinery. Segments are immutable; which of their documents
are deleted stands in the table of contents (TOC).
"""

from __future__ import annotations

import copy
import heapq
from array import array
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, compress, repeat
from typing import Any, NamedTuple

from whoosh.codec.whoosh3 import W3Codec, W3LeafMatcher
from whoosh.columns import NumericColumn
from whoosh.fields import COLUMN, FieldType, Schema
from whoosh.filedb.filestore import FileStorage, OverlayStorage
from whoosh.formats import Existence, Format
from whoosh.reading import TermNotFound

from aggregator.search.documents import Document

NAME = "MAIN"
MOST_POSITION = 65_535
CACHED_POSTINGS = 300_000  # of one segment; 8 bytes each


class PackedPositions(Format):  # type: ignore[misc]
    """Where a word stands, 16 bits each; the weight is how often it does."""


class Indexed(FieldType):  # type: ignore[misc]
    """A field whose postings are written here, without whoosh's analysis and scoring."""

    def __init__(self, format_: Format) -> None:
        super().__init__(format_, None)

    def from_bytes(self, text: bytes) -> str:
        return text.decode()


COLUMNS = {"entry": "Q", "order": "Q", "released": "Q", "title_length": "H", "words_length": "H"}
SCHEMA = Schema(
    title=Indexed(PackedPositions()),
    words=Indexed(PackedPositions()),
    forms=Indexed(Existence()),
    facets=Indexed(Existence()),
    **{name: COLUMN(NumericColumn(code)) for name, code in COLUMNS.items()},
)
CODEC = W3Codec(blocklimit=1024, compression=0)
FIELDS = ("facets", "forms", "title", "words")  # in the order in which they must be written


class Postings(NamedTuple):
    """The documents of one word in one segment, ascending."""

    documents: array[int]
    weights: array[float] | None  # None: 1 each
    bits: int  # one for each document, the lowest for document 0


EMPTY = Postings(array("I"), None, 0)
_Posting = tuple[int, float, bytes]


def write_segment(storage: FileStorage, documents: Sequence[Document]) -> Any:
    """Write these documents as a new segment and return whoosh's record of it."""
    postings: dict[str, dict[str, list[_Posting]]] = {name: defaultdict(list) for name in FIELDS}
    rows = []
    for number, document in enumerate(documents):
        rows.append((document.entry_id, document.order, document.released, *_lengths(document)))
        for name, words in (("title", document.title), ("words", document.words)):
            for word, places in _places(words).items():
                packed = array("H", places).tobytes()
                postings[name][word].append((number, float(len(places)), packed))
        for name, words in (("forms", document.forms), ("facets", facet_terms(document))):
            for word in words:
                postings[name][word].append((number, 1.0, b""))
    return _write(storage, rows, ((name, sorted(_encoded(postings[name]))) for name in FIELDS))


def merge_segments(storage: FileStorage, segments: Sequence[OpenSegment]) -> Any:
    """One new segment with the living documents of several, read and written a word at a time."""
    numbers = []
    rows: list[tuple[int, ...]] = []
    for segment in segments:
        living = segment.documents(segment.living)
        numbers.append({old: len(rows) + at for at, old in enumerate(living)})
        columns = [segment.column(name) for name in COLUMNS]
        rows.extend(tuple(column[old] for column in columns) for old in living)
    fields = ((name, _merged(name, segments, numbers)) for name in FIELDS)
    return _write(storage, rows, fields)


def facet_terms(document: Document) -> list[str]:
    """Facets and folds as words of one field: "provinsi=bali", "fold=nation"."""
    terms = [f"{facet}={value}" for facet, values in document.facets.items() for value in values]
    return terms + [f"fold={fold}" for fold in document.folds]


def _lengths(document: Document) -> tuple[int, int]:
    return min(len(document.title), MOST_POSITION), min(len(document.words), MOST_POSITION)


def _places(words: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words[:MOST_POSITION]):
        places.setdefault(word, []).append(place)
    return places


def _encoded(postings: dict[str, list[_Posting]]) -> Iterator[tuple[bytes, list[_Posting]]]:
    return ((word.encode(), found) for word, found in postings.items())


def _merged(
    name: str, segments: Sequence[OpenSegment], numbers: list[dict[int, int]]
) -> Iterator[tuple[bytes, Iterator[_Posting]]]:
    """The words of a field over all segments, each with its postings under their new numbers."""

    def words(at: int) -> Iterator[tuple[bytes, int]]:
        return ((word, at) for word in segments[at].words_from(name, b""))

    current, holders = b"", list[int]()
    for word, at in chain(heapq.merge(*(words(at) for at in range(len(segments)))), [(b"", -1)]):
        if word != current:
            if holders and (found := _renumbered(name, current, holders, segments, numbers)):
                yield current, iter(found)
            current, holders = word, []
        holders.append(at)


def _renumbered(
    name: str, word: bytes, holders: list[int], segments: Sequence[OpenSegment], numbers: list[dict[int, int]]
) -> list[_Posting]:
    found = []
    for at in holders:
        for document, weight, value in segments[at].full_postings(name, word):
            if (number := numbers[at].get(document)) is not None:
                found.append((number, weight, value))
    return found


def _write(storage: FileStorage, rows: Sequence[tuple[int, ...]], fields: Iterator[tuple[str, Any]]) -> Any:
    segment = CODEC.new_segment(storage, NAME)
    per_document = CODEC.per_document_writer(storage, segment)
    columns = [(name, SCHEMA[name].column_type) for name in COLUMNS]
    for number, row in enumerate(rows):
        per_document.start_doc(number)
        for (name, column), value in zip(columns, row, strict=True):
            per_document.add_column_value(name, column, value)
        per_document.finish_doc()
    segment.set_doc_count(len(rows))
    writer = CODEC.field_writer(storage, segment)
    for name, terms in fields:
        writer.start_field(name, SCHEMA[name])
        for word, postings in terms:
            writer.start_term(word)
            for document, weight, value in postings:
                writer.add(document, weight, value, None)
            writer.finish_term()
        writer.finish_field()
    per_document.close()
    writer.close()
    segment.create_compound_file(storage)
    return segment


class OpenSegment:
    """One segment, read. What is asked for often is kept: columns, facets, recent posting lists.

    Not safe for threads by itself: whoosh's files keep a position.
    """

    def __init__(self, storage: FileStorage, segment: Any) -> None:
        self.key: str = segment.segment_id()
        self.size: int = segment.doc_count_all()
        self.record = segment
        self.everything: int = (1 << self.size) - 1
        self._files = OverlayStorage(segment.open_compound_file(storage), storage)
        self._terms = CODEC.terms_reader(self._files, segment)
        self._per_document = CODEC.per_document_reader(self._files, segment)
        self._cache: OrderedDict[tuple[str, bytes], Postings] = OrderedDict()
        self._cached = 0
        self._columns: dict[str, Any] = {}
        self._lengths: dict[str, int] = {}
        self.living = self._living(segment)
        self.facets: dict[str, dict[str, int]] = defaultdict(dict)  # facet → value → bits
        for word in self.words_from("facets", b""):
            facet, _is, value = word.decode().partition("=")
            self.facets[facet][value] = self._read("facets", word).bits

    def with_deleted(self, segment: Any) -> OpenSegment:
        """The same segment, sharing all that is read, as a newer record has it: more of it is deleted."""
        if segment.deleted_count() == self.record.deleted_count():
            return self
        newer = copy.copy(self)
        newer.record = segment
        newer.living = newer._living(segment)
        return newer

    def _living(self, segment: Any) -> int:
        deleted = bytearray(self.size)
        for number in segment.deleted_docs():
            deleted[number] = 1
        return self.everything ^ to_bits(deleted)

    def any_of(self, facet: str, values: Sequence[str]) -> int:
        """The documents with one of these values of a facet."""
        known = self.facets[facet]
        found = 0
        for value in values:
            found |= known.get(value, 0)
        return found

    def length(self, field: str) -> int:
        """The words of a field over all documents."""
        if field not in self._lengths:
            self._lengths[field] = sum(self.column(f"{field}_length"))
        return self._lengths[field]

    def column(self, name: str) -> Any:
        if name not in self._columns:
            reader = self._per_document.column_reader(name, SCHEMA[name].column_type)
            self._columns[name] = array(COLUMNS[name], reader)
        return self._columns[name]

    def documents(self, bits: int) -> list[int]:
        """The numbers of the documents that these bits stand for, ascending."""
        return list(compress(range(self.size), self.flags(bits)))

    def flags(self, bits: int) -> bytes:
        """The same as one byte a document, 0 or 1."""
        digits = bin(bits)[:1:-1].encode().translate(_FROM_DIGITS)
        return digits + bytes(self.size - len(digits))

    def frequency(self, field: str, word: str) -> int:
        try:
            return int(self._terms.doc_frequency(field, word.encode()))
        except (KeyError, TermNotFound):
            return 0

    def postings(self, field: str, word: str) -> Postings:
        key = (field, word.encode())
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        found = self._cache[key] = self._read(*key)
        self._cached += len(found.documents) + self.size // 64
        while self._cached > CACHED_POSTINGS and len(self._cache) > 1:
            _key, oldest = self._cache.popitem(last=False)
            self._cached -= len(oldest.documents) + self.size // 64
        return found

    def positions(self, field: str, word: str, wanted: bytes) -> dict[int, array[int]]:
        """Where the word stands in those documents that are flagged."""
        found = {}
        for document, _weight, value in self.full_postings(field, word.encode()):
            if wanted[document]:
                found[document] = array("H", value)
        return found

    def full_postings(self, field: str, word: bytes) -> Iterator[_Posting]:
        for documents, weights, values in self._blocks(field, word):
            yield from zip(documents, weights or repeat(1.0), values or repeat(b""), strict=False)

    def words_from(self, field: str, start: bytes) -> Iterator[bytes]:
        """The words of a field in order, from this one on."""
        for name, word in self._terms.terms_from(field, start):
            if name != field:
                return
            yield word

    def words_with(self, field: str, prefix: str) -> Iterator[tuple[str, int]]:
        """The words that begin so, each with the number of its documents."""
        start = prefix.encode()
        for (name, word), info in self._terms.items_from(field, start):
            if name != field or not word.startswith(start):
                return
            yield word.decode(), info.doc_frequency()

    def close(self) -> None:
        self._terms.close()
        self._per_document.close()
        self._files.close()

    def _read(self, field: str, word: bytes) -> Postings:
        documents, weights, plain = array("I"), array("f"), True
        for numbers, block_weights, _values in self._blocks(field, word):
            documents.extend(numbers)
            plain &= block_weights is None
            weights.extend(block_weights or repeat(1.0, len(numbers)))
        if not documents:
            return EMPTY
        flags = bytearray(self.size)
        for number in documents:
            flags[number] = 1
        return Postings(documents, None if plain else weights, to_bits(flags))

    def _blocks(
        self, field: str, word: bytes
    ) -> Iterator[tuple[array[int], Sequence[float] | None, Sequence[bytes] | None]]:
        """The blocks of a posting list. whoosh's public way gives one posting at a time, twenty times
        slower; what is used of its inside here is held in place by the contract tests."""
        try:
            matcher: W3LeafMatcher = self._terms.matcher(field, word, SCHEMA[field].format)
        except (KeyError, TermNotFound):
            return
        while True:
            matcher._read_data()
            ids, weights, values = matcher._data
            numbers = array("I", accumulate(ids))
            if isinstance(weights, float):
                weights = (weights,) * len(numbers)
            yield numbers, weights, values
            if matcher._lastblock:
                return
            matcher._next_block()


_FROM_DIGITS = bytes.maketrans(b"01", b"\0\1")
_TO_DIGITS = bytes.maketrans(b"\0\1", b"01")


def to_bits(flags: bytearray) -> int:
    """One bit for each byte that is 1, the lowest for the first. The detour over digits is linear, in C."""
    flags.reverse()
    return int(flags.translate(_TO_DIGITS) or b"0", 2)


def at_least(count: int, sets: Sequence[int]) -> int:
    """The bits that are in at least `count` of the sets; all bits for a count of 0."""
    if count < 1:
        return -1
    reached = [0] * (count + 1)
    for bits in sets:
        for level in range(count, 1, -1):
            reached[level] |= reached[level - 1] & bits
        reached[1] |= bits
    return reached[count]
