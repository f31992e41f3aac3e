"""From a public change to what is due to each lease, in one transaction with the cursor.

A version of an entry is pushed once it is classified and clustered (or HOLDUP after it became public), so
that it is known to which channels it belongs. First imports and backfill are never pushed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from aggregator.errors import RequestError
from aggregator.models import Change, Entry, PortalState
from feeds import windows
from feeds.channels import Channel, tombstones
from feeds.hub.requests import read_topic
from feeds.models import Lease, Pushed

BATCH = 500  # marks read at once
HOLDUP = timedelta(seconds=20)
FRESH = timedelta(days=1)  # a version that became public longer ago is news to nobody
KEPT = timedelta(days=3)


@dataclass(frozen=True)
class News:
    """One step along the change sequence, not yet taken: entries with the revision that is new of them
    (0: a recall), and those that still wait."""

    state: PortalState
    cursor: dict[str, Any]
    ready: dict[int, int]
    gone: dict[int, int]
    waiting: list[int]

    @property
    def fresh(self) -> list[int]:
        """Entries of which this version was not pushed before."""
        return _unknown(self.ready)

    @property
    def recalled(self) -> list[int]:
        return _unknown(self.gone)


def look(now: datetime) -> News | None:
    """The next step; None while there is nothing new. Writes nothing and takes no lock."""
    state = PortalState.get()
    cursor = _cursor(state)
    marks = Change.objects.after(cursor["xact"], cursor["id"], BATCH)
    waiting = {*cursor["waiting"], *(entry for _xact, _id, entry in marks)}
    ready, wait = _ready(waiting, now)
    gone = _gone(waiting, now)
    if not (marks or ready or gone):
        return None
    if marks:
        cursor["xact"], cursor["id"] = marks[-1][0], marks[-1][1]
    return News(state, cursor, ready, gone, sorted(wait))


def take(news: News, now: datetime, note: Callable[[list[int], list[int], datetime], int]) -> int:
    """Take a step: `note` what is new, and move the cursor, in one transaction. 0 when another worker took
    it meanwhile."""
    with transaction.atomic():
        if PortalState.objects.select_for_update().get(pk=news.state.pk).hub_cursor != news.state.hub_cursor:
            return 0
        count = note(news.fresh, news.recalled, now)
        Pushed.objects.bulk_create(
            [Pushed(entry_id=pk, revision_id=r, at=now) for pk, r in (news.ready | news.gone).items()],
            ignore_conflicts=True,
        )
        cursor = {**news.cursor, "waiting": news.waiting}
        PortalState.objects.filter(pk=news.state.pk).update(hub_cursor=cursor)
    return count


def dispatch(now: datetime | None = None) -> int:
    """Note on each lease what is new to it; returns how many have something due that had not."""
    now = now or timezone.now()
    news = look(now)
    return take(news, now, _note) if news else 0


def _cursor(state: PortalState) -> dict[str, Any]:
    """Where we are in this history. In a new one (first start, restore) what is there already is no news."""
    if state.hub_cursor.get("epoch") != str(state.epoch):
        last = Change.objects.order_by("xact", "id").values_list("xact", "id").last() or (0, 0)
        state.hub_cursor = {"epoch": str(state.epoch), "xact": last[0], "id": last[1], "waiting": []}
        PortalState.objects.filter(pk=state.pk).update(hub_cursor=state.hub_cursor)
    return dict(state.hub_cursor)


def _ready(entry_ids: Collection[int], now: datetime) -> tuple[dict[int, int], set[int]]:
    """Entries to push, with their revision; and those that still wait for what is derived."""
    if not entry_ids:
        return {}, set()
    news = Entry.objects.public().filter(id__in=entry_ids, public_revision__public_at__gt=now - FRESH)
    news = news.exclude(is_import=True, public_revision__public_at__lte=F("released_at"))
    derived = Q(classified_at__isnull=False, clustered_at__isnull=False)
    old = Q(public_revision__public_at__lte=now - HOLDUP)
    ready = dict(news.filter(derived | old).values_list("id", "public_revision_id"))
    wait = set(news.exclude(id__in=ready).values_list("id", flat=True))
    return ready, wait


def _gone(entry_ids: Collection[int], now: datetime) -> dict[int, int]:
    if not entry_ids:
        return {}
    gone = tombstones().filter(id__in=entry_ids, withdrawn_at__gt=now - FRESH)
    return dict.fromkeys(gone.values_list("id", flat=True), 0)


def _unknown(found: dict[int, int]) -> list[int]:
    if not found:
        return []
    known = set(Pushed.objects.filter(entry_id__in=found).values_list("entry_id", "revision_id"))
    return [pk for pk, revision in found.items() if (pk, revision) not in known]


def _note(fresh: list[int], recalled: list[int], now: datetime) -> int:
    """Add the entries to what is due to the leases of the channels they are in."""
    if not fresh and not recalled:
        return 0
    count = 0
    live = Lease.objects.filter(ends_at__gt=now)
    for topic in live.order_by().values_list("topic", flat=True).distinct():
        try:
            channel, _ending, _full = read_topic(topic)
        except RequestError:  # the channel is no more; its leases run out
            continue
        entries = recalled if channel.kind == "ditarik" else holds(channel, fresh)
        if entries:
            count += _add(live.filter(topic=topic), entries, now)
    return count


def holds(channel: Channel, entry_ids: list[int]) -> list[int]:
    """Which of these entries are in the channel."""
    if not entry_ids:
        return []
    if channel.entries is not None:
        return list(channel.entries.filter(id__in=entry_ids).values_list("id", flat=True))
    shown = set(windows.current(channel).entry_ids)
    return [pk for pk in entry_ids if pk in shown]


def _add(leases: Any, entries: list[int], now: datetime) -> int:
    count: int = leases.filter(due_at__isnull=True).update(pending=entries, due_at=now)
    for lease in leases.filter(due_at__isnull=False).exclude(pending=entries):
        lease.pending = list(dict.fromkeys([*lease.pending, *entries]))[-windows.SCAN :]
        lease.save(update_fields=["pending"])
    return count


def tidy(now: datetime | None = None) -> None:
    """Drop what is past its time: leases that ended, and notes of what was pushed."""
    now = now or timezone.now()
    Lease.objects.filter(ends_at__lte=now).delete()
    Pushed.objects.filter(at__lte=now - KEPT).delete()
