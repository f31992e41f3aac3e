"""From a public change to what is due to each lease, in one transaction with the cursor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from aggregator.errors import RequestError
from aggregator.search import Few
from feeds import following, windows
from feeds.hub.requests import read_topic
from feeds.models import Lease, Pushed

NAME = "hub"
KEPT = timedelta(days=3)
GAP = timedelta(seconds=1)  # least time between two deliveries to one lease
Note = Callable[[list[int], list[int], datetime], int]


def dispatch(now: datetime | None = None) -> int:
    """Note on each lease what is new to it; returns how many have something due that had not."""
    now = now or timezone.now()
    step = following.look(NAME, now)
    return take(step, now, _note) if step else 0


def take(step: following.Step, now: datetime, note: Note) -> int:
    """Take a step, each version of an entry (0: its recall) once, however often it is marked."""

    def once() -> int:
        count = note(unknown(step.ready), unknown(step.gone), now)
        Pushed.objects.bulk_create(
            [Pushed(entry_id=pk, revision_id=r, at=now) for pk, r in (step.ready | step.gone).items()],
            ignore_conflicts=True,
        )
        return count

    return following.take(step, once)


def unknown(found: dict[int, int]) -> list[int]:
    """Entries of which this version was not pushed before."""
    if not found:
        return []
    known = set(Pushed.objects.filter(entry_id__in=found).values_list("entry_id", "revision_id"))
    return [pk for pk, revision in found.items() if (pk, revision) not in known]


def _note(fresh: list[int], recalled: list[int], now: datetime) -> int:
    """Add the entries to what is due to the leases of the channels they are in."""
    if not fresh and not recalled:
        return 0
    count, few = 0, Few(fresh)
    live = Lease.objects.filter(ends_at__gt=now)
    for topic in live.order_by().values_list("topic", flat=True).distinct():
        try:
            channel, _ending, _full = read_topic(topic)
        except RequestError:  # the channel is no more; its leases run out
            continue
        entries = recalled if channel.kind == "ditarik" else following.holds(channel, few)
        if entries:
            count += _add(live.filter(topic=topic), entries, now)
    return count


def _add(leases: Any, entries: list[int], now: datetime) -> int:
    idle = leases.filter(due_at__isnull=True)
    soon = idle.filter(delivered_at__gt=now - GAP)
    count: int = soon.update(pending=entries, due_at=F("delivered_at") + GAP)
    count += idle.update(pending=entries, due_at=now)
    for lease in leases.filter(due_at__isnull=False).exclude(pending=entries):
        lease.pending = list(dict.fromkeys([*lease.pending, *entries]))[-windows.SCAN :]
        lease.save(update_fields=["pending"])
    return count


def tidy(now: datetime | None = None) -> None:
    """Drop what is past its time: leases that ended, and notes of what was pushed."""
    now = now or timezone.now()
    Lease.objects.filter(ends_at__lte=now).delete()
    Pushed.objects.filter(at__lte=now - KEPT).delete()
