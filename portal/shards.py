"""Folders of derived files that keep within their room."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

SHARDS = 256  # folders that the files of one kind are spread over


def prune(shard: Path, most_bytes: float, before: float = 0.0) -> None:
    """Oldest files out first: all of before this time, and of the rest what is beyond `most_bytes` in all
    shards together."""
    rows = []
    for path in shard.iterdir():
        with suppress(FileNotFoundError):
            stat = path.stat()
            rows.append((stat.st_mtime, stat.st_size, path))
    weight = sum(size for _at, size, _path in rows)
    for at, size, path in sorted(rows):
        if at >= before and weight <= most_bytes / SHARDS:
            break
        path.unlink(missing_ok=True)
        weight -= size
