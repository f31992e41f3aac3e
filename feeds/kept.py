"""A small store in the memory of the process, bounded by bytes, least recently used out first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class Kept(Generic[V]):
    """Values by key, of at most `limit` bytes together. Safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.weight = 0
        self._rows: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> V | None:
        with self._lock:
            row = self._rows.get(key)
            if row is None:
                return None
            self._rows.move_to_end(key)
            return row[0]

    def put(self, key: Hashable, value: V, weight: int) -> None:
        """Keep a value that takes about `weight` bytes."""
        with self._lock:
            former = self._rows.pop(key, None)
            self.weight += weight - (former[1] if former else 0)
            self._rows[key] = (value, weight)
            while self.weight > self.limit and self._rows:
                self.weight -= self._rows.popitem(last=False)[1][1]

    def clear(self) -> None:
        with self._lock:
            self._rows.clear()
            self.weight = 0
