"""One line of JSON an event, with the ids of the request or task it belongs to.

No personal data: an address of ours without its question, never a reader's address, name or words. A line
break or control character in a message is escaped by JSON, so nobody can write a line of his own. Files are
bounded: LOG_FILE_BYTES each, LOG_FILE_KEEP of them.
"""

from __future__ import annotations

import fcntl
import json
import logging
import logging.handlers
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

request_id: ContextVar[str] = ContextVar("request_id", default="")
task_id: ContextVar[str] = ContextVar("task_id", default="")

LONGEST = 4000  # characters of a message or a traceback
EXTRAS = ("method", "route", "status", "ms", "bytes", "cache")


class JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage()[:LONGEST],
            "process": record.process,
        }
        if request := request_id.get():
            event["request"] = request
        if task := task_id.get():
            event["task"] = task
        event |= {name: getattr(record, name) for name in EXTRAS if hasattr(record, name)}
        if record.exc_info:
            event["error"] = self.formatException(record.exc_info)[-LONGEST:]
        return json.dumps(event, ensure_ascii=False, default=str).translate(_BREAKS)


# JSON leaves these as they are, and some readers of logs take them for the end of a line.
_BREAKS = {ord(char): f"\\u{ord(char):04x}" for char in "\x7f\x85\u2028\u2029\u202a\u202b\u202c\u202d\u202e"}


class PlainLine(logging.Formatter):
    """For a terminal: readable, and still one line an event but for tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        record.msg = "".join(char if char.isprintable() else " " for char in record.getMessage())
        record.args = None
        return super().format(record)


class SharedFile(logging.handlers.WatchedFileHandler):
    """A log file that many processes write and that any of them turns over when it is full."""

    def __init__(self, filename: str, most: int, keep: int) -> None:
        Path(filename).parent.mkdir(parents=True, exist_ok=True)
        super().__init__(filename, encoding="utf-8", delay=True, errors="backslashreplace")
        self.most, self.keep = most, keep

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self._size() > self.most:
                self._turn_over()
        except OSError:
            pass  # a full disk must not end the work that is being told of
        super().emit(record)

    def _size(self) -> int:
        try:
            return Path(self.baseFilename).stat().st_size
        except FileNotFoundError:
            return 0

    def _turn_over(self) -> None:
        with Path(f"{self.baseFilename}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._size() <= self.most:
                return  # another process did
            for number in range(self.keep - 1, 0, -1):
                older = Path(f"{self.baseFilename}.{number}")
                if older.exists():
                    older.replace(f"{self.baseFilename}.{number + 1}")
            Path(self.baseFilename).replace(f"{self.baseFilename}.1")
