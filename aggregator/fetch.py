"""A feed's address → its bytes, or why there are none. A 304 is a value, a failure too: nothing is raised.

Conditional GET echoes exactly the last ETag and Last-Modified, and asks without them the first time
(RFC 9110 §13). No Django; settings come as a FetchPolicy.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from aggregator.errors import FeedError, FetchError, HttpStatus
from aggregator.http_headers import content_type, fresh_for, hub_links, retry_after, validator
from aggregator.limits import Slots
from aggregator.outbound import Outbound, Response, Trail
from aggregator.records import FetchPolicy, FetchRequest, FetchResult, Outcome

__all__ = ["fetch_all", "fetch_one"]

log = logging.getLogger(__name__)

ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
WAITING_BYTES = 8_000_000  # in results nobody has taken yet, beyond which nothing new is asked

_REASONS = {
    401: "Situs meminta masuk dengan sandi",
    403: "Situs menolak permintaan kami",
    404: "Umpan tidak ditemukan di alamat ini",
    410: "Situs menyatakan umpan ini dihapus selamanya",
    429: "Situs meminta kami lebih jarang bertanya",
    500: "Situs mengalami kesalahan",
    502: "Peladen di depan situs tidak mendapat jawaban",
    503: "Situs sedang tidak melayani",
    504: "Peladen di depan situs kehabisan waktu",
}


async def fetch_all(
    requests: Iterable[FetchRequest],
    policy: FetchPolicy,
    *,
    seconds: float | None = None,
    outbound: Outbound | None = None,
) -> AsyncGenerator[FetchResult, None]:
    """Each request's result as soon as it is there. A slow reader slows the asking, so that only few bodies
    are in memory at once.

    Left out, because they were never asked: what had not begun after `seconds`, and further feeds of a host
    that asked for quiet in this run (429 or 503 with Retry-After)."""
    if outbound is None:
        async with Outbound(policy) as outbound, aclosing(_results(requests, outbound, seconds)) as results:
            async for result in results:
                yield result
    else:
        async with aclosing(_results(requests, outbound, seconds)) as results:
            async for result in results:
                yield result


async def _results(
    requests: Iterable[FetchRequest], outbound: Outbound, seconds: float | None
) -> AsyncGenerator[FetchResult, None]:
    ready: asyncio.Queue[FetchResult | None] = asyncio.Queue()
    owners = Slots(1)
    waiting = 0

    async def deliver(request: FetchRequest, trail: Trail) -> None:
        nonlocal waiting
        result = None
        try:
            async with owners.slot(str(request.owner or f"feed {request.feed_id}")):
                result = await fetch_one(request, outbound, trail)
            waiting += len(result.body)
            if waiting > WAITING_BYTES:
                outbound.open.clear()
        finally:
            ready.put_nowait(result)

    work = [(asyncio.create_task(deliver(request, trail := Trail())), trail) for request in requests]

    def stop() -> None:
        for task, trail in work:
            if trail.started_at is None:
                task.cancel()

    timer = asyncio.get_running_loop().call_later(seconds, stop) if seconds is not None else None
    try:
        for _ in work:
            result = await ready.get()
            if result is None:
                continue
            waiting -= len(result.body)
            if waiting <= WAITING_BYTES:
                outbound.open.set()
            if result.error is None or result.error.code != "host_quiet":
                yield result
    finally:
        if timer is not None:
            timer.cancel()
        for task, _ in work:
            task.cancel()
        await asyncio.gather(*(task for task, _ in work), return_exceptions=True)
        outbound.open.set()


async def fetch_one(request: FetchRequest, outbound: Outbound, trail: Trail | None = None) -> FetchResult:
    """Ask for one feed. Whatever happens is in the result; `trail` shows meanwhile whether it has begun."""
    trail = trail if trail is not None else Trail()
    try:
        answer = await outbound.get(
            request.url, headers=_headers(request), approved_hosts=request.approved_hosts, trail=trail
        )
        return _judged(request, answer, trail)
    except FeedError as error:
        return _failed(request, trail, error)
    except Exception as error:  # a fault of ours must not end the run, nor pass for silence
        log.exception("fetching feed %s failed in an unforeseen way", request.feed_id)
        unforeseen = FetchError(f"Kesalahan tak terduga saat mengambil umpan: {type(error).__name__}.")
        return _failed(request, trail, unforeseen)


def _headers(request: FetchRequest) -> dict[str, str]:
    headers = {"Accept": ACCEPT}
    if request.etag:
        headers["If-None-Match"] = request.etag
    if request.last_modified:
        headers["If-Modified-Since"] = request.last_modified
    return headers


def _judged(request: FetchRequest, answer: Response, trail: Trail) -> FetchResult:
    headers = answer.headers
    if answer.status == 304 and (request.etag or request.last_modified):
        return _result(request, trail, Outcome.NOT_MODIFIED, **_said(answer))
    if answer.status != 200:
        error = _status_error(answer)
        return _failed(request, trail, error, retry_after=error.retry_after)
    digest = sha256(answer.body).hexdigest()
    same = digest == request.body_sha256
    media_type, charset = content_type(headers.get("Content-Type", ""))
    return _result(
        request,
        trail,
        Outcome.SAME_BODY if same else Outcome.FETCHED,
        body=b"" if same else answer.body,
        body_sha256=digest,
        media_type=media_type,
        charset=charset,
        hub_links=hub_links(headers),
        **_said(answer),
    )


def _said(answer: Response) -> dict[str, Any]:
    """What a 200 and a 304 alike may say: validators to echo, and how long the answer is good."""
    headers = answer.headers
    return {
        "etag": validator(headers, "ETag"),
        "last_modified": validator(headers, "Last-Modified"),
        "fresh_for": fresh_for(headers, _now()),
    }


def _status_error(answer: Response) -> HttpStatus:
    reason = _REASONS.get(answer.status, "Situs menjawab dengan kode yang tidak dapat dipakai")
    wait = retry_after(answer.headers, _now())
    return HttpStatus(answer.status, f"{reason} ({answer.status}).", retry_after=wait)


def _failed(request: FetchRequest, trail: Trail, error: FeedError, **fields: Any) -> FetchResult:
    return _result(request, trail, Outcome.FAILED, error=error, **fields)


def _result(request: FetchRequest, trail: Trail, outcome: Outcome, **fields: Any) -> FetchResult:
    return FetchResult(
        feed_id=request.feed_id,
        url=request.url,
        outcome=outcome,
        started_at=trail.started_at or _now(),
        duration_ms=round(trail.seconds * 1000),
        status=trail.status,
        final_url=trail.url,
        permanent_url=trail.permanent_url,
        wire_bytes=trail.wire_bytes,
        **fields,
    )


def _now() -> datetime:
    return datetime.now(UTC)
