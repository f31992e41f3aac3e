"""What lies behind a feed's window: kept raw bodies read again, and older pages of the site.

Both go through parse, clean, store and screen like any poll, but as archive: nothing is pushed or mailed,
and the feed's own state and schedule stay as they are.
"""

from __future__ import annotations

import asyncio
import enum
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.utils import timezone

from aggregator import pipeline, schedule
from aggregator.errors import FeedError, FetchError, HttpStatus, PortalError
from aggregator.fetch import fetch_one
from aggregator.links import host
from aggregator.models import Feed, Gap, HostPause, RawFeed, SatkerHost
from aggregator.outbound import Outbound
from aggregator.parse_pool import ParsePool, ReadTask
from aggregator.records import CleanFeed, FetchRequest, FetchResult, Outcome
from aggregator.store import Counts, Reading

MAX_PAGES = 200
GAP_TRIES = 5  # failed ones; then a gap stays open, for staff to see
GAP_WAIT = timedelta(hours=1)  # before another try; it doubles


class Reach(enum.Enum):
    """How far back a backfill goes."""

    KNOWN = "known"  # until all of a page is known
    GAP = "gap"  # until no gap is open
    END = "end"  # to the site's first post


class Busy(PortalError):
    """Another worker holds the feed at this moment."""

    code = "feed_busy"


@dataclass(slots=True)
class Sum:
    """What a replay or a backfill did."""

    pages: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, counts: Counts) -> None:
        self.pages += 1
        self.new += counts.new
        self.changed += counts.changed
        self.unchanged += counts.unchanged


# --- replay -----------------------------------------------------------------------------------------


def replay(feeds: Iterable[Feed], advance: Callable[[int], None] = lambda count: None) -> Sum:
    """Read the kept bodies of these feeds again, newest first; an older body only adds what no newer one
    has, so that no entry falls back to an earlier version."""
    total = Sum()
    with pipeline.parse_pool() as pool:
        for feed in feeds:
            try:
                _replay_feed(feed, pool, total)
            except Busy as busy:
                total.notes.append(busy.message)
            advance(1)
    return total


def replay_one(raw: RawFeed) -> Sum:
    """Read one kept body again. What newer bodies tell of its entries stands: those are left out of it."""
    total = Sum()
    with pipeline.parse_pool() as pool:
        _replay_feed(raw.feed, pool, total, only=raw.pk)
    return total


def _replay_feed(feed: Feed, pool: ParsePool, total: Sum, only: int | None = None) -> None:
    """`only`: the one body that is stored; newer ones are read for what they tell."""
    seen: set[str] = set()
    for raw in RawFeed.objects.filter(feed=feed).order_by("-received_at", "-id").iterator(chunk_size=5):
        is_wanted = only in (None, raw.pk)
        try:
            clean = _read(pool, feed, bytes(raw.body), raw)
        except FeedError as error:
            if is_wanted:
                total.failed += 1
                total.notes.append(f"{feed.url}: {error.message}")
        else:
            entries = tuple(e for e in clean.entries if not {e.guid, e.canonical_url or e.guid} & seen)
            seen |= {name for e in clean.entries for name in (e.guid, e.canonical_url) if name}
            if is_wanted:
                with _held(feed) as leased:
                    total.add(_store(leased, replace(clean, entries=entries)))
        if raw.pk == only:
            return


def _read(pool: ParsePool, feed: Feed, packed: bytes, raw: RawFeed) -> CleanFeed:
    task = ReadTask(
        body=zlib.decompress(packed),
        url=raw.final_url,
        media_type=raw.media_type,
        charset=raw.charset,
        now=raw.received_at,
        timezone=feed.satker.timezone,
    )
    return pool.submit(task).result()


# --- backfill ---------------------------------------------------------------------------------------


def backfill(
    feed: Feed,
    *,
    max_pages: int = MAX_PAGES,
    seconds: float | None = None,
    reach: Reach = Reach.KNOWN,
    advance: Callable[[int], None] = lambda count: None,
) -> Sum:
    """Fetch older pages of a feed: RFC 5005 `prev-archive` links where it has them, else WordPress's
    `?paged=N`, until a page brings no entry, is missing, repeats the one before, or lies beyond `reach`.

    One request at a time, with the host's spacing, while nobody else asks this host. Where it stopped is
    kept on the feed, so that the next call goes on from there. Raises FeedError when a page cannot be
    read, and Busy."""
    started = time.monotonic()
    total = Sum()
    feed = Feed.objects.select_related("satker").get(pk=feed.pk)
    url, before = feed.backfill_url or _older(feed.url, None), frozenset[str]()
    with pipeline.parse_pool() as pool, _Pages(feed, pool) as pages:
        while url and total.pages < max_pages and (seconds is None or time.monotonic() - started < seconds):
            with _held(feed) as leased:
                page = pages.get(url)
                counts = _store(leased, page) if page else Counts()
            if page:
                total.add(counts)
                advance(1)
                _note_filled(feed, page)
            names = frozenset(e.guid for e in page.entries) if page else frozenset()
            goes_on = names and names != before and _wants_more(feed, counts, page, reach)
            url, before = _older(url, page) if goes_on else "", names
            Feed.objects.filter(pk=feed.pk).update(backfill_url=url[:1000])
    return total


def _wants_more(feed: Feed, counts: Counts, page: CleanFeed | None, reach: Reach) -> bool:
    if reach is not Reach.KNOWN:
        return reach is Reach.END or _has_gap(feed)
    return counts.new > 0 or bool(page and page.feed.prev_archive) or _has_gap(feed)


def fill_gaps(now: datetime, *, seconds: float) -> int:
    """Page back where a gap is open and its next try is due; returns how many gaps were worked on."""
    started = time.monotonic()
    due = Gap.objects.filter(filled_at=None, next_try_at__lte=now, feed__state=Feed.State.ACTIVE)
    worked = 0
    for gap in due.select_related("feed__satker").order_by("next_try_at", "id")[:50]:
        left = seconds - (time.monotonic() - started)
        if left <= 0:
            break
        _fill(gap, now, left)
        worked += 1
    return worked


def _fill(gap: Gap, now: datetime, seconds: float) -> None:
    if gap.tries == 0:  # from the top, wherever an earlier backfill stands
        Feed.objects.filter(pk=gap.feed_id).update(backfill_url="")
        Gap.objects.filter(pk=gap.pk).update(tries=1)
    try:
        backfill(gap.feed, seconds=seconds, reach=Reach.GAP)
    except Busy:
        again: datetime | None = now + timedelta(minutes=5)
    except FeedError:
        tries = max(gap.tries, 1) + 1
        Gap.objects.filter(pk=gap.pk).update(tries=tries)
        again = now + GAP_WAIT * 2 ** (tries - 2) if tries <= GAP_TRIES else None
    else:
        # Stopped for want of time it goes on at once; at the end of the site's pages there is no more to get.
        stopped = Feed.objects.filter(pk=gap.feed_id).exclude(backfill_url="").exists()
        again = now if stopped else None
    Gap.objects.filter(pk=gap.pk, filled_at=None).update(next_try_at=again)


class _Pages:
    """Older pages of one feed, one request at a time through one guarded way out."""

    def __init__(self, feed: Feed, pool: ParsePool) -> None:
        self.feed, self.pool = feed, pool
        hosts = SatkerHost.objects.filter(satker=feed.satker_id, state="approved")
        self.approved = frozenset(hosts.values_list("hostname", flat=True))

    def __enter__(self) -> Self:
        self.runner = asyncio.Runner()
        self.outbound = self.runner.run(Outbound(pipeline.fetch_policy()).__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.run(self.outbound.__aexit__(None, None, None))
        self.runner.close()

    def get(self, url: str) -> CleanFeed | None:
        """None when the site has no such page, or names one on a host that nobody approved."""
        name = host(url)
        if name not in self.approved:
            return None
        if name in schedule.paused_hosts(timezone.now()):
            raise FetchError(f"{name} meminta tidak ditanya dahulu.", code="host_quiet")
        request = FetchRequest(feed_id=self.feed.pk, url=url, approved_hosts=self.approved)
        result = self.runner.run(fetch_one(request, self.outbound))
        if isinstance(result.error, HttpStatus) and result.error.status in (400, 404, 410):
            return None
        if result.error:
            if result.retry_after:
                until = timezone.now() + timedelta(seconds=result.retry_after)
                HostPause.ask(host(result.final_url or url), until, result.error.code)
            raise result.error
        task = ReadTask(
            body=result.body,
            url=result.final_url or url,
            media_type=result.media_type,
            charset=result.charset,
            now=result.started_at,
            timezone=self.feed.satker.timezone,
        )
        return self.pool.submit(task).result()


def _older(url: str, page: CleanFeed | None) -> str:
    """The address of the next older page."""
    if page is not None and page.feed.prev_archive:
        return page.feed.prev_archive
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    number = query.get("paged", "1")
    query["paged"] = str(int(number) + 1 if number.isdigit() else 2)
    return urlunsplit(parts._replace(query=urlencode(query)))


def _has_gap(feed: Feed) -> bool:
    return Gap.objects.filter(feed=feed, filled_at=None).exists()


def _note_filled(feed: Feed, page: CleanFeed) -> None:
    """The gaps that this page reaches beyond are filled; of one that it reaches into, the rest is left."""
    oldest = min((e.published_at for e in page.entries if e.published_at), default=None)
    if oldest is None:
        return
    for gap in Gap.objects.filter(feed=feed, filled_at=None, to_at__gt=oldest):
        if oldest <= gap.from_at:
            gap.filled_at, gap.next_try_at = timezone.now(), None
        else:
            share = (oldest - gap.from_at) / (gap.to_at - gap.from_at)
            gap.about = gap.about and max(1, round(gap.about * share))
            gap.to_at = oldest
        gap.save(update_fields=["filled_at", "next_try_at", "about", "to_at"])


# --- both -------------------------------------------------------------------------------------------


@contextmanager
def _held(feed: Feed) -> Iterator[Feed]:
    """The feed under a lease of our own, given back as it was. Raises Busy."""
    due_at = Feed.objects.values_list("next_check_at", flat=True).get(pk=feed.pk)
    leased = schedule.lease([feed.pk], timezone.now())
    if not leased:
        raise Busy(f"{feed.url}: umpan atau hostnya sedang diambil proses lain; coba lagi sebentar lagi.")
    try:
        yield leased[0]
    finally:
        schedule.give_back(leased, due_at)


def _store(leased: Feed, clean: CleanFeed) -> Counts:
    """Store entries as archive; `leased` must be."""
    result = FetchResult(
        feed_id=leased.pk, url=leased.url, outcome=Outcome.FETCHED, started_at=timezone.now(), duration_ms=0
    )
    return pipeline.store_archive(Reading(leased, result, clean, is_archive=True))
