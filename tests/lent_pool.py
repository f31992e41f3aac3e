"""Workers that parse, lent to one test after the other: a new one costs an interpreter and libraries, and
they know nothing of whom they work for."""

from __future__ import annotations

from concurrent.futures import Future, wait
from typing import Any, Self

from aggregator.parse_pool import ParsePool, Task

_pools: dict[tuple[int, float, int], ParsePool] = {}


class LentPool:
    """As a ParsePool of one's own, but that its workers live on."""

    def __init__(self, processes: int, timeout: float, max_memory: int) -> None:
        kind = (processes, timeout, max_memory)
        if kind not in _pools:
            _pools[kind] = ParsePool(*kind)
        self.pool, self.given = _pools[kind], list[Future[Any]]()

    def submit(self, task: Task[Any]) -> Future[Any]:
        self.given.append(self.pool.submit(task))
        return self.given[-1]

    def close(self) -> None:
        for future in self.given:
            future.cancel()
        wait(self.given)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def end() -> None:
    while _pools:
        _pools.popitem()[1].close()
