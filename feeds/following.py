"""Steps along the change sequence, each follower with a cursor of its own (`models.Follower`).

A version of an entry is news once it is classified and clustered (or HOLDUP after it became public), so
that it is known to which channels it belongs. First imports and backfill are no news.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from aggregator.models import Change, Entry
from feeds.channels import tombstones
from feeds.models import Follower

BATCH = 500  # marks read at once
HOLDUP = timedelta(seconds=20)
FRESH = timedelta(days=1)  # a version that became public so long before the last step is news to nobody


@dataclass(frozen=True)
class Step:
    """One step, not yet taken: entries with the revision that may be new of them (`gone`: 0), and where
    the follower will stand."""

    now: datetime

    follower: Follower
    cursor: dict[str, Any]
    ready: dict[int, int]
    gone: dict[int, int]
    is_first: bool  # in this history


def look(name: str, now: datetime) -> Step | None:
    """The next step; None while there is nothing new. Takes no lock and moves nothing."""
    follower, cursor = Follower.position(name)
    is_first = follower.is_first(cursor)
    marks = Change.objects.after(cursor["xact"], cursor["id"], BATCH)
    waiting = {*cursor["waiting"], *(entry for _xact, _id, entry in marks)}
    since = min(now, follower.moved_at) - FRESH
    ready, wait = _ready(waiting, since, now)
    gone = _gone(waiting, since)
    if not (marks or ready or gone or is_first):
        return None
    if marks:
        cursor["xact"], cursor["id"] = marks[-1][0], marks[-1][1]
    return Step(now, follower, cursor | {"waiting": sorted(wait)}, ready, gone, is_first)


def take(step: Step, note: Callable[[], int]) -> int:
    """Take a step: `note` what is new, and move the cursor, in one transaction. 0 when another worker took
    it meanwhile."""
    with transaction.atomic():
        held = Follower.objects.select_for_update().get(pk=step.follower.pk)
        if held.cursor != step.follower.cursor:
            return 0
        count = note()
        Follower.objects.filter(pk=held.pk).update(cursor=step.cursor, moved_at=step.now)
    return count


def _ready(entry_ids: Collection[int], since: datetime, now: datetime) -> tuple[dict[int, int], set[int]]:
    """Entries to hand on, with their revision; and those that still wait for what is derived."""
    if not entry_ids:
        return {}, set()
    news = Entry.objects.public().filter(id__in=entry_ids, public_revision__public_at__gt=since)
    news = news.exclude(is_import=True, public_revision__public_at__lte=F("released_at"))
    derived = Q(classified_at__isnull=False, clustered_at__isnull=False)
    old = Q(public_revision__public_at__lte=now - HOLDUP)
    ready = dict(news.filter(derived | old).values_list("id", "public_revision_id"))
    wait = set(news.exclude(id__in=ready).values_list("id", flat=True))
    return ready, wait


def _gone(entry_ids: Collection[int], since: datetime) -> dict[int, int]:
    if not entry_ids:
        return {}
    gone = tombstones().filter(id__in=entry_ids, withdrawn_at__gt=since)
    return dict.fromkeys(gone.values_list("id", flat=True), 0)
