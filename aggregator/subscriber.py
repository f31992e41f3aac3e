"""Inbound WebSub: hubs of feeds are asked to push (W3C WebSub §5, §7).

A push is trusted as content only when it is signed with the secret of its lease; without a signature it is a
hint to look; with a wrong one it is nothing.

Polling goes on, rarer, so that a hub that falls silent costs time and no post.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
import zlib
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from aggregator import pipeline
from aggregator.errors import FeedError
from aggregator.http_headers import content_type
from aggregator.models import Feed, HubSubscription, PushedBody
from aggregator.outbound import Outbound

LEASE = timedelta(days=10)  # that we ask for; the hub decides
LEAST_LEASE, MOST_LEASE = timedelta(minutes=5), timedelta(days=30)
RENEW_AT = 0.8  # of the lease
UNVERIFIED = timedelta(hours=1)  # after asking, before asking again
REFUSED = timedelta(days=7)
MOST_BACKOFF = timedelta(days=1)
A_ROUND = 50
METHODS = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
MOST_PUSHED = 20  # bodies of one feed that wait to be read
HINT_EVERY = timedelta(minutes=1)
ACTIVE = HubSubscription.State.ACTIVE


# --- asking hubs ------------------------------------------------------------------------------------


def keep_subscriptions(now: datetime, *, seconds: float) -> int:
    """Subscribe where a feed names a hub, ask again, renew; returns how many hubs were asked."""
    _follow_feeds(now)
    due = HubSubscription.objects.filter(next_try_at__lte=now, feed__state=Feed.State.ACTIVE)
    chosen = list(due.select_related("feed").order_by("next_try_at")[:A_ROUND])
    return _ask_all(chosen, now, seconds) if chosen else 0


def _follow_feeds(now: datetime) -> None:
    """One subscription for each active feed with a hub; none for the others."""
    with_hub = Feed.objects.active().exclude(hub_url="")
    HubSubscription.objects.exclude(feed__in=with_hub).delete()
    HubSubscription.objects.exclude(hub_url=F("feed__hub_url")).delete()
    HubSubscription.objects.bulk_create(
        [
            HubSubscription(
                feed=feed,
                hub_url=feed.hub_url,
                topic=feed.hub_topic or feed.url,
                token=secrets.token_urlsafe(32),
                secret=secrets.token_urlsafe(32),
                next_try_at=now,
            )
            for feed in with_hub.filter(subscription=None)
        ],
        ignore_conflicts=True,
    )


def _ask_all(chosen: list[HubSubscription], now: datetime, seconds: float) -> int:
    """One after the other: hubs are few, and many feeds share one."""
    started, asked = time.monotonic(), 0
    with asyncio.Runner() as runner:
        outbound = runner.run(Outbound(pipeline.fetch_policy()).__aenter__())
        try:
            for one in chosen:
                if time.monotonic() - started > seconds:
                    break
                _asked(one, runner.run(_ask(one, outbound)), now)
                asked += 1
        finally:
            runner.run(outbound.__aexit__(None, None, None))
    return asked


async def _ask(one: HubSubscription, outbound: Outbound) -> str:
    """Returns why the hub did not take the request, or ""."""
    form = {
        "hub.mode": "subscribe",
        "hub.topic": one.topic,
        "hub.callback": f"{settings.BASE_URL}/websub/{one.token}",
        "hub.secret": one.secret,
        "hub.lease_seconds": str(int(LEASE.total_seconds())),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        answer = await outbound.post(one.hub_url, urlencode(form).encode(), headers=headers)
    except FeedError as error:
        return error.message
    return "" if 200 <= answer.status < 300 else f"Hub menjawab {answer.status}."


def _asked(one: HubSubscription, problem: str, now: datetime) -> None:
    """An active lease stays active while it is renewed, until it really ends."""
    failures = one.failures + 1 if problem else 0
    wait = min(UNVERIFIED * 2 ** min(max(failures - 1, 0), 8), MOST_BACKOFF)
    ended = one.expires_at is None or one.expires_at <= now
    state = HubSubscription.State.ASKED if ended and not problem else one.state
    if ended and problem and one.state == ACTIVE:
        state = HubSubscription.State.WANTED
    # The hub may have confirmed already, in the time of our request: then its lease is what counts.
    HubSubscription.objects.filter(pk=one.pk, next_try_at=one.next_try_at).update(
        state=state, failures=failures, next_try_at=now + wait, problem=problem[:500]
    )


# --- what hubs say ----------------------------------------------------------------------------------


def confirm(token: str, mode: str, topic: str, lease_seconds: str) -> bool:
    """The hub asks whether we asked (§5.3), or tells that it will not serve us; true: yes, go on."""
    one = HubSubscription.objects.filter(token=token).select_related("feed").first()
    if one is None or topic != one.topic:
        return False
    now = timezone.now()
    if mode == "denied":
        HubSubscription.objects.filter(pk=one.pk).update(
            state=HubSubscription.State.REFUSED,
            next_try_at=now + REFUSED,
            problem="Hub menolak langganan ini.",
        )
        return True
    if mode != "subscribe" or one.feed.state != Feed.State.ACTIVE:
        return False
    asked = (
        int(lease_seconds) if lease_seconds.isascii() and lease_seconds.isdigit() else LEASE.total_seconds()
    )
    lease = min(max(timedelta(seconds=min(asked, 10**8)), LEAST_LEASE), MOST_LEASE)
    HubSubscription.objects.filter(pk=one.pk).update(
        state=ACTIVE, expires_at=now + lease, next_try_at=now + lease * RENEW_AT, failures=0, problem=""
    )
    return True


def is_known(token: str) -> bool:
    return HubSubscription.objects.filter(token=token).exists()


def receive(token: str, body: bytes | None, signature: str, media_type: str) -> bool:
    """A push; `body` is None when it was too large to take. False for a token that is not ours."""
    one = HubSubscription.objects.filter(token=token).select_related("feed").first()
    if one is None:
        return False
    now = timezone.now()
    if body is not None and signature and not is_signed(body, signature, one.secret):
        return True  # §8: a wrong signature is ignored, and not told
    HubSubscription.objects.filter(pk=one.pk).update(last_push_at=now)
    waiting = PushedBody.objects.filter(feed=one.feed_id).count()
    if body and signature and waiting < MOST_PUSHED:
        kind, charset = content_type(media_type)
        PushedBody.objects.create(
            feed_id=one.feed_id,
            received_at=now,
            media_type=kind[:100],
            charset=charset[:40],
            body=zlib.compress(body, 1),
        )
    else:
        _look_soon(one.feed_id, now)
    return True


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Compared in constant time. SHA-1 is no signature any more."""
    method, _, given = signature.strip().partition("=")
    digest = METHODS.get(method.strip().lower())
    if digest is None:
        return False
    expected = hmac.new(secret.encode(), body, digest).hexdigest()
    return hmac.compare_digest(expected.encode(), given.strip().lower().encode())


def _look_soon(feed_id: int, now: datetime) -> None:
    """Never sooner than a minute after the last look, however often one hints."""
    recent = Q(last_checked_at__gt=now - HINT_EVERY, last_checked_at__lte=now)
    later = Feed.objects.active().filter(pk=feed_id, lease="", next_check_at__gt=now)
    later.exclude(recent).update(next_check_at=now)
    later.filter(recent).update(next_check_at=now + HINT_EVERY)


# --- reading what was pushed ------------------------------------------------------------------------


def read_pushes() -> int:
    """Store what hubs pushed, as news of its feed; returns how many bodies were read. Those of a feed that is
    being polled at this moment wait."""
    bodies = list(PushedBody.objects.select_related("feed")[:100])
    if not bodies:
        return 0
    done = 0
    with pipeline.parse_pool() as pool:
        for pushed in bodies:
            if pipeline.store_pushed(pushed, pool):
                pushed.delete()
                done += 1
    return done
