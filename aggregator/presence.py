"""Whether the pages of posts still exist at their sites: asked rarely and politely, never acted upon.

A page that is gone hides nothing here (a migration would empty the archive); it is marked, told to readers
and shown to staff, who alone withdraw.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from aggregator import pipeline, schedule
from aggregator.errors import FetchError
from aggregator.links import host
from aggregator.models import Entry, PortalState, SatkerHost
from aggregator.outbound import Outbound

EVERY = timedelta(days=90)  # between two looks at one page
AGAIN = timedelta(days=3)  # before a page that was not there is looked for once more
LEFT = timedelta(days=2)  # what the feed still shows needs no look
GONE = (404, 410)
MISSES = 2  # in a row; then the page counts as gone


def check_pages(now: datetime, *, seconds: float, limit: int = 600) -> int:
    """Look at one page of each satker's site whose turn has come; returns how many pages were looked at."""
    chosen = _choose(now, limit)
    found = asyncio.run(_look_all(chosen, seconds)) if chosen else {}
    changed = False
    for entry in chosen:
        if entry.pk in found:
            changed |= _note(entry, found[entry.pk], now)
    if changed:
        PortalState.bump()
    return len(found)


def _choose(now: datetime, limit: int) -> list[Entry]:
    """One entry a satker, never looked at first, else the longest ago; on hosts that may be asked now."""
    approved: dict[int, set[str]] = {}
    hosts = SatkerHost.objects.filter(state="approved").values_list("satker_id", "hostname")
    for satker_id, hostname in hosts:
        approved.setdefault(satker_id, set()).add(hostname)
    paused = schedule.paused_hosts(now)
    chosen: list[Entry] = []
    asked: set[str] = set()
    for satker_id in sorted(approved):
        entry = _next_of(satker_id, now)
        name = host(entry.url) if entry else ""
        if entry and name in approved[satker_id] and name not in paused and name not in asked:
            asked.add(name)
            chosen.append(entry)
        elif entry:  # not to be asked, so others get their turn
            Entry.objects.filter(pk=entry.pk).update(page_checked_at=now)
        if len(chosen) >= limit:
            break
    return chosen


def _next_of(satker_id: int, now: datetime) -> Entry | None:
    pages = Entry.objects.public().filter(satker=satker_id, last_seen_at__lt=now - LEFT).exclude(url="")
    span = (now - EVERY / 3, now - AGAIN)
    missed = Q(page_misses__gt=0, page_misses__lt=MISSES, page_checked_at__range=span)
    return (
        pages.filter(missed).order_by("page_checked_at").first()
        or pages.filter(page_checked_at=None).order_by("-id").first()
        or pages.filter(page_checked_at__lt=now - EVERY).order_by("page_checked_at").first()
    )


async def _look_all(entries: Iterable[Entry], seconds: float) -> dict[int, bool | None]:
    """By entry: whether its page is there; None where that cannot be told. What time did not suffice for is
    left out."""
    found: dict[int, bool | None] = {}
    async with Outbound(pipeline.fetch_policy()) as outbound:

        async def one(entry: Entry) -> None:
            found[entry.pk] = await _is_there(entry.url, outbound)

        tasks = [asyncio.create_task(one(entry)) for entry in entries]
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return found


async def _is_there(url: str, outbound: Outbound) -> bool | None:
    hosts = frozenset({host(url)})
    try:
        answer = await outbound.head(url, approved_hosts=hosts)
        if answer.status in GONE:  # some servers know no HEAD
            answer = await outbound.get(url, approved_hosts=hosts)
    except FetchError as error:
        return True if error.code == "too_large" else None
    if answer.status in GONE:
        return False
    return True if answer.status == 200 else None


def _note(entry: Entry, is_there: bool | None, now: datetime) -> bool:
    """Keep what was seen; true when what readers are told changes."""
    misses = 0 if is_there else entry.page_misses + (is_there is False)
    fields: dict[str, object] = {"page_checked_at": now, "page_misses": min(misses, 100)}
    if misses >= MISSES and entry.gone_at is None:
        fields["gone_at"] = now
    elif is_there and entry.gone_at is not None:
        fields["gone_at"] = None
    Entry.objects.filter(pk=entry.pk).update(**fields)
    return "gone_at" in fields
