"""Progress of long work: a bar on a terminal, a plain line now and then in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from tqdm import tqdm

LOG_EVERY = 10.0  # seconds between two plain lines


class Bar:
    """Counts up to `total` things called `unit`; use as a context manager and call `advance(n)`."""

    def __init__(self, total: int | None, unit: str) -> None:
        self.total, self.unit, self.done = total, unit, 0
        self.is_terminal = sys.stderr.isatty()
        self.bar = tqdm(total=total, unit=f" {unit}", file=sys.stderr) if self.is_terminal else None
        self.started = self.last = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.close()
        elif self.done:
            self._line()

    def advance(self, count: int = 1) -> None:
        self.done += count
        if self.bar is not None:
            self.bar.update(count)
        elif time.monotonic() - self.last >= LOG_EVERY:
            self._line()

    def _line(self) -> None:
        self.last = time.monotonic()
        of = f" of {self.total}" if self.total else ""
        sys.stderr.write(f"{self.done}{of} {self.unit}, {self.last - self.started:.0f} s\n")
        sys.stderr.flush()
