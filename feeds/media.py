"""What comes with a post: its lead picture, which the portal serves itself, and the files its site added."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from aggregator import links
from feeds.addresses import absolute

MOST_FILES = 10
UNKNOWN_TYPE = "application/octet-stream"
PICTURE_TYPE = "image/webp"
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")


class File(NamedTuple):
    url: str
    media_type: str
    length: int  # bytes; 0: not known


class Picture(NamedTuple):
    url: str
    width: int
    height: int


def files(stored: Iterable[Mapping[str, Any]]) -> tuple[File, ...]:
    """The attachments of a revision that can be named in a feed, each address once."""
    found: dict[str, File] = {}
    for one in stored:
        if url := links.absolute(str(one.get("url") or "")):
            media_type = str(one.get("media_type") or "").strip().lower()
            length = one.get("length")
            size = length if isinstance(length, int) and 0 < length < 1 << 53 else 0
            known = _TYPE.fullmatch(media_type) is not None
            found.setdefault(url, File(url, media_type if known else UNKNOWN_TYPE, size))
    return tuple(found.values())[:MOST_FILES]


def picture(entry_id: int, name: str | None, width: int | None, height: int | None) -> Picture | None:
    """The larger rendition of a post's picture; None while there is none."""
    if not (name and width and height):
        return None
    return Picture(absolute(f"/gambar/{entry_id}/{name}.webp"), width, height)
