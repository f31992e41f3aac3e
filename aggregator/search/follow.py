"""Keeping the index up to date: it follows the change sequence with a cursor that lies beside its files.

    cursor = {"epoch": …, "head": [xact, id], "backlog": null | {"from": …, "to": …, "before": …}}

Everything up to `head` is in the index, but for the backlog: the range of marks (`from` null: all that is
public) that is worked off newest post first, down to the post `before`. Marks beyond the head go first,
so that a post that becomes public now is found within seconds however long the backlog is. The cursor is
committed with the files; a follower that is killed does its last batch again, which changes nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import DatabaseError, close_old_connections, connection
from django.db.models import QuerySet

from aggregator.errors import IndexUnavailable
from aggregator.memory import seldom_collected, take_little_memory
from aggregator.models import Change, Entry, PortalState
from aggregator.models.changes import beyond
from aggregator.search.documents import documents, neighbours
from aggregator.search.engine import (
    Writer,
    current,
    engine,
    lock,
    new_build,
    read_manifest,
    remove_old_builds,
    swap,
    write_manifest,
)

log = logging.getLogger(__name__)

FRESH = 200  # marks beyond the head that are taken in one by one; more make a backlog
BATCH, MOST = 250, 1000  # entries of the backlog in one commit: at first, and where the engine is quick
FRESH_WAITS = 1.0  # seconds of such a commit, for which a fresh post has to wait
REBUILD_BATCH = 2000
PAUSE = 1.0  # between two looks at the change sequence, seconds
OTHERS_WAIT = 900.0  # how long `once` waits for another follower
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Progress = Callable[[int], None]
Stop = Callable[[], bool]


class Follower:
    """The one writer of one index folder. `step` does one batch and commits it."""

    def __init__(self, path: Path, *, batch: int = BATCH) -> None:
        """Raises IndexUnavailable, and whatever the engine raises over broken files."""
        self.path = path
        self.batch = batch
        manifest = read_manifest(path)
        self.files, self.cursor = manifest["files"], manifest["cursor"]
        if self.cursor["epoch"] != _epoch():
            raise IndexUnavailable("the index is of another database", code="index_foreign")
        self.writer: Writer = engine().open_writer(path, manifest)
        self.done: dict[int, tuple[int, int]] = {}  # marks taken in while there is a backlog
        self.queue = self._read_queue()

    def step(self) -> int:
        """Do one batch: fresh marks, else a piece of the backlog. Returns how many entries were done; 0
        means that the index is up to date."""
        xact, number = self.cursor["head"]
        fresh = Change.objects.after(xact, number, FRESH + 1)
        if len(fresh) > FRESH:
            self._extend_backlog()
        elif fresh:
            self.cursor["head"] = list(fresh[-1][:2])
            return self._write([entry_id for _xact, _number, entry_id in fresh])
        if not self.cursor["backlog"]:
            return 0
        piece, self.queue = self.queue[: self.batch], self.queue[self.batch :]
        if self.queue:
            self.cursor["backlog"]["before"] = list(piece[-1])
        else:
            self.cursor["backlog"] = None
            self.done.clear()
        return self._write([entry_id for _at, entry_id in piece]) or 1

    def pace(self, done: int, seconds: float) -> None:
        """After a piece of the backlog: a larger one next time if fresh posts hardly waited for it, else a
        smaller one. Each commit has its price."""
        if done == self.batch and seconds < FRESH_WAITS / 2:
            self.batch = min(self.batch * 2, MOST)
        elif seconds > FRESH_WAITS:
            self.batch = max(self.batch // 2, min(self.batch, BATCH))

    def close(self) -> None:
        self.writer.close()

    def _write(self, entry_ids: list[int]) -> int:
        if self.cursor["backlog"]:
            marks = Change.objects.filter(entry_id__in=entry_ids).values_list("entry_id", "xact", "id")
            self.done.update({entry_id: (xact, number) for entry_id, xact, number in marks})
        wanted = set(entry_ids) | neighbours(entry_ids)
        found = documents(wanted)
        gone = wanted - {document.entry_id for document in found}
        self.files = self.writer.write(found, gone)
        write_manifest(self.path, self.files, self.cursor)
        self.writer.sweep()
        return len(entry_ids)

    def _extend_backlog(self) -> None:
        """Put all marks up to the end of the sequence on the backlog; its newest posts come first again,
        less what this follower has done already."""
        backlog = self.cursor["backlog"] or {"from": self.cursor["head"]}
        end = _end()
        self.cursor["backlog"] = {"from": backlog["from"], "to": end, "before": None}
        self.cursor["head"] = end
        self.queue = self._read_queue()

    def _read_queue(self) -> list[tuple[int, int]]:
        """The backlog as (microseconds since 1970, entry id), newest post first."""
        if not (backlog := self.cursor["backlog"]):
            return []
        rows = marked(backlog["from"], backlog["to"]) if backlog["from"] else all_public()
        queue = [
            ((at - EPOCH) // timedelta(microseconds=1), entry_id)
            for entry_id, at, mark in rows
            if mark is None or self.done.get(entry_id) != mark
        ]
        queue.sort(reverse=True)
        if before := backlog["before"]:
            queue = [place for place in queue if place < tuple(before)]
        return queue


def follow(
    *,
    once: bool = False,
    stop: Stop = lambda: False,
    wait: float = OTHERS_WAIT,
    progress: Progress = lambda count: None,
) -> int:
    """Bring the index up to date; with `once` return then, else go on until `stop` says so.

    Returns how many entries were taken in. An index that is missing, broken or of another database is
    begun anew. When another process follows this index, `once` waits until that one has caught up; else
    this one stands by to take over. Raises IndexUnavailable after `wait` seconds with `once`.
    """
    total = 0
    deadline = time.monotonic() + wait
    goal = _end() if once else [0, 0]
    while not stop():
        with lock("writer") as got:
            if got:
                total += _follow(once, stop, progress)
        if once and (got or _has_reached(goal)):
            return total
        if once and time.monotonic() > deadline:
            raise IndexUnavailable("another process holds the index and does not catch up", code="index_busy")
        time.sleep(0.2 if once else PAUSE)
    return total


def _follow(once: bool, stop: Stop, progress: Progress) -> int:
    """Follow while holding the lock, across swaps of the index and outages of the database."""
    total = 0
    follower: Follower | None = None
    while not stop():
        try:
            if not once:
                close_old_connections()
            if follower is None or _current() != follower.path:
                follower = _reopened(follower)
            started = time.monotonic()
            take_little_memory()
            with seldom_collected():
                done = follower.step()
            follower.pace(done, time.monotonic() - started)
        except (DatabaseError, IndexUnavailable) as error:
            _closed(follower)
            if not _mend(error, follower):
                if once:
                    raise
                log.error("the index cannot follow now and will later: %s", error)
                time.sleep(PAUSE)
            follower = None
            continue
        total += done
        progress(done)
        if not done:
            if once:
                break
            time.sleep(PAUSE)
    _closed(follower)
    return total


def _mend(error: Exception, follower: Follower | None) -> bool:
    """After a fault: begin an index anew that is of no more use. False when the fault is not the index's
    own, and the database or the disk must be waited for."""
    if not isinstance(error, IndexUnavailable) or error.code == "index_disk":
        return False
    if follower is None or _current() == follower.path:
        level = logging.INFO if error.code == "index_missing" else logging.WARNING
        log.log(level, "the search index is begun anew: %s", error)
        _begin_anew()
    return True


def _reopened(follower: Follower | None) -> Follower:
    _closed(follower)
    path = current()
    try:
        return Follower(path)
    except IndexUnavailable as error:
        if error.code != "index_outdated":
            raise
        log.warning("the index is rebuilt: %s", error)
        rebuild()
        return Follower(current())


def _closed(follower: Follower | None) -> None:
    if follower is not None:
        follower.close()


def _begin_anew() -> None:
    """An empty index in place of one that cannot be used; the follower fills it, newest first."""
    broken = _current()
    swap(new_build(_start()))
    remove_old_builds(broken)


def rebuild(*, progress: Progress = lambda count: None) -> int:
    """Make the index anew beside the one in use, then swap; search stays up. Returns how many entries
    were taken in. Raises IndexUnavailable when another rebuild is under way."""
    with lock("rebuild") as got:
        if not got:
            raise IndexUnavailable("another rebuild is under way", code="index_busy")
        build = new_build(_start())
        follower = Follower(build, batch=REBUILD_BATCH)
        count = 0
        try:
            with seldom_collected():
                while done := follower.step():
                    count += done
                    progress(done)
        finally:
            follower.close()
        replaced = _current()
        swap(build)
        remove_old_builds(replaced)
        return count


def _epoch() -> str:
    return str(PortalState.get().epoch)


def _start() -> dict[str, Any]:
    """The cursor of an empty index: all that is public is its backlog."""
    end = _end()
    return {"epoch": _epoch(), "head": end, "backlog": {"from": None, "to": end, "before": None}}


def _end() -> list[int]:
    """The last place of the change sequence that may be read now."""
    last = _settled(Change.objects.all()).order_by("-xact", "-id").values_list("xact", "id").first()
    return list(last or (0, 0))


def _settled(marks: QuerySet[Change]) -> QuerySet[Change]:
    """Only marks before which no more can come; see ChangeManager.after."""
    if connection.vendor == "postgresql":
        settled = "aggregator_change.xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
        return marks.extra(where=[settled])  # noqa: S610 (no value of anyone in it)
    return marks


def marked(start: list[int], end: list[int]) -> list[tuple[int, datetime, tuple[int, int] | None]]:
    """The entries whose mark lies in a range, with the mark."""
    marks = Change.objects.filter(beyond(*start)).exclude(beyond(*end))
    rows = marks.values_list("entry_id", "entry__published_at", "xact", "id")
    return [(entry_id, at, (xact, number)) for entry_id, at, xact, number in rows.iterator(chunk_size=5000)]


def all_public() -> list[tuple[int, datetime, tuple[int, int] | None]]:
    marks = {
        entry_id: (xact, number)
        for entry_id, xact, number in Change.objects.values_list("entry_id", "xact", "id").iterator()
    }
    rows = Entry.objects.public().values_list("id", "published_at").iterator(chunk_size=5000)
    return [(entry_id, at, marks.get(entry_id)) for entry_id, at in rows]


def _current() -> Path | None:
    try:
        return current()
    except IndexUnavailable:
        return None


def _has_reached(goal: list[int]) -> bool:
    """Whether whoever follows this index has nothing left to do up to the goal."""
    try:
        cursor = read_manifest(current())["cursor"]
    except IndexUnavailable:
        return False
    return cursor["head"] >= goal and cursor["backlog"] is None
