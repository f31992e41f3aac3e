"""Finished answers, kept until something public changes.

An answer is good for one generation of the portal, which every public change moves and which is read at
most once a second. When the generation has moved the document is composed again; if its bytes are the same
the old answer stands, with its validators and compressed copies, so that a post of one office changes
nothing for the subscribers of another.
"""

from __future__ import annotations

import gzip
import hashlib
import time
from collections.abc import Callable
from datetime import datetime
from threading import Lock, get_ident

import brotli
from django.db import DatabaseError

from aggregator.models import PortalState
from feeds.kept import Kept

READ_EVERY = 1.0  # seconds
ASK_AGAIN = 5.0  # seconds a database counts as away after a failure; longer than connecting may take
STUCK_AFTER = 4.0  # seconds
INDEX_LAG = 5.0  # seconds after which a search is asked again: the index follows the generation later
BROTLI_QUALITY = 5  # within 2 % of gzip -9 in size at a fraction of its time
GZIP_LEVEL = 6


class Prepared:
    """One answer: its bytes plain and compressed, and its validators."""

    def __init__(self, body: bytes, modified_at: datetime, links: str) -> None:
        self.body = body
        self.version = hashlib.blake2b(body, digest_size=12).hexdigest()
        self.modified_at = modified_at.replace(microsecond=0)
        self.links = links  # the Link header
        self._copies: dict[str, bytes] = {}

    def encoded(self, coding: str) -> bytes:
        """The bytes as `br`, `gzip` or, for "", as they are. Compressed once, at the first demand."""
        if not coding:
            return self.body
        copy = self._copies.get(coding)
        if copy is None:
            copy = self._copies[coding] = compress(self.body, coding)
        return copy

    def etag(self, coding: str) -> str:
        """A strong validator: other bytes, other tag (RFC 9110 §8.8.3.3)."""
        return f'"{self.version}-{coding}"' if coding else f'"{self.version}"'


def compress(body: bytes, coding: str) -> bytes:
    if coding == "br":
        packed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY)
        return packed
    return gzip.compress(body, compresslevel=GZIP_LEVEL, mtime=0)  # no time: equal bytes stay equal


Generation = tuple[str, int]

answers: Kept[tuple[Generation, float, Prepared]] = Kept(96_000_000)
_building = tuple(Lock() for _ in range(16))
_read: tuple[float, Generation] = (0.0, ("", 0))
_reading = Lock()
_failed_at = 0.0
_asking: dict[int, float] = {}  # thread → since when


def generation() -> Generation:
    """The portal's epoch and generation, at most READ_EVERY old; the last known without database.

    Raises DatabaseError when there is none; nobody waits for a database that has just failed to answer."""
    at, known = _read
    if known[1] and (time.monotonic() - at < READ_EVERY or is_away()):
        return known
    if is_away():
        raise DatabaseError("the database did not answer a moment ago")
    if not _reading.acquire(blocking=not known[1]):
        return known  # another thread is asking
    try:
        return read_generation()
    except DatabaseError:
        if not known[1]:
            raise
        return known
    finally:
        _reading.release()


def read_generation() -> Generation:
    """The same, asked of the database now. Raises DatabaseError."""
    global _read, _failed_at
    _asking[get_ident()] = time.monotonic()
    try:
        state = PortalState.objects.filter(pk=1).values_list("epoch", "generation").first()
    except DatabaseError:
        _failed_at = time.monotonic()
        raise
    finally:
        _asking.pop(get_ident(), None)
    known = (str(state[0]), state[1]) if state else ("", 1)
    _read, _failed_at = (time.monotonic(), known), 0.0
    return known


def known_for() -> int:
    """Seconds since the database last told the generation."""
    return int(time.monotonic() - _read[0])


def is_away() -> bool:
    """Whether the database failed to answer within the last moments, or lets us wait for it now."""
    return (bool(_failed_at) and time.monotonic() - _failed_at < ASK_AGAIN) or is_stuck()


def is_stuck() -> bool:
    """Whether a question that takes a millisecond has been waiting for its answer for seconds."""
    now = time.monotonic()
    return any(now - since > STUCK_AFTER for since in list(_asking.values()))


def prepared(key: str, build: Callable[[], Prepared], *, searched: bool = False) -> Prepared:
    """The answer under `key`, built when there is none of this generation. One thread builds at a time.

    While the database is away the last answer stands, if there is one.
    """
    if (found := current(key, searched=searched)) is not None:
        return found
    with _building[hash(key) % len(_building)]:
        if (found := current(key, searched=searched)) is not None:
            return found
        before = generation()
        former = answers.get(key)
        try:
            fresh = build()
        except DatabaseError:
            if former is None:
                raise
            return former[2]
        if former is not None and former[2].version == fresh.version and former[2].links == fresh.links:
            former[2].modified_at = max(former[2].modified_at, fresh.modified_at)
            fresh = former[2]
        answers.put(key, (before, time.monotonic(), fresh), len(fresh.body) * 3 // 2 + 1000)
        return fresh


def current(key: str, *, searched: bool = False) -> Prepared | None:
    """The kept answer under `key`, if it is of this generation."""
    row = answers.get(key)
    if row is None or row[0] != generation():
        return None
    if searched and time.monotonic() - row[1] > INDEX_LAG:
        return None
    return row[2]


def forget() -> None:
    """Empty what is kept, as a restart does."""
    global _read, _failed_at
    _read, _failed_at = (0.0, ("", 0)), 0.0
    answers.clear()
