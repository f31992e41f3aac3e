"""The one place where the stages are put together.

fetch (a thread with its own event loop) → parse and clean (worker processes) → store, screen (here, a batch a
transaction) → classify, cluster → index. Everything behind store works from marks, so each step may be
killed, repeated and run beside itself.
"""

from __future__ import annotations

import logging
import math
import time
import zlib
from collections.abc import Iterable

from django.utils import timezone

from aggregator import classify, cluster, schedule, screen, store
from aggregator.errors import FeedError
from aggregator.memory import seldom_collected, take_little_memory
from aggregator.models import Feed, PushedBody
from aggregator.parse_pool import ParsePool, ReadTask
from aggregator.pipeline.policies import fetch_policy, parse_pool, store_policy
from aggregator.pipeline.run import Progress, Run, Totals, let_others_write
from aggregator.records import FetchResult, Outcome

__all__ = [
    "Totals",
    "derive",
    "fetch_policy",
    "parse_pool",
    "refresh_due",
    "refresh_feeds",
    "store_archive",
    "store_pushed",
]

log = logging.getLogger(__name__)

RUN_SECONDS = 60.0  # no request begins later; with its time-out a run ends well within lease and task
BUSY_PAUSE = 1.0  # before another look at hosts that another worker holds
DERIVE_BATCH = 500


def refresh_due(*, seconds: float = RUN_SECONDS, batch: int = 500) -> Totals:
    """Read feeds that are due until none is or the time is up: nothing is asked later than that."""
    started = time.monotonic()
    totals = Totals()
    take_little_memory()
    if feeds := schedule.lease_due(timezone.now(), batch):
        with seldom_collected(), parse_pool() as pool:
            while feeds:
                left = seconds - (time.monotonic() - started)
                Run(pool, totals, None, max(left, 0.0)).go(feeds)
                in_time = time.monotonic() - started < seconds
                feeds = schedule.lease_due(timezone.now(), batch) if in_time else []
    totals.seconds = time.monotonic() - started
    return totals


def refresh_feeds(feed_ids: Iterable[int], *, progress: Progress | None = None, batch: int = 500) -> Totals:
    """Read these feeds now, whatever their schedule, but conditionally and within Retry-After.

    Feeds that another worker holds at this moment are left to it; those whose host it holds wait for it."""
    started = time.monotonic()
    totals = Totals()
    ids = list(feed_ids)
    take_little_memory()
    with seldom_collected(), parse_pool() as pool:
        while ids:
            now = timezone.now()
            feeds = schedule.lease(ids[:batch], now)
            later = schedule.waiting(ids[:batch], now)
            if feeds:
                later += Run(pool, totals, progress, RUN_SECONDS).go(feeds)
            elif later:
                time.sleep(BUSY_PAUSE)
            ids = ids[batch:] + later
    totals.seconds = time.monotonic() - started
    return totals


def store_archive(reading: store.Reading) -> store.Counts:
    """Store and screen one older page or kept body of a leased feed."""
    counts = store.save([reading], timezone.now(), store_policy())
    screen.screen_pending(timezone.now(), limit=10_000, satker_ids={reading.feed.satker_id})
    return counts.get(reading.feed.pk, store.Counts())


def store_pushed(pushed: PushedBody, pool: ParsePool) -> bool:
    """Parse, store and screen what a hub pushed; false when another worker holds the feed just now.

    What cannot be read is dropped: the next poll tells staff what is wrong with the feed."""
    leased = schedule.lease([pushed.feed_id], timezone.now())
    if not leased:
        return pushed.feed.state != Feed.State.ACTIVE
    feed = leased[0]
    try:
        task = ReadTask(
            body=zlib.decompress(bytes(pushed.body)),
            url=feed.url,
            media_type=pushed.media_type,
            charset=pushed.charset,
            now=pushed.received_at,
            timezone=feed.satker.timezone,
        )
        clean = pool.submit(task).result()
        result = FetchResult(feed.pk, feed.url, Outcome.FETCHED, pushed.received_at, 0)
        store.save([store.Reading(feed, result, clean, is_push=True)], timezone.now(), store_policy())
        screen.screen_pending(timezone.now(), limit=10_000, satker_ids={feed.satker_id})
    except FeedError as error:
        log.warning("a pushed body of feed %s was dropped: %s", feed.pk, error.message)
    finally:
        schedule.give_back(leased, pushed.feed.next_check_at)
    return True


def derive(*, seconds: float | None = None) -> int:
    """Bring every derived step up to date with what is stored; returns how many entries were touched."""
    take_little_memory()
    with seldom_collected():
        return _derive(time.monotonic() + seconds if seconds is not None else math.inf)


def _derive(until: float) -> int:
    done = 0
    for step in (_screen_step, _classify_step, _cluster_step):
        while touched := step():
            done += touched
            let_others_write()
            if time.monotonic() > until:
                return done
    return done


def _screen_step() -> int:
    report = screen.screen_pending(timezone.now(), limit=DERIVE_BATCH)
    return report.released + report.held


def _classify_step() -> int:
    return classify.classify_new(timezone.now(), limit=DERIVE_BATCH)


def _cluster_step() -> int:
    return cluster.cluster_new(timezone.now(), limit=DERIVE_BATCH)
