"""Write what a batch of feeds brought: entries, revisions, keys, feed state, fetch log; one transaction.

A crash at any point means "fetched again": nothing is lost, nothing twice. Whether a post is known is
decided by EntryKey rows, unique over (satker, kind, key): guid, canonical link, and content.
Nothing becomes public here; every new text is a pending revision for `screen`.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db import IntegrityError, transaction

from aggregator.models import Feed, Satker
from aggregator.store.entries import store_entries
from aggregator.store.feeds import keep_raw, store_feeds, write_logs
from aggregator.store.gaps import note_gaps
from aggregator.store.reading import Counts, NextCheck, Reading, StorePolicy

__all__ = ["Counts", "NextCheck", "Reading", "StorePolicy", "save"]


def save(readings: list[Reading], now: datetime, policy: StorePolicy) -> dict[int, Counts]:
    """Store a batch; returns the counts of each feed that was stored, by feed id.

    A reading whose lease has meanwhile gone to another worker is dropped: that worker stores.
    A clash with another writer over a key is tried once more, when the other's entry is there to be met.
    """
    counts: dict[int, Counts] = {}
    for round_ in _one_feed_a_satker(readings):
        try:
            counts |= _save(round_, now, policy)
        except IntegrityError:
            counts |= _save(round_, now, policy)
    return counts


def _one_feed_a_satker(readings: list[Reading]) -> list[list[Reading]]:
    """Two feeds of one satker may bring the same post: they are stored one after the other."""
    rounds: list[list[Reading]] = []
    met: Counter[int] = Counter()
    for reading in readings:
        turn = met[reading.feed.satker_id]
        met[reading.feed.satker_id] += 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(reading)
    return rounds


@transaction.atomic
def _save(readings: list[Reading], now: datetime, policy: StorePolicy) -> dict[int, Counts]:
    readings = _still_ours(readings)
    _lock_satker(readings)
    counts = {r.feed.pk: Counts(rejected=len(r.clean.rejected) if r.clean else 0) for r in readings}
    store_entries(readings, counts, now, policy)
    note_gaps(readings, counts, now)
    polled = [r for r in readings if r.is_window]
    store_feeds(polled, counts, now, policy)
    write_logs(polled, counts)
    if policy.keep_raw:
        keep_raw(polled)
    return counts


def _still_ours(readings: list[Reading]) -> list[Reading]:
    ids = [r.feed.pk for r in readings]
    locked = Feed.objects.select_for_update().filter(id__in=ids).order_by("id")
    leases = dict(locked.values_list("id", "lease"))
    return [r for r in readings if leases.get(r.feed.pk) == r.feed.lease]


def _lock_satker(readings: list[Reading]) -> None:
    """Writers of one satker's posts take turns (PostgreSQL; SQLite has one writer anyway)."""
    ids = {r.feed.satker_id for r in readings}
    list(Satker.objects.select_for_update(no_key=True).filter(id__in=ids).order_by("id").values_list("id"))
