"""How an index stands to the database: what it lacks, what it has too much, how far it is behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aggregator.models import Change, Entry
from aggregator.models.changes import beyond
from aggregator.search.engine import current, engine, read_manifest
from aggregator.search.follow import all_public, marked
from aggregator.search.moments import order_key


@dataclass(frozen=True, slots=True)
class Check:
    """How the index differs from the database. Marks not yet followed are no difference."""

    indexed: int
    public: int
    waiting: int  # marks and backlog entries still to be followed
    missing: list[int] = field(default_factory=list)  # public, not waiting, not in the index
    surplus: list[int] = field(default_factory=list)  # in the index, not waiting, not public
    changed: list[int] = field(default_factory=list)  # with another date than in the database

    @property
    def is_equal(self) -> bool:
        return not (self.missing or self.surplus or self.changed)


def check() -> Check:
    """Compare the index with the database. Raises IndexUnavailable when there is none to compare."""
    path = current()
    manifest = read_manifest(path)
    reader = engine().open_reader(path, manifest, None)
    indexed = reader.orders()
    waiting = _waiting(manifest["cursor"])
    rows = Entry.objects.public().values_list("id", "published_at")
    public = {entry_id: order_key(at, entry_id) for entry_id, at in rows.iterator(chunk_size=5000)}
    return Check(
        indexed=len(indexed),
        public=len(public),
        waiting=len(waiting),
        missing=sorted(public.keys() - indexed.keys() - waiting),
        surplus=sorted(indexed.keys() - public.keys() - waiting),
        changed=sorted(
            entry_id
            for entry_id in public.keys() & indexed.keys() - waiting
            if public[entry_id] != indexed[entry_id]
        ),
    )


def repair(found: Check) -> None:
    """Give all entries that differ a new mark, so that every index takes them in again."""
    Change.objects.mark([*found.missing, *found.surplus, *found.changed])


def lag(cursor: dict[str, Any]) -> int:
    """How many marks there are beyond a cursor's head."""
    return Change.objects.filter(beyond(*cursor["head"])).count()


def _waiting(cursor: dict[str, Any]) -> set[int]:
    waiting = set(Change.objects.filter(beyond(*cursor["head"])).values_list("entry_id", flat=True))
    if backlog := cursor["backlog"]:
        rows = marked(backlog["from"], backlog["to"]) if backlog["from"] else all_public()
        waiting.update(entry_id for entry_id, _at, _mark in rows)
    return waiting
