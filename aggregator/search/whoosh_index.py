"""The embedded engine: whoosh keeps words and postings, the answer is put together in whoosh_search.

Its files are a signed table of contents and immutable segments; only the worker writes.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.filetables import FileFormatError
from whoosh.index import TOC
from whoosh.index import IndexError as WhooshError

from aggregator.errors import IndexUnavailable
from aggregator.search.documents import Document
from aggregator.search.engine import (
    MANIFEST,
    Found,
    Question,
    Reader,
    digest,
    has_marks,
    mapped,
)
from aggregator.search.whoosh_search import Search, terms
from aggregator.search.whoosh_segments import (
    NAME,
    SCHEMA,
    OpenSegment,
    merge_segments,
    write_segment,
)

TORN = (FileFormatError, WhooshError)
MERGE_AT = 8  # segments of about one size become one ...
MERGE_MOST = 20_000  # ... of no more documents than this: a larger merge would stall the follower


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
                return Search(self.segments, question, self.has_marks).run()
        finally:
            self.lock.release()

    def terms(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        with self.lock, mapped(*TORN):
            return terms(self.segments, prefix, limit)

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
