"""What lies behind a feed's window: kept raw bodies read again, and older pages of the site.

Both go through parse, clean, store and screen like any poll, but as archive: nothing is pushed or mailed,
and the feed's own state and schedule stay as they are.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.utils import timezone

from aggregator import pipeline, schedule
from aggregator.errors import FeedError, HttpStatus, PortalError
from aggregator.fetch import fetch_one
from aggregator.links import host
from aggregator.models import Feed, Gap, RawFeed, SatkerHost
from aggregator.outbound import Outbound
from aggregator.parse_pool import ParsePool, ReadTask
from aggregator.records import CleanFeed, FetchRequest, FetchResult, Outcome
from aggregator.store import Counts, Reading

MAX_PAGES = 200


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


def _replay_feed(feed: Feed, pool: ParsePool, total: Sum) -> None:
    seen: set[str] = set()
    for raw in RawFeed.objects.filter(feed=feed).order_by("-received_at", "-id").iterator(chunk_size=5):
        try:
            clean = _read(pool, feed, bytes(raw.body), raw)
        except FeedError as error:
            total.failed += 1
            total.notes.append(f"{feed.url}: {error.message}")
            continue
        entries = tuple(e for e in clean.entries if not {e.guid, e.canonical_url or e.guid} & seen)
        seen |= {name for e in clean.entries for name in (e.guid, e.canonical_url) if name}
        total.add(_store(feed, replace(clean, entries=entries)))


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
    feed: Feed, *, max_pages: int = MAX_PAGES, advance: Callable[[int], None] = lambda count: None
) -> Sum:
    """Fetch older pages of a feed: RFC 5005 `prev-archive` links where it has them, else WordPress's
    `?paged=N`, until a page brings no entry, is missing, or all of it is known.

    One request at a time, with the host's spacing. Where it stopped is kept on the feed, so that the next
    call goes on from there. Raises FeedError when the first page cannot be read."""
    total = Sum()
    feed = Feed.objects.select_related("satker").get(pk=feed.pk)
    url = feed.backfill_url or _older(feed.url, None)
    with pipeline.parse_pool() as pool, _Pages(feed, pool) as pages:
        while url and total.pages < max_pages:
            page = pages.get(url)
            if page is None:
                url = ""
            else:
                counts = _store(feed, page)
                total.add(counts)
                advance(1)
                is_known = counts.new == 0 and not page.feed.prev_archive
                is_end = not page.entries or (is_known and not _has_gap(feed))
                url = "" if is_end else _older(url, page)
            _remember(feed, url, page)
    return total


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
        if host(url) not in self.approved:
            return None
        request = FetchRequest(feed_id=self.feed.pk, url=url, approved_hosts=self.approved)
        result = self.runner.run(fetch_one(request, self.outbound))
        if isinstance(result.error, HttpStatus) and result.error.status in (400, 404, 410):
            return None
        if result.error:
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


def _remember(feed: Feed, url: str, page: CleanFeed | None) -> None:
    """Keep where to go on; call the gaps filled that this page reaches beyond."""
    Feed.objects.filter(pk=feed.pk).update(backfill_url=url[:1000])
    dates = [e.published_at for e in page.entries if e.published_at] if page else []
    if dates:
        Gap.objects.filter(feed=feed, filled_at=None, from_at__gte=min(dates)).update(
            filled_at=timezone.now()
        )


# --- both -------------------------------------------------------------------------------------------


def _store(feed: Feed, clean: CleanFeed) -> Counts:
    """Store entries as archive under a lease of our own, and give the feed back as it was."""
    now = timezone.now()
    due_at = Feed.objects.values_list("next_check_at", flat=True).get(pk=feed.pk)
    leased = schedule.lease([feed.pk], now)
    if not leased:
        raise Busy(f"{feed.url}: umpan ini sedang diambil proses lain; coba lagi sebentar lagi.")
    try:
        result = FetchResult(
            feed_id=feed.pk, url=feed.url, outcome=Outcome.FETCHED, started_at=now, duration_ms=0
        )
        return pipeline.store_archive(Reading(leased[0], result, clean, is_archive=True))
    finally:
        schedule.give_back(leased, due_at)
