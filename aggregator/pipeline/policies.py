"""The settings as each stage wants them."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from aggregator import outage, schedule, store
from aggregator.models import Feed, HubSubscription
from aggregator.parse_pool import ParsePool
from aggregator.records import FetchPolicy, Outcome


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


def store_policy() -> store.StorePolicy:
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
            failures=1 if reading.error and reading.error.code == outage.CODE else feed.failures + 1,
            fresh_for=result.fresh_for,
            retry_after=result.retry_after,
            wishes=feed.wishes,
            is_pushed=_is_pushed(feed),
        ),
        interval=feed.interval,
        now=timezone.now(),
        least=settings.FETCH_MIN_INTERVAL,
        most=settings.FETCH_MAX_INTERVAL,
    )
    return store.NextCheck(plan.interval, plan.next_check_at, plan.stop)


def _is_pushed(feed: Feed) -> bool:
    """Whether a hub has promised to tell us, and still does."""
    subscription: HubSubscription | None = getattr(feed, "subscription", None)
    return (
        subscription is not None
        and subscription.state == HubSubscription.State.ACTIVE
        and subscription.expires_at is not None
        and subscription.expires_at > timezone.now()
    )
