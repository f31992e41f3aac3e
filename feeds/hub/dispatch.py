"""From a public change to what is due to each lease, in one transaction with the cursor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from aggregator.search import Few
from feeds import following, places, windows
from feeds.hub.requests import UNCONFIRMED_SPAN, place_of
from feeds.models import Intent, Lease, Pushed

NAME = "hub"
KEPT = timedelta(days=3)
GAP = timedelta(seconds=1)  # least time between two deliveries to one lease


def dispatch(now: datetime | None = None) -> int:
    """Note on each lease what is new to it; returns how many have something due that had not."""
    now = now or timezone.now()
    step = following.look(NAME, now)
    if step is None:
        return 0
    plan = _plan(unknown(step.ready), unknown(step.gone), now)
    return take(step, lambda: sum(_add(topic, entries, now) for topic, entries in plan))


def take(step: following.Step, note: Callable[[], int]) -> int:
    """Take a step, each version of an entry (0: its recall) once, however often it is marked."""

    def once() -> int:
        count = note()
        Pushed.objects.bulk_create(
            [Pushed(entry_id=pk, revision_id=r, at=step.now) for pk, r in (step.ready | step.gone).items()],
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


def _plan(fresh: list[int], recalled: list[int], now: datetime) -> list[tuple[str, list[int]]]:
    """What is due to the leases of which topics. Found before the transaction: it may take a while. The
    leases of a channel that is no more run out."""
    if not fresh and not recalled:
        return []
    topics: dict[str, list[str]] = defaultdict(list)
    live = Lease.objects.filter(ends_at__gt=now).order_by()
    for topic in live.values_list("topic", flat=True).distinct():
        topics[place_of(topic)].append(topic)
    recalls = topics.pop("/feeds/ditarik", [])
    plan = [(topic, recalled) for topic in recalls if recalled]
    for held in places.holding(topics, Few(fresh)):
        plan += [(topic, held.entry_ids) for topic in topics[held.place] if held.entry_ids]
    return plan


def _add(topic: str, entries: list[int], now: datetime) -> int:
    leases = Lease.objects.filter(topic=topic, ends_at__gt=now)
    idle = leases.filter(due_at__isnull=True)
    soon = idle.filter(delivered_at__gt=now - GAP)
    count = soon.update(pending=entries, due_at=F("delivered_at") + GAP)
    count += idle.update(pending=entries, due_at=now)
    for lease in leases.filter(due_at__isnull=False).exclude(pending=entries):
        lease.pending = list(dict.fromkeys([*lease.pending, *entries]))[-windows.SCAN :]
        lease.save(update_fields=["pending"])
    return count


def tidy(now: datetime | None = None) -> None:
    """Drop what is past its time: requests nobody confirmed, leases that ended, notes of what was pushed."""
    now = now or timezone.now()
    Intent.objects.filter(asked_at__lte=now - UNCONFIRMED_SPAN).delete()
    Lease.objects.filter(ends_at__lte=now).delete()
    Pushed.objects.filter(at__lte=now - KEPT).delete()
