"""Keys that allow more requests a minute. Only a digest is kept, so a key is shown once, when it is made."""

from __future__ import annotations

import hashlib
import secrets
import time

from django.db import DatabaseError

from portal.models import ApiKey

KNOWN_SECONDS = 60.0  # a key that is switched off may be good for so long
LONGEST = 100  # characters
MOST_KNOWN = 1000

_known: dict[str, tuple[float, ApiKey | None]] = {}


def make(name: str, per_minute: int) -> str:
    """A new key of a holder; raises ValueError when the holder has one that is active."""
    if ApiKey.objects.filter(name=name, is_active=True).exists():
        raise ValueError(f"{name} has an active key already; switch it off first.")
    key = secrets.token_urlsafe(32)
    ApiKey.objects.create(name=name, per_minute=per_minute, digest=_digest(key))
    return key


def find(key: str) -> ApiKey | None:
    """The active key of these characters. While the database is away, what was known lately."""
    if len(key) > LONGEST:
        return None
    digest = _digest(key)
    at, holder = _known.get(digest, (0.0, None))
    if at and time.monotonic() - at < KNOWN_SECONDS:
        return holder
    try:
        holder = ApiKey.objects.filter(digest=digest, is_active=True).first()
    except DatabaseError:
        return holder
    if len(_known) >= MOST_KNOWN:
        _known.clear()
    _known[digest] = (time.monotonic(), holder)
    return holder


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
