"""Send what the outbox holds, each message by one process at a time.

A mail is claimed before it is handed over. If the process dies in between, nobody knows whether it arrived;
it becomes `unclear` and people decide. A webhook is repeated: its delivery number tells receivers.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from aggregator.errors import FetchError
from aggregator.outbound import Outbound
from aggregator.records import FetchPolicy
from feeds.waiting import doubled
from portal.monitoring.models import Notice, Webhook

State, Channel = Notice.State, Notice.Channel
FIRST_RETRY, LAST_RETRY = timedelta(minutes=1), timedelta(hours=12)
MOST_ATTEMPTS = 12  # within a good day; then it has failed
CLAIM = timedelta(minutes=10)  # longer than any handing over


class NotSent(Exception):
    """A message could not be handed over."""


def send_due(now: datetime | None = None, seconds: float = 20.0) -> int:
    """Send what is due, for about so long; returns how many messages went out."""
    now = now or timezone.now()
    _settle_the_cut_off(now)
    deadline, sent = time.monotonic() + seconds, 0
    due = Notice.objects.filter(state=State.WAITING, due_at__lte=now).order_by("due_at", "pk")
    for notice in due[:500]:
        if time.monotonic() > deadline:
            break
        claimed = Notice.objects.filter(pk=notice.pk, state=State.WAITING).update(
            state=State.SENDING, due_at=now + CLAIM, attempts=notice.attempts + 1
        )
        if claimed:
            sent += _send(notice, now)
    return sent


def _send(notice: Notice, now: datetime) -> bool:
    mine = Notice.objects.filter(pk=notice.pk, state=State.SENDING)
    try:
        SENDERS[notice.channel](notice)
    except NotSent as error:
        attempts = notice.attempts + 1
        if attempts >= MOST_ATTEMPTS:
            mine.update(state=State.FAILED, error=str(error)[:300])
        else:
            wait = doubled(FIRST_RETRY, notice.attempts, LAST_RETRY)
            mine.update(state=State.WAITING, due_at=now + wait, error=str(error)[:300])
        return False
    mine.update(state=State.SENT, sent_at=now, error="")
    return True


def _settle_the_cut_off(now: datetime) -> None:
    """What a process that died was about to send."""
    cut_off = Notice.objects.filter(state=State.SENDING, due_at__lte=now)
    cut_off.filter(channel=Channel.MAIL).update(state=State.UNCLEAR)
    cut_off.filter(channel=Channel.WEBHOOK).update(state=State.WAITING)


def _mail(notice: Notice) -> None:
    if settings.DEMO and settings.EMAIL_BACKEND.endswith(".console.EmailBackend"):
        return  # the terminal of a demonstration is no letter box; the page shows what was written
    message = EmailMessage(
        notice.subject,
        notice.body,
        to=[notice.address],
        headers={"Message-ID": _message_id(notice), "Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except Exception as error:  # smtplib, socket and TLS each have errors of their own
        raise NotSent(f"{type(error).__name__}: {error}") from error


def _message_id(notice: Notice) -> str:
    """The same for the same message, so that mail systems see a repetition for what it is."""
    host = settings.BASE_URL.partition("://")[2].partition("/")[0].partition(":")[0]
    return f"<pantauan-{notice.pk}@{host}>"


def _hook(notice: Notice) -> None:
    hook = Webhook.objects.filter(pk=notice.address, is_active=True).first()
    if hook is None:
        raise NotSent("The webhook was switched off.")
    body = notice.body.encode()
    stamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Portal-Delivery": str(notice.pk),
        "X-Portal-Timestamp": stamp,
        "X-Portal-Signature": f"sha256={signature(hook.secret, stamp, body)}",
    }
    try:
        status = asyncio.run(_post(hook.url, body, headers))
    except FetchError as error:
        raise NotSent(f"{error.code}: {error}") from error
    if not 200 <= status < 300:
        raise NotSent(f"HTTP {status}")


def signature(secret: str, stamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the time stamp, a full stop, and the body: an old message cannot be sent anew."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


async def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    async with Outbound(policy()) as outbound:
        return (await outbound.post(url, body, headers=headers)).status


def policy() -> FetchPolicy:
    """Receivers answer briefly and are not redirected."""
    return FetchPolicy(
        user_agent=f"KPU-Portal-Pantauan/{settings.VERSION} (+{settings.BASE_URL})",
        timeout=8.0,
        connect_timeout=4.0,
        idle_timeout=5.0,
        max_bytes=64_000,
        max_redirects=0,
        host_spacing=0.0,
        allowed_networks=settings.FETCH_ALLOWED_NETWORKS,
        allowed_ports=settings.FETCH_ALLOWED_PORTS,
    )


SENDERS: dict[str, Callable[[Notice], None]] = {Channel.MAIL: _mail, Channel.WEBHOOK: _hook}
