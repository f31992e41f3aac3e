"""How many requests at once, and how far apart."""

from __future__ import annotations

import asyncio
import threading
import time
from weakref import WeakValueDictionary


class Slots:
    """A semaphore a key, kept while in use."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def slot(self, key: str) -> asyncio.Semaphore:
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = asyncio.Semaphore(self._size)
        return found


class Pace:
    """When each host may be asked next: one book for all sessions and threads of this process."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    async def wait(self, host: str, spacing: float) -> None:
        if spacing <= 0:
            return
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next.get(host, 0.0))
            self._next[host] = at + spacing
            if len(self._next) > 10_000:
                self._next = {name: end for name, end in self._next.items() if end > now}
        if at > now:
            await asyncio.sleep(at - now)

    def ended(self, host: str, spacing: float) -> None:
        """A slow answer must not be followed at once by the next question."""
        if spacing > 0:
            with self._lock:
                self._next[host] = max(self._next.get(host, 0.0), time.monotonic() + spacing)


PACE = Pace()
