"""Confirming requests with their callbacks (WebSub §5.3) and delivering what is due (§7).

A delivery holds the entries that are new or changed, as a feed of the topic's own kind; the body is made
once for all leases that get the same. A lease is taken before it is sent, by moving its due time ahead, so
that two workers rarely send one thing twice, and a worker that dies is followed by another.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar
from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone, translation

from aggregator.errors import FetchError, RequestError
from aggregator.outbound import Outbound
from aggregator.records import FetchPolicy
from feeds import addresses, documents, former, items, windows
from feeds.documents import MEDIA_TYPES
from feeds.hub import dispatch
from feeds.hub.announce import announce
from feeds.hub.requests import UNCONFIRMED_SPAN, read_topic
from feeds.models import Intent, Lease
from feeds.views import WRITERS
from feeds.waiting import doubled

log = logging.getLogger(__name__)

BATCH = 300  # leases or requests taken at once
TAKEN = timedelta(seconds=60)  # how long a taken lease is left alone
FIRST_RETRY, LAST_RETRY = timedelta(seconds=30), timedelta(hours=6)
GIVE_UP = timedelta(days=3)  # of nothing but failures
PAUSE = 0.3  # seconds between two looks at the change sequence
AFTER_FAILURE = 5.0
TIDY_EVERY = 600.0

T = TypeVar("T")
After = Callable[[], int]  # notes in the database how it ended; gives 1 for a delivery that arrived


class Job(Protocol):
    """Something to send, whose end is to be noted."""

    async def send(self, outbound: Outbound) -> After: ...


def policy() -> FetchPolicy:
    """Callbacks are asked often and answer briefly: little time, no redirect, no pause between two."""
    return FetchPolicy(
        user_agent=f"KPU-Portal-Hub/{settings.VERSION} (+{settings.BASE_URL}/langganan)",
        timeout=8.0,
        connect_timeout=4.0,
        idle_timeout=5.0,
        max_bytes=64_000,
        max_redirects=0,
        concurrency=64,
        host_concurrency=16,
        host_spacing=0.0,
        ip_concurrency=32,
        allowed_networks=settings.FETCH_ALLOWED_NETWORKS,
        allowed_ports=settings.FETCH_ALLOWED_PORTS,
    )


def deliver_once() -> int:
    """Confirm, dispatch and deliver all that is due now; returns how many deliveries arrived."""
    dispatch.tidy()
    jobs = work()

    async def send() -> list[After]:
        async with Outbound(policy()) as outbound:
            return await asyncio.gather(*(job.send(outbound) for job in jobs))

    return sum(after() for after in asyncio.run(send())) if jobs else 0


def run(stopped: Callable[[], bool]) -> None:
    """Go on until `stopped`. One slow callback keeps no other waiting."""
    asyncio.run(_run(stopped))


async def _run(stopped: Callable[[], bool]) -> None:
    under_way: set[asyncio.Task[None]] = set()
    tidied = -TIDY_EVERY
    loop = asyncio.get_running_loop()
    async with Outbound(policy()) as outbound:
        while not stopped():
            try:
                await _in_thread(close_old_connections)
                for job in await _in_thread(work):
                    task = asyncio.create_task(_finish(job, outbound))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                if loop.time() - tidied > TIDY_EVERY:
                    await _in_thread(tidy)
                    tidied = loop.time()
            except Exception:  # the database or an external hub was away: what is due stays due
                log.exception("one round of the hub failed")
                await asyncio.sleep(AFTER_FAILURE)
            await asyncio.sleep(PAUSE)
        await asyncio.gather(*under_way, return_exceptions=True)


async def _finish(job: Job, outbound: Outbound) -> None:
    """A delivery whose end could not be noted is taken again when its time is up."""
    try:
        await _in_thread(await job.send(outbound))
    except Exception:
        log.exception("the end of a delivery could not be noted")


async def _in_thread(step: Callable[[], T]) -> T:
    return await sync_to_async(step, thread_sensitive=True)()


def work() -> list[Job]:
    """Everything there is to send now, taken."""
    if settings.WEBSUB_HUB_URL:
        announce(policy())
        return []
    now = timezone.now()
    dispatch.dispatch(now)
    return [*confirmations(now), *deliveries(now)]


def tidy() -> None:
    """Drop what is past its time, and learn the addresses of today before they change."""
    dispatch.tidy()
    former.remember()


# --- confirming -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Confirmation:
    """One question to a callback: did you ask for this?"""

    intent: Intent
    challenge: str

    async def send(self, outbound: Outbound) -> After:
        intent = self.intent
        question = {
            "hub.mode": intent.mode,
            "hub.topic": intent.topic,
            "hub.challenge": self.challenge,
        }
        if intent.mode == Intent.Mode.SUBSCRIBE:
            question["hub.lease_seconds"] = str(intent.seconds)
        mark = "&" if "?" in intent.callback else "?"
        try:
            answer = await outbound.get(f"{intent.callback}{mark}{urlencode(question)}")
            agreed = answer.status == 200 and answer.body.strip() == self.challenge.encode()
            error = "" if agreed else f"jawaban {answer.status} tanpa tantangan"
        except FetchError as failed:
            error = failed.message
        return partial(_refuse, intent, error) if error else partial(_agree, intent)


def confirmations(now: datetime) -> list[Confirmation]:
    asked = Intent.objects.filter(asked_at__gt=now - UNCONFIRMED_SPAN)
    due = list(asked.filter(due_at__lte=now).order_by("due_at")[:BATCH])
    taken = [i for i in due if Intent.objects.filter(pk=i.pk, due_at=i.due_at).update(due_at=now + TAKEN)]
    return [Confirmation(intent, secrets.token_urlsafe(24)) for intent in taken]


def _agree(intent: Intent) -> int:
    if intent.mode == Intent.Mode.UNSUBSCRIBE:
        Lease.objects.filter(key=intent.key).delete()
    else:
        now = timezone.now()
        fields = {
            "topic": intent.topic,
            "callback": intent.callback,
            "host": intent.host,
            "secret": intent.secret,
            "ends_at": now + timedelta(seconds=intent.seconds),
            "failures": 0,
            "failing_since": None,
            "error": "",
        }
        Lease.objects.update_or_create(key=intent.key, defaults=fields)
    Intent.objects.filter(pk=intent.pk).delete()
    return 0


def _refuse(intent: Intent, error: str) -> int:
    """It counts against the host for an hour, and is not asked again."""
    Intent.objects.filter(pk=intent.pk).update(due_at=None, error=error[:300])
    return 0


# --- delivering -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Delivery:
    """What one lease gets."""

    lease: Lease
    body: bytes
    headers: dict[str, str]

    async def send(self, outbound: Outbound) -> After:
        headers = dict(self.headers)
        if self.lease.secret:
            digest = hmac.new(self.lease.secret.encode(), self.body, hashlib.sha256).hexdigest()
            headers["X-Hub-Signature"] = f"sha256={digest}"
        try:
            answer = await outbound.post(self.lease.callback, self.body, headers=headers)
            status, error = answer.status, f"jawaban {answer.status}"
        except FetchError as failed:
            status, error = 0, failed.message
        if 200 <= status < 300:
            return partial(_arrived, self.lease)
        return partial(_failed, self.lease, status, error)


def deliveries(now: datetime) -> list[Delivery]:
    """Take the leases to which something is due, and make what they get."""
    due = list(Lease.objects.filter(due_at__lte=now, ends_at__gt=now).order_by("due_at")[:BATCH])
    bodies: dict[tuple[str, tuple[int, ...]], tuple[bytes, dict[str, str]] | None] = {}
    found, empty = [], []
    for lease in due:
        if not Lease.objects.filter(pk=lease.pk, due_at=lease.due_at).update(due_at=now + TAKEN):
            continue
        key = (lease.topic, tuple(lease.pending))
        if key not in bodies:
            bodies[key] = content(lease.topic, lease.pending)
        made = bodies[key]
        if made is None:
            empty.append(lease)
        else:
            found.append(Delivery(lease, *made))
    for lease in empty:
        _settled(lease)
    return found


def content(topic: str, entry_ids: list[int]) -> tuple[bytes, dict[str, str]] | None:
    """Body and headers of a delivery; None when nothing of it is public any more or the feed is gone."""
    with translation.override(settings.LANGUAGE_CODE):
        try:
            channel, ending, full = read_topic(topic)
        except RequestError:
            return None
        load = items.load_tombstones if channel.kind == "ditarik" else items.load
        entries = load(sorted(entry_ids, reverse=True))
        if not entries:
            return None
        body = WRITERS[ending](documents.Document(channel, windows.Window(entry_ids), entries, full))
    headers = {
        "Content-Type": f"{MEDIA_TYPES[ending]}; charset=utf-8",
        "Link": f'<{topic}>; rel="self", <{addresses.hub()}>; rel="hub"',
    }
    return body, headers


def _arrived(lease: Lease) -> int:
    Lease.objects.filter(pk=lease.pk).update(
        failures=0, failing_since=None, delivered_at=timezone.now(), error=""
    )
    _settled(lease)
    return 1


def _settled(lease: Lease) -> None:
    """Nothing of this is due any more; what was added meanwhile is due soon."""
    if Lease.objects.filter(pk=lease.pk, pending=lease.pending).update(pending=[], due_at=None):
        return
    row = Lease.objects.filter(pk=lease.pk).first()
    if row is not None:
        row.pending = [pk for pk in row.pending if pk not in set(lease.pending)]
        row.due_at = timezone.now() + dispatch.GAP if row.pending else None
        row.save(update_fields=["pending", "due_at"])


def _failed(lease: Lease, status: int, error: str) -> int:
    """Try again later and later; 410 ends the lease at once (§7), days of failure end it too."""
    now = timezone.now()
    since = lease.failing_since or now
    if status == 410 or now - since > GIVE_UP:
        Lease.objects.filter(pk=lease.pk).delete()
        return 0
    wait = doubled(FIRST_RETRY, lease.failures, LAST_RETRY)
    Lease.objects.filter(pk=lease.pk).update(
        failures=lease.failures + 1, failing_since=since, due_at=now + wait, error=error[:300]
    )
    return 0
