"""What was public and is so no more, known to a web node even while the database is away.

Kept copies of pages may outlive the database by days; a post that was held or withdrawn must not. Every web
process follows the change sequence and notes recalled posts, with the time, in one file beside the copies.
A copy older than the recall of a post that it mentions is of no more use.
"""

from __future__ import annotations

import fcntl
import json
import logging
import re
import threading
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.db.models import QuerySet

from aggregator.models import Change, Entry, PortalState
from feeds import caching
from portal.cards import keeping

log = logging.getLogger(__name__)

BATCH = 1000
LARGE = 1_000_000  # bytes
MENTION = re.compile(rb"/(?:berita|gambar)/(\d{1,18})")
LINE = re.compile(r"^(\d{1,18}) (\d{1,12}(?:\.\d+)?)$", re.MULTILINE)
LOOK_EVERY = 1.0  # seconds


class Recalls:
    """The recalled posts of one node: shared by its processes through the folder, read again when it grew."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "recalled"
        self.at: dict[int, float] = {}
        self._size = -1

    def touch(self, body: bytes, made_at: float) -> bool:
        """Whether a page made then mentions a post that was recalled since."""
        self._read()
        if not self.at:
            return False
        return any(self.at.get(int(found), 0.0) >= made_at for found in MENTION.findall(body))

    def note(self, entry_ids: list[int], now: float) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "recalled.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.file.exists() and self.file.stat().st_size > LARGE:
                self._drop_the_old(now)
            with self.file.open("a") as file:
                file.write("".join(f"{entry_id} {now:.3f}\n" for entry_id in entry_ids))

    def _drop_the_old(self, now: float) -> None:
        """Recalls from before any copy that may still be used."""
        self._read()
        oldest = now - settings.PREPARED_HOURS * 3600
        kept = "".join(f"{number} {at:.3f}\n" for number, at in self.at.items() if at > oldest)
        new = self.folder / "recalled.new"
        new.write_text(kept)
        new.replace(self.file)

    def _read(self) -> None:
        try:
            size = self.file.stat().st_size
        except OSError:
            size = 0
        if size != self._size:
            text = self.file.read_text() if size else ""
            self.at = {int(number): float(at) for number, at in LINE.findall(text)}
            self._size = size


def folder() -> Path:
    """Where this node keeps its copies of pages."""
    return Path(settings.DATA_DIR) / "prepared"


_recalls: Recalls | None = None


def recalls() -> Recalls:
    global _recalls
    if _recalls is None or _recalls.folder != folder():
        _recalls = Recalls(folder())
    return _recalls


def look() -> int:
    """Follow the change sequence from where this node left it; returns how many recalls were new."""
    cursor = _cursor()
    found = 0
    while marks := Change.objects.after(cursor["xact"], cursor["number"], BATCH):
        gone = list(_gone([entry_id for _xact, _number, entry_id in marks]))
        if gone:
            recalls().note(gone, time.time())
            for entry_id in gone:
                keeping.drop(f"berita/{entry_id}")
        found += len(gone)
        cursor = {**cursor, "xact": marks[-1][0], "number": marks[-1][1]}
        _keep(cursor)
    return found


def _gone(entry_ids: list[int]) -> QuerySet[Entry, int]:
    was_public = Entry.objects.filter(pk__in=entry_ids, released_at__isnull=False)
    return was_public.exclude(state=Entry.State.PUBLIC).values_list("pk", flat=True)


def _cursor() -> dict[str, Any]:
    """Where to go on. A node that is new, or whose database was put back, begins at the end and without
    copies: nobody can say what was recalled meanwhile."""
    epoch = str(PortalState.get().epoch)
    try:
        cursor: dict[str, Any] = json.loads((folder() / "cursor").read_text())
        if cursor["epoch"] == epoch:
            return cursor
    except (OSError, ValueError, KeyError):
        pass
    end = Change.objects.order_by("-xact", "-id").values_list("xact", "id").first() or (0, 0)
    recalls().note([], time.time())
    (folder() / "begun").touch()  # copies from before this moment do not count
    cursor = {"epoch": epoch, "xact": end[0], "number": end[1]}
    _keep(cursor)
    return cursor


def _keep(cursor: dict[str, Any]) -> None:
    new = folder() / f"cursor.{threading.get_native_id()}"
    new.write_text(json.dumps(cursor))
    new.replace(folder() / "cursor")


def begun_at() -> float:
    """Copies made before are of another database, or of a time nobody watched."""
    try:
        return (folder() / "begun").stat().st_mtime
    except OSError:
        return float("inf")


def watch() -> None:
    """Follow for ever in a thread of this process; the generation is read on the way, so that no reader's
    request needs to."""
    threading.Thread(target=_watch, name="recalls", daemon=True).start()


def _watch() -> None:
    seen: object = None
    while True:
        try:
            close_old_connections()
            if (now := caching.read_generation()) != seen:
                look()
                seen = now
        except DatabaseError:
            seen = None
        except Exception:
            log.exception("recalls cannot be followed now and will be later")
            seen = None
        time.sleep(LOOK_EVERY / 2)
