"""Lead pictures: fetched once, made small, kept as files of our own and shown by the portal alone.

Only of public posts, and only from hosts that are approved for some satker, through the one guarded way out.
A post whose picture cannot be had is complete without. Files are thrown away with their post's public life,
and the oldest when there are too many.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from aggregator import pipeline, shrink
from aggregator.errors import AddressRefused, FeedError, HttpStatus, ParseError
from aggregator.links import host
from aggregator.models import Entry, Picture, PortalState, SatkerHost
from aggregator.outbound import Outbound
from aggregator.parse_pool import ParsePool

WINDOW = timedelta(days=14)  # older posts get no picture any more
MOST_BYTES = 10_000_000  # of one picture as received
BATCH = 60
AT_ONCE = 4  # pictures in memory as received
STRAY_SECONDS = 3600  # a file that nothing names may be one whose row is being written
WAITS = (timedelta(hours=1), timedelta(days=1))  # after the first and the second failure; then no more


def folder() -> Path:
    return Path(settings.PICTURES_DIR)


def path_of(name: str, *, small: bool = False) -> Path:
    return folder() / name[:2] / f"{name}{'-kecil' if small else ''}.webp"


def fetch_due(seconds: float = 60.0) -> int:
    """Fetch pictures that are wanted, those of the newest posts first, for about so long; returns how many
    posts were looked after."""
    deadline, done = time.monotonic() + seconds, 0
    hosts = SatkerHost.objects.filter(state=SatkerHost.State.APPROVED).values_list("hostname", flat=True)
    approved = frozenset(hosts)
    with ParsePool(1, settings.PARSE_TIMEOUT, settings.PARSE_MAX_MEMORY) as pool:
        while time.monotonic() < deadline and (wanted := _wanted(timezone.now())):
            asyncio.run(_fetch_all(wanted, pool, approved))
            for one in wanted:
                _store(one, timezone.now())
            done += len(wanted)
    return done


def tidy() -> int:
    """Remove the pictures of posts that are public no longer, files that nothing names, and the oldest
    beyond PICTURES_MAX_BYTES; returns how many files went."""
    Picture.objects.exclude(entry__state=Entry.State.PUBLIC).delete()
    _drop_oldest()
    known = set(Picture.objects.exclude(name="").values_list("name", flat=True))
    stray = [path for path in folder().glob("??/*.webp") if path.stem.removesuffix("-kecil") not in known]
    old = time.time() - STRAY_SECONDS
    gone = [path for path in stray if path.stat().st_mtime < old]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _drop_oldest() -> None:
    kept = 0
    for pk, size in Picture.objects.exclude(name="").order_by("-tried_at", "-pk").values_list("pk", "bytes"):
        kept += size
        if kept > settings.PICTURES_MAX_BYTES:
            Picture.objects.filter(pk=pk).update(name="", bytes=0, error_code="dropped")


@dataclass(slots=True)
class _Wanted:
    """One post's picture on its way."""

    entry: int
    url: str
    tries: int  # so far
    made: shrink.Picture | None = None
    error: FeedError | None = None


def _wanted(now: datetime) -> list[_Wanted]:
    recent = (
        Entry.objects.public().filter(released_at__gte=now - WINDOW).exclude(public_revision__image_url="")
    )
    fresh = recent.filter(picture=None)
    stale = recent.exclude(picture=None).exclude(public_revision__image_url=F("picture__source_url"))
    again = recent.filter(picture__next_try_at__lte=now, public_revision__image_url=F("picture__source_url"))
    found: list[_Wanted] = []
    for rows in (fresh, stale, again):
        columns = ("pk", "public_revision__image_url", "picture__tries")
        values = rows.order_by("-released_at", "-pk").values_list(*columns)[: BATCH - len(found)]
        found += [_Wanted(pk, url, tries if rows is again else 0) for pk, url, tries in values]
    return found


async def _fetch_all(wanted: list[_Wanted], pool: ParsePool, approved: frozenset[str]) -> None:
    turn = asyncio.Semaphore(AT_ONCE)
    async with Outbound(replace(pipeline.fetch_policy(), max_bytes=MOST_BYTES)) as outbound:
        await asyncio.gather(*(_fetch(one, outbound, pool, approved, turn) for one in wanted))


async def _fetch(
    one: _Wanted, outbound: Outbound, pool: ParsePool, approved: frozenset[str], turn: asyncio.Semaphore
) -> None:
    try:
        if host(one.url) not in approved:
            raise AddressRefused("Gambar di host yang bukan milik satker.", code="host_not_approved")
        async with turn:
            answer = await outbound.get(one.url, approved_hosts=approved)
            if answer.status != 200:
                raise HttpStatus(answer.status, f"Situs menjawab {answer.status}.")
            one.made = await asyncio.wrap_future(pool.submit(shrink.ShrinkTask(answer.body)))
    except FeedError as error:
        one.error = error


def _store(one: _Wanted, now: datetime) -> None:
    """Files first, then the row that names them; then what it replaced goes."""
    name = _write(one.made) if one.made else ""
    error, tries = one.error, one.tries + 1
    lasting = error is None or error.permanent or isinstance(error, ParseError) or tries > len(WAITS)
    Picture.objects.update_or_create(
        entry_id=one.entry,
        defaults={
            "source_url": one.url,
            "name": name,
            "width": one.made.width if one.made else 0,
            "height": one.made.height if one.made else 0,
            "bytes": len(one.made.large) + len(one.made.small) if one.made else 0,
            "tried_at": now,
            "tries": tries,
            "next_try_at": None if lasting else now + WAITS[tries - 1],
            "error_code": error.code if error else "",
            "error_message": error.message[:300] if error else "",
        },
    )
    if name:
        PortalState.bump()


def _write(made: shrink.Picture) -> str:
    name = hashlib.sha256(made.large).hexdigest()[:32]
    for body, small in ((made.large, False), (made.small, True)):
        path = path_of(name, small=small)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_bytes(body)
        draft.replace(path)
    return name
