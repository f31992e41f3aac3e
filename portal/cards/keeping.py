"""Drawn cards on this node's disk: derived data that may be deleted at any time.

A place has one file, that of its newest card. Within CARDS_MAX_BYTES; the longest unasked go first. The card
of a post goes with the post's public life.
"""

from __future__ import annotations

import hashlib
import logging
import os
import random
import time
from pathlib import Path

from django.conf import settings

from portal.cards.subjects import Card
from portal.shards import prune

log = logging.getLogger(__name__)

PRUNE_EVERY = 50  # writes, about
TOUCH_AFTER = 86_400.0  # seconds: a card that is asked for is dated anew once a day


def folder() -> Path:
    return Path(settings.DATA_DIR) / "cards"


def read(card: Card) -> bytes | None:
    path = _shard(card.stem) / _name(card.stem, card.file)
    try:
        body = path.read_bytes()
        if time.time() - path.stat().st_mtime > TOUCH_AFTER:
            os.utime(path)
    except OSError:
        return None
    return body


def keep(card: Card, body: bytes) -> None:
    """A full disk costs the next reader a drawing, and nobody the card."""
    shard = _shard(card.stem)
    try:
        shard.mkdir(parents=True, exist_ok=True)
        drop(card.stem)
        draft = shard / f".{os.getpid()}-{card.file}"
        draft.write_bytes(body)
        draft.replace(shard / _name(card.stem, card.file))
        if random.randrange(PRUNE_EVERY) == 0:  # noqa: S311 - no secret
            prune(shard, settings.CARDS_MAX_BYTES)
    except OSError as error:
        log.warning("a card could not be kept: %s", error.strerror)


def drop(stem: str) -> None:
    """Remove what is kept of a place."""
    for path in _shard(stem).glob(_name(stem, "*")):
        path.unlink(missing_ok=True)


def _shard(stem: str) -> Path:
    return folder() / hashlib.blake2b(stem.encode(), digest_size=1).hexdigest()


def _name(stem: str, file: str) -> str:
    return f"{stem.replace('/', '-')}.{file}"
