"""Parsing and cleaning in processes of their own, so that a poison feed costs only itself.

Each worker has one thread here that feeds it over a socket pair and waits for it; a worker that eats too
much time is killed, one that eats too much memory dies of its own limit, and the next feed gets a new one.
Workers know nothing of Django, inherit no environment (no keys, no database address), may write no file,
and die with the process that started them. Own code rather than a pool of a library, because those share
one pipe and lock between workers, where one that is killed at the wrong moment stops or empties the pool.
"""

from __future__ import annotations

import ctypes
import os
import queue
import resource
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from aggregator.clean import clean
from aggregator.errors import ParseError, PortalError
from aggregator.parse import parse
from aggregator.records import CleanFeed

START_SECONDS = 60.0  # a new interpreter on a machine that is very busy
MAX_TASKS = 1000  # then a worker is replaced, and whatever it leaked is gone
OUT_OF_MEMORY = 77  # exit status of a worker that met its limit
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


T = TypeVar("T", covariant=True)
R = TypeVar("R")


class Task(Protocol[T]):
    """Work for a worker: plain values that can be pickled, and what to do with them."""

    def run(self) -> T: ...


@dataclass(frozen=True, slots=True)
class ReadTask:
    """One fetched body to be parsed and cleaned."""

    body: bytes
    url: str
    now: datetime  # aware
    timezone: str  # IANA name of the satker's zone
    media_type: str = ""
    charset: str = ""

    def run(self) -> CleanFeed:
        return read(self)


def read(task: ReadTask) -> CleanFeed:
    """Parse, then clean. Raises ParseError."""
    feed = parse(task.body, url=task.url, media_type=task.media_type, charset=task.charset)
    return clean(feed, url=task.url, now=task.now, timezone=task.timezone)


class ParsePool:
    """`processes` workers; `timeout`: seconds for one feed; `max_memory`: bytes of address space a worker
    may take beyond what it has at its start. Workers start with the first task; `close` ends them."""

    def __init__(self, processes: int, timeout: float, max_memory: int) -> None:
        self._timeout = timeout
        self._max_memory = max_memory
        self._tasks: queue.SimpleQueue[tuple[Task[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._serve, name=f"parse-{n}", daemon=True) for n in range(processes)
        ]
        self._closed = False
        for thread in self._threads:
            thread.start()

    def submit(self, task: Task[R]) -> Future[R]:
        """Returns at once. The future raises ParseError: those of `parse`, `parse_timeout`,
        `parse_memory`, or `parse` for a worker that crashed."""
        if self._closed:
            raise RuntimeError("The parse pool is closed.")
        future: Future[R] = Future()
        self._tasks.put((task, future))
        return future

    def close(self) -> None:
        """Wait for the tasks under way, cancel those that wait, end the workers. May be called twice."""
        self._closed = True
        while job := self._next_waiting():
            job[1].cancel()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def _next_waiting(self) -> tuple[Task[Any], Future[Any]] | None:
        try:
            return self._tasks.get_nowait()
        except queue.Empty:
            return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self) -> None:
        worker: _Worker | None = None
        while job := self._tasks.get():
            task, future = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                if worker is None or not worker.is_usable():
                    worker = _Worker(self._max_memory)
                future.set_result(worker.run(task, self._timeout))
            except BaseException as error:
                future.set_exception(error)
        if worker is not None:
            worker.end()


class _Worker:
    """One process and our end of the line to it."""

    def __init__(self, max_memory: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", __name__, str(theirs.fileno()), str(max_memory), str(os.getpid())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=Path(__file__).resolve().parent.parent,
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            )
        self.line: Connection = Connection(ours.detach())
        self.tasks = 0
        try:
            ready = self.line.poll(START_SECONDS) and self.line.recv()
        except (EOFError, OSError):
            ready = False
        if not ready:
            self.kill()
            raise ParseError("Proses pembaca umpan tidak dapat dijalankan.", code="parse")

    def is_usable(self) -> bool:
        """False once dead (also if killed from outside while idle) or worn; a worn one is ended."""
        if self.process.poll() is None and self.tasks < MAX_TASKS:
            return True
        self.end()
        return False

    def run(self, task: Task[R], timeout: float) -> R:
        self.tasks += 1
        try:
            self.line.send(task)
            if not self.line.poll(timeout):
                self.kill()
                raise ParseError(f"Umpan tidak selesai dibaca dalam {timeout:g} detik.", code="parse_timeout")
            answer: R | PortalError = self.line.recv()
        except (EOFError, OSError) as error:
            raise self._death() from error
        if isinstance(answer, PortalError):
            raise answer
        return answer

    def _death(self) -> ParseError:
        self.kill()
        status = self.process.returncode
        if status in (OUT_OF_MEMORY, -signal.SIGABRT, -signal.SIGKILL):  # Rust aborts, the kernel kills
            return ParseError("Membaca umpan ini memakan terlalu banyak memori.", code="parse_memory")
        return ParseError(f"Proses pembaca umpan berhenti mendadak (status {status}).", code="parse")

    def end(self) -> None:
        """Close the line; the worker leaves by itself."""
        self.line.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        self.line.close()
        try:
            self.process.wait(timeout=0.2)  # one that is dying keeps its own status
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


# --- in the worker ----------------------------------------------------------------------------------


def work(line: Connection) -> None:
    """Answer tasks until the other end hangs up. An unforeseen error is an answer too; memory is the end."""
    line.send(True)
    while True:
        try:
            task = line.recv()
        except EOFError:
            return
        try:
            answer: object = task.run()
        except PortalError as error:
            error.__cause__ = error.__context__ = None
            answer = error
        except MemoryError:
            raise
        except Exception as error:
            answer = ParseError(f"Umpan tidak dapat dibaca: {error!r:.200}", code="parse")
        line.send(answer)


def _confine(max_memory: int, parent: int) -> None:
    """Limits that hold for everything a feed makes this process do. Linux; elsewhere those that exist."""
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the parent, which then closes the line
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked to be told
            os._exit(0)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + max_memory
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    descriptor, max_memory, parent = map(int, sys.argv[1:])
    _confine(max_memory, parent)
    try:
        work(Connection(descriptor))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except OSError:
        os._exit(0)  # the parent is gone or has given us up


if __name__ == "__main__":
    main()
