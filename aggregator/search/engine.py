"""What every engine can do, and where its files are.

    INDEX_DIR/<engine>/current → build-…      the index that is searched, swapped in one step
    INDEX_DIR/<engine>/build-…/manifest.json  what the index consists of, and how far it has followed

The manifest is signed with SECRET_KEY and replaced last, after all files it names: an index is exactly
as new as its manifest, and nothing that the manifest does not vouch for is opened (whoosh unpickles).
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import pickle
import secrets
import shutil
import struct
import time
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from aggregator.errors import IndexUnavailable
from aggregator.search.analysis import SIGNATURE
from aggregator.search.documents import Document
from aggregator.search.query import Node

MANIFEST = "manifest.json"
SALT = "aggregator.search.manifest"
STALE_BUILD = 6 * 3600  # seconds after which an abandoned build is removed

# BM25 as both engines compute it, and what a hit in the title or of the very form adds.
K1, B = 1.2, 0.75
TITLE_WEIGHT, FORM_WEIGHT = 0.7, 0.3
MOST_EXPANSIONS = 64  # words that one prefix stands for, the most frequent


@dataclass(frozen=True, slots=True)
class Question:
    """What an engine is asked. Facet values within a facet are alternatives."""

    tree: Node | None
    narrow: Mapping[str, tuple[str, ...]]
    fold: str  # "" for all entries, else one of documents.FOLDS
    facet_folds: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # facet → value or "" → fold
    first: int | None = None  # sort keys (moments.order_key): published from, inclusive
    until: int | None = None  # ... to, exclusive
    sort: str = "terbaru"  # terbaru, terlama, dilepas (newest release first), relevan
    beyond: int | None = None  # sort key of the last hit of the page before
    known: int | None = None  # only entries released up to this sort key: what the first page could know
    limit: int = 20
    is_counted: bool = True  # whether the total is wanted; without, it may be the number of hits
    deadline: float = float("inf")  # time.monotonic() after which a partial answer is given


@dataclass(frozen=True, slots=True)
class Found:
    hits: list[tuple[int, float]]  # (entry id, score; or its sort key, unless by relevance), in order
    total: int
    facets: dict[str, dict[str, int]]
    is_partial: bool = False  # the deadline came first


class Reader(Protocol):
    """One state of an index, safe to share between threads."""

    @property
    def size(self) -> int:
        """How many documents there are."""

    def search(self, question: Question) -> Found: ...

    def terms(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        """The most frequent indexed words that begin so, with the number of their documents."""

    def frequency(self, stem: str) -> int:
        """In how many documents a stem is."""

    def orders(self) -> dict[int, int]:
        """Sort key by entry id, of all documents."""

    def close(self) -> None: ...


class Writer(Protocol):
    """The one writer of an index."""

    def write(self, documents: Sequence[Document], gone: Collection[int]) -> dict[str, Any]:
        """Take these documents in, in place of older ones of the same entries, and the gone ones out.
        Returns what the manifest is to say about the files."""

    def sweep(self) -> None:
        """Remove files that no manifest needs any more."""

    def close(self) -> None: ...


class Engine(Protocol):
    def create(self, path: Path) -> dict[str, Any]:
        """Make an empty index in an empty folder; returns what the manifest is to say."""

    def open_reader(self, path: Path, manifest: dict[str, Any], old: Reader | None) -> Reader: ...

    def open_writer(self, path: Path, manifest: dict[str, Any]) -> Writer: ...


def engine() -> Engine:
    """The engine that SEARCH_ENGINE names."""
    if settings.SEARCH_ENGINE == "tantivy":
        from aggregator.search.tantivy_index import TantivyEngine

        return TantivyEngine()
    from aggregator.search.whoosh_index import WhooshEngine

    return WhooshEngine()


def home() -> Path:
    return Path(settings.INDEX_DIR) / settings.SEARCH_ENGINE


def current() -> Path:
    """The folder that is searched now. Raises IndexUnavailable when there is none."""
    path = (home() / "current").resolve()
    if not path.is_dir() or path.parent != home().resolve():
        raise IndexUnavailable("there is no search index yet", code="index_missing")
    return path


def new_build(cursor: dict[str, Any]) -> Path:
    """An empty index in a folder of its own, not yet searched."""
    path = home() / f"build-{secrets.token_hex(6)}"
    path.mkdir(parents=True)
    write_manifest(path, engine().create(path), cursor)
    return path


def swap(build: Path) -> None:
    """Let this be the index that is searched, from now on and in one step."""
    link = home() / f"current-{secrets.token_hex(4)}"
    link.symlink_to(build.name)
    link.replace(home() / "current")


def remove_old_builds(replaced: Path | None = None) -> None:
    """Remove the build that was replaced, and any that was abandoned. Who reads in one still can: its
    files go with their last reader."""
    used = (home() / "current").resolve()
    for path in home().glob("build-*"):
        with suppress(OSError):
            is_old = path == replaced or time.time() - path.stat().st_mtime > STALE_BUILD
            if is_old and path != used:
                shutil.rmtree(path)


@contextmanager
def mapped(*also: type[Exception]) -> Iterator[None]:
    """The one edge at which what whoosh, tantivy and the disk raise becomes IndexUnavailable: code
    `index_disk` when it is the disk's fault and the files are as good as before, else `index_torn`.
    `also`: further errors of an engine that mean torn files."""
    torn: tuple[type[Exception], ...] = (*_TORN, *also)
    try:
        yield
    except OSError as error:
        code = "index_disk" if error.errno in _DISK_FAULTS else "index_torn"
        raise IndexUnavailable(f"the index files: {error}", code=code) from error
    except torn as error:
        raise IndexUnavailable(f"the index files: {error!r:.300}", code="index_torn") from error


_TORN = (ValueError, EOFError, LookupError, AssertionError, struct.error, zlib.error, pickle.PickleError)
_DISK_FAULTS = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EMFILE,
    errno.ENFILE,
}


def write_manifest(path: Path, files: dict[str, Any], cursor: dict[str, Any]) -> dict[str, Any]:
    """Replace the manifest: the moment from which the new state counts."""
    manifest = {
        "engine": settings.SEARCH_ENGINE,
        "analysis": SIGNATURE,
        "index": path.name,
        "files": files,
        "cursor": cursor,
    }
    body = json.dumps(manifest, sort_keys=True)
    new = path / f"{MANIFEST}.{os.getpid()}"
    with new.open("w", encoding="utf-8") as file:
        json.dump({"body": body, "mac": _mac(body, settings.SECRET_KEY)}, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path / MANIFEST)
    return manifest


def read_manifest(path: Path, *, outdated_too: bool = False) -> dict[str, Any]:
    """The manifest of a folder. Raises IndexUnavailable when it is missing, torn or not ours, and when it
    was made by another analysis, unless that is asked for."""
    try:
        signed = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        body, mac = signed["body"], signed["mac"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise IndexUnavailable(f"the manifest cannot be read: {error}", code="index_torn") from error
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if not any(constant_time_compare(str(mac), _mac(str(body), key)) for key in keys):
        raise IndexUnavailable("the manifest was not signed by this portal", code="index_tampered")
    manifest: dict[str, Any] = json.loads(body)
    if (manifest["engine"], manifest["index"]) != (settings.SEARCH_ENGINE, path.name):
        raise IndexUnavailable("the manifest belongs to another index", code="index_tampered")
    if manifest["analysis"] != SIGNATURE and not outdated_too:
        raise IndexUnavailable("the index was made by another analysis", code="index_outdated")
    return manifest


def has_marks(manifest: dict[str, Any]) -> bool:
    """Whether the index has the marks that `phrases` makes now. One made by another analysis is searched by
    the words alone until the new one is there."""
    return bool(manifest["analysis"] == SIGNATURE)


def _mac(body: str, key: str) -> str:
    return salted_hmac(SALT, body, secret=key, algorithm="sha256").hexdigest()


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def lock(name: str, wait: float = 0.0) -> Iterator[bool]:
    """Hold a lock of this index; gives whether it was got within `wait` seconds.

    The kernel frees it when its holder dies, however it dies, so there is no stale lock.
    """
    home().mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait
    with (home() / f"{name}.lock").open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                got = True
                break
            except BlockingIOError:
                got = False
                if time.monotonic() >= deadline:
                    break
                time.sleep(0.1)
        try:
            yield got
        finally:
            if got:
                fcntl.flock(file, fcntl.LOCK_UN)
