"""From what is due to letters. One digest is one row: its key is the alert and the last post it tells of,
and it is made in one transaction with the alert's step past that post."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from aggregator.models import Entry
from feeds.alerts.rhythms import next_due
from feeds.channels import tombstones
from feeds.models import Alert, Letter

BATCH = 500
MOST_TOLD = 200  # posts of one letter; beyond that the page is read


def make(now: datetime) -> int:
    """Make the letters of all alerts that are due; returns how many. No news, no letter."""
    due = Alert.objects.filter(due_at__lte=now, stopped_at=None).select_related("watched").order_by("due_at")
    return sum(_make(alert, now) for alert in due[:BATCH])


def _make(alert: Alert, now: datetime) -> int:
    rows = list(alert.watched.noticed.filter(id__gt=alert.seen).order_by("id").values_list("id", "entry_id"))
    last = rows[-1][0] if rows else alert.seen
    entry_ids = still_there(alert, [entry_id for _id, entry_id in rows])
    changes = {"seen": last, "due_at": next_due(alert.rhythm, now)}
    if entry_ids:
        changes["told_at"] = now
    with transaction.atomic():
        # Whoever made this digest meanwhile has moved `seen` or the time.
        mine = Alert.objects.filter(pk=alert.pk, seen=alert.seen, due_at=alert.due_at).update(**changes)
        if not mine or not entry_ids:
            return 0
        letter = {"alert": alert, "address": alert.address, "entry_ids": entry_ids[-MOST_TOLD:]}
        letter |= {"made_at": now, "due_at": now}
        return int(Letter.objects.get_or_create(key=f"news:{alert.pk}:{last}", defaults=letter)[1])


def still_there(alert: Alert, entry_ids: list[int]) -> list[int]:
    """Those that are still what the channel is about: public, or in the channel of recalls still recalled."""
    if not entry_ids:
        return []
    recalls = alert.watched.path.startswith("/feeds/ditarik")
    rows = tombstones().filter(id__in=entry_ids) if recalls else Entry.objects.public_of(id__in=entry_ids)
    there = set(rows.values_list("id", flat=True))
    return [pk for pk in entry_ids if pk in there]
