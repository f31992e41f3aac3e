"""Child processes that end with their parent, cleanly where that is possible."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from django.conf import settings

PR_SET_PDEATHSIG = 1  # prctl(2), Linux
STOP_SECONDS = 20.0


class Child:
    """One `manage.py` command in a session of its own.

    Of its own, because a terminal's Ctrl-C goes to a whole process group, and django-q2's master hangs
    when its workers are signalled beside it: only the master is told to stop. `nice` lets others go first
    (nice(1)): an index that catches up must not slow readers.
    """

    def __init__(
        self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None, *, nice: int = 0
    ) -> None:
        self.name = name
        self.process = subprocess.Popen(  # noqa: S603 - our own command line
            [sys.executable, str(settings.BASE_DIR / "manage.py"), *command],
            start_new_session=True,
            preexec_fn=lambda: _begin(nice),
            env={**os.environ, **(env or {})},
        )

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self.process.poll()

    def ask_to_stop(self) -> None:
        if self.is_running:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float = STOP_SECONDS) -> None:
        """Wait for the end; what still runs then is killed with all its children."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def stop_all(children: Sequence[Child]) -> None:
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        child.wait(max(0.5, deadline - time.monotonic()))


def _begin(nice: int) -> None:
    """In the child, before it becomes the command."""
    os.nice(nice)
    end_with_parent()


def end_with_parent(by: signal.Signals = signal.SIGTERM) -> None:
    """Be told to stop when the parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, by)


class StopSignal:
    """True once SIGTERM or SIGINT has come; `sleep` ends early with it."""

    def __init__(self) -> None:
        self.received = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._receive)

    def _receive(self, number: int, frame: object) -> None:
        self.received = True

    def __bool__(self) -> bool:
        return self.received

    def sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self.received and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.2))
