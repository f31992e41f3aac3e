"""One run over leased feeds: fetched by a thread, parsed by processes, stored and screened in batches."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone

from aggregator import outage, schedule, screen, store
from aggregator.errors import AddressRefused, FeedError, ParseError
from aggregator.fetch import fetch_all
from aggregator.links import host
from aggregator.models import Feed, SatkerHost
from aggregator.parse_pool import ParsePool, ReadTask
from aggregator.pipeline.policies import fetch_policy, store_policy
from aggregator.records import CleanFeed, FetchRequest, FetchResult, Outcome

if TYPE_CHECKING:
    from concurrent.futures import Future

log = logging.getLogger(__name__)

BATCH_FEEDS = 50
BATCH_ENTRIES = 1000
BATCH_SECONDS = 1.0  # a finished feed waits no longer than this for company
MAX_UNDER_WAY = 64  # fetched feeds that wait to be parsed or stored

Progress = Callable[[int], None]


@dataclass(slots=True)
class Totals:
    """The JSON object that `refresh_feeds` prints last."""

    feeds: int = 0
    not_modified: int = 0
    failed: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    seconds: float = 0.0

    def as_dict(self) -> dict[str, float]:
        return {**asdict(self), "seconds": round(self.seconds, 3)}


def let_others_write() -> None:
    """SQLite's waiting writers look again every 100 ms at most; one that commits and begins again at once
    would starve them for as long as it has work."""
    if connection.vendor == "sqlite":
        time.sleep(0.02)


@dataclass(slots=True)
class Run:
    """Feeds on their way through fetch, parse and store."""

    pool: ParsePool
    totals: Totals
    progress: Progress | None
    seconds: float  # after which nothing is asked any more
    ready: list[store.Reading] = field(default_factory=list)
    inbox: queue.Queue[tuple[FetchResult, CleanFeed | FeedError | None] | int] = field(
        default_factory=queue.Queue
    )
    feeds: dict[int, Feed] = field(default_factory=dict)
    last_flush: float = 0.0
    missing: int = 0  # results that are still to come
    taken: int = 0
    unreachable: int = 0
    done: set[int] = field(default_factory=set)

    def go(self, feeds: list[Feed]) -> list[int]:
        """Read leased feeds; returns those that time did not suffice for."""
        requests, refused = self._requests(feeds)
        self.ready.extend(refused)
        self.feeds = {feed.pk: feed for feed in feeds}
        thread = threading.Thread(target=self._fetch, args=(requests,), name="fetch", daemon=True)
        thread.start()
        self.last_flush = time.monotonic()
        self.missing = len(requests)
        while self.missing:
            self._take()
        thread.join()
        self._flush()
        return self._give_back([self.feeds[r.feed_id] for r in requests if r.feed_id not in self.done])

    def _give_back(self, unasked: list[Feed]) -> list[int]:
        """Feeds that were not asked: because their host asked for quiet meanwhile, or for want of time."""
        now = timezone.now()
        paused = schedule.paused_hosts(now)
        for feed in unasked:
            schedule.give_back([feed], paused.get(host(feed.url), now))
        return [feed.pk for feed in unasked if host(feed.url) not in paused]

    def _take(self) -> None:
        try:
            item = self.inbox.get(timeout=BATCH_SECONDS)
        except queue.Empty:
            self._flush()
            return
        if isinstance(item, int):  # the fetching thread ended early: so many will never come
            self.missing -= item
            return
        result, outcome = item
        self.missing -= 1
        self.taken += 1
        self.done.add(result.feed_id)
        error = outcome if isinstance(outcome, FeedError) else result.error
        clean = outcome if isinstance(outcome, CleanFeed) else None
        self.unreachable += outage.is_unreachable(error)
        self.ready.append(store.Reading(self.feeds[result.feed_id], result, clean, error))
        full = len(self.ready) >= BATCH_FEEDS or self._waiting_entries() >= BATCH_ENTRIES
        if full or time.monotonic() - self.last_flush > BATCH_SECONDS:
            self._flush()

    def _waiting_entries(self) -> int:
        return sum(len(r.entries) for r in self.ready)

    def _requests(self, feeds: list[Feed]) -> tuple[list[FetchRequest], list[store.Reading]]:
        """Requests for feeds that may be asked; readings for those whose host nobody approved. Feeds on a
        host that asked for quiet go back to the schedule."""
        now = timezone.now()
        paused = schedule.paused_hosts(now)
        approved: dict[int, set[str]] = {}
        hosts = SatkerHost.objects.filter(satker__in={f.satker_id for f in feeds}, state="approved")
        for satker_id, name in hosts.values_list("satker_id", "hostname"):
            approved.setdefault(satker_id, set()).add(name)
        requests, refused = [], []
        for feed in feeds:
            name = host(feed.url)
            if name in paused:
                schedule.give_back([feed], paused[name])
            elif name not in approved.get(feed.satker_id, set()):
                refused.append(_not_approved(feed, name))
            else:
                requests.append(
                    FetchRequest(
                        feed_id=feed.pk,
                        url=feed.url,
                        approved_hosts=frozenset(approved[feed.satker_id]),
                        etag=feed.etag,
                        last_modified=feed.last_modified,
                        body_sha256=feed.body_sha256,
                        owner=feed.satker_id,
                    )
                )
        return requests, refused

    def _fetch(self, requests: list[FetchRequest]) -> None:
        received = 0

        async def run() -> None:
            nonlocal received
            async for result in fetch_all(requests, fetch_policy(), seconds=self.seconds):
                received += 1
                self._received(result)
                while received - self.taken > MAX_UNDER_WAY:  # bodies wait in memory: not too many
                    await asyncio.sleep(0.01)

        try:
            asyncio.run(run())
        except Exception:
            log.exception("the fetching loop ended early; its feeds come back when their leases run out")
        finally:
            self.inbox.put(len(requests) - received)

    def _received(self, result: FetchResult) -> None:
        if result.outcome is not Outcome.FETCHED:
            self.inbox.put((result, None))
            return
        task = ReadTask(
            body=result.body,
            url=result.final_url or result.url,
            media_type=result.media_type,
            charset=result.charset,
            now=result.started_at,
            timezone=self.feeds[result.feed_id].satker.timezone,
        )
        self.pool.submit(task).add_done_callback(lambda done: self.inbox.put((result, _outcome(done))))

    def _flush(self) -> None:
        readings, self.ready = self.ready, []
        self.last_flush = time.monotonic()
        if not readings:
            return
        if outage.is_outage(self.taken, self.unreachable):
            readings = [_as_outage(r) for r in readings]
        counts = store.save(readings, timezone.now(), store_policy())
        touched = {r.feed.satker_id for r in readings if (c := counts.get(r.feed.pk)) and c.new + c.changed}
        if touched:
            screen.screen_pending(timezone.now(), limit=10_000, satker_ids=touched)
        for reading in readings:
            self._count(reading, counts.get(reading.feed.pk, store.Counts()))
        if self.progress:
            self.progress(len(readings))
        let_others_write()

    def _count(self, reading: store.Reading, counts: store.Counts) -> None:
        totals = self.totals
        totals.feeds += 1
        totals.failed += reading.error is not None
        totals.not_modified += reading.result.outcome is Outcome.NOT_MODIFIED
        totals.new += counts.new
        totals.changed += counts.changed
        totals.unchanged += counts.unchanged


def _outcome(done: Future[CleanFeed]) -> CleanFeed | FeedError:
    try:
        return done.result()
    except FeedError as error:
        return error
    except Exception as error:  # a fault of ours must not pass for silence: it is shown on the feed
        log.exception("parse failed in an unforeseen way")
        return ParseError(f"Umpan tidak terbaca karena kesalahan tak terduga: {type(error).__name__}.")


def _as_outage(reading: store.Reading) -> store.Reading:
    error = reading.error
    if error is None or not outage.is_unreachable(error):
        return reading
    return replace(reading, error=outage.as_outage(error))


def _not_approved(feed: Feed, name: str) -> store.Reading:
    error = AddressRefused(
        f"Host {name} belum disetujui untuk satker ini, jadi tidak diambil.", code="host_not_approved"
    )
    now = timezone.now()
    result = FetchResult(
        feed_id=feed.pk, url=feed.url, outcome=Outcome.FAILED, started_at=now, duration_ms=0, error=error
    )
    return store.Reading(feed, result, None, error)
