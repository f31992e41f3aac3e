"""The one place where the stages are put together.

fetch (a thread with its own event loop) → parse and clean (worker processes) → store, screen (here, a batch a
transaction) → classify, cluster → index. Everything behind store works from marks, so each step may be
killed, repeated and run beside itself.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from django.utils import timezone

from aggregator import classify, cluster, schedule, screen, store
from aggregator.errors import AddressRefused, FeedError, ParseError
from aggregator.fetch import fetch_all
from aggregator.links import host
from aggregator.models import Feed, SatkerHost
from aggregator.parse_pool import ParsePool, ReadTask
from aggregator.records import CleanFeed, FetchPolicy, FetchRequest, FetchResult, Outcome

if TYPE_CHECKING:
    from concurrent.futures import Future

log = logging.getLogger(__name__)

BATCH_FEEDS = 50
BATCH_ENTRIES = 600
BATCH_SECONDS = 1.0  # a finished feed waits no longer than this for company
RUN_SECONDS = 75.0  # no request begins later; with its time-out a run ends well within lease and task
BUSY_PAUSE = 1.0  # before another look at hosts that another worker holds
MAX_UNDER_WAY = 64  # fetched feeds that wait to be parsed or stored
DERIVE_BATCH = 500

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


def fetch_policy() -> FetchPolicy:
    """The limits of the way out, from the settings."""
    contact = f"; {settings.FETCH_USER_AGENT_CONTACT}" if settings.FETCH_USER_AGENT_CONTACT else ""
    return FetchPolicy(
        user_agent=f"KPU-Portal/{settings.VERSION} (+{settings.BASE_URL}/tentang/pengambil-umpan{contact})",
        timeout=settings.FETCH_TIMEOUT,
        connect_timeout=min(10.0, settings.FETCH_TIMEOUT),
        idle_timeout=min(10.0, settings.FETCH_TIMEOUT),
        max_bytes=settings.FETCH_MAX_BYTES,
        concurrency=settings.FETCH_CONCURRENCY,
        host_concurrency=settings.FETCH_HOST_CONCURRENCY,
        host_spacing=settings.FETCH_HOST_SPACING,
        ip_concurrency=settings.FETCH_IP_CONCURRENCY,
        allowed_networks=settings.FETCH_ALLOWED_NETWORKS,
        allowed_ports=settings.FETCH_ALLOWED_PORTS,
    )


def parse_pool() -> ParsePool:
    return ParsePool(
        processes=settings.PARSE_PROCESSES,
        timeout=settings.PARSE_TIMEOUT,
        max_memory=settings.PARSE_MAX_MEMORY,
    )


def refresh_due(*, seconds: float = RUN_SECONDS, batch: int = 500) -> Totals:
    """Read feeds that are due until none is or the time is up: nothing is asked later than that."""
    started = time.monotonic()
    totals = Totals()
    if feeds := schedule.lease_due(timezone.now(), batch):
        with parse_pool() as pool:
            while feeds:
                left = seconds - (time.monotonic() - started)
                _Run(pool, totals, None, max(left, 0.0)).go(feeds)
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
    with parse_pool() as pool:
        while ids:
            now = timezone.now()
            feeds = schedule.lease(ids[:batch], now)
            later = schedule.waiting(ids[:batch], now)
            if feeds:
                later += _Run(pool, totals, progress, RUN_SECONDS).go(feeds)
            elif later:
                time.sleep(BUSY_PAUSE)
            ids = ids[batch:] + later
    totals.seconds = time.monotonic() - started
    return totals


def store_archive(reading: store.Reading) -> store.Counts:
    """Store and screen one older page or kept body of a leased feed."""
    counts = store.save([reading], timezone.now(), _store_policy())
    screen.screen_pending(timezone.now(), limit=10_000, satker_ids={reading.feed.satker_id})
    return counts.get(reading.feed.pk, store.Counts())


def derive(*, seconds: float | None = None) -> int:
    """Bring every derived step up to date with what is stored; returns how many entries were touched."""
    started = time.monotonic()
    done = 0
    for step in (_screen_step, _classify_step, _cluster_step):
        while touched := step():
            done += touched
            let_others_write()
            if seconds is not None and time.monotonic() - started > seconds:
                return done
    return done


def let_others_write() -> None:
    """SQLite's waiting writers look again every 100 ms at most; one that commits and begins again at once
    would starve them for as long as it has work."""
    if connection.vendor == "sqlite":
        time.sleep(0.02)


def _screen_step() -> int:
    report = screen.screen_pending(timezone.now(), limit=DERIVE_BATCH)
    return report.released + report.held


def _classify_step() -> int:
    return classify.classify_new(timezone.now(), limit=DERIVE_BATCH)


def _cluster_step() -> int:
    return cluster.cluster_new(timezone.now(), limit=DERIVE_BATCH)


# --- one run over leased feeds ----------------------------------------------------------------------


@dataclass(slots=True)
class _Run:
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
        counts = store.save(readings, timezone.now(), _store_policy())
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


def _not_approved(feed: Feed, name: str) -> store.Reading:
    error = AddressRefused(
        f"Host {name} belum disetujui untuk satker ini, jadi tidak diambil.", code="host_not_approved"
    )
    now = timezone.now()
    result = FetchResult(
        feed_id=feed.pk, url=feed.url, outcome=Outcome.FAILED, started_at=now, duration_ms=0, error=error
    )
    return store.Reading(feed, result, None, error)


def _store_policy() -> store.StorePolicy:
    return store.StorePolicy(
        publish_delay=timedelta(seconds=settings.PUBLISH_DELAY),
        keep_raw=settings.RAW_RETENTION_DAYS > 0,
        next_check=_next_check,
    )


def _next_check(reading: store.Reading, counts: store.Counts) -> store.NextCheck:
    feed, result = reading.feed, reading.result
    plan = schedule.plan(
        schedule.Attempt(
            outcome=Outcome.FAILED if reading.error else result.outcome,
            error_code=reading.error.code if reading.error else "",
            new=0 if feed.first_success_at is None else counts.new,
            known=counts.changed + counts.unchanged,
            failures=feed.failures + 1,
            fresh_for=result.fresh_for,
            retry_after=result.retry_after,
            wishes=feed.wishes,
        ),
        interval=feed.interval,
        now=timezone.now(),
        least=settings.FETCH_MIN_INTERVAL,
        most=settings.FETCH_MAX_INTERVAL,
    )
    return store.NextCheck(plan.interval, plan.next_check_at, plan.stop)
