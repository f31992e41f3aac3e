"""Who is due, under which lease, and when the next look is worth its while.

`lease_due` and `lease` take feeds for this process; `plan` decides, without the database, when a feed is
asked again. The policy stands in one table in docs/ingestion.md.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from aggregator import holders
from aggregator.links import host
from aggregator.models import Feed, HostPause
from aggregator.records import Outcome

LEASE_SECONDS = 300  # longer than any batch, which ends itself at 90 s
LEASE_LOCK = 0x6B7075_01  # PostgreSQL: who takes leases takes turns, so that no two hold one host
CLOCK_SKEW = timedelta(minutes=5)  # between nodes; a time further ahead was written under a wrong clock
DAY = 86_400
MAX_WISH = DAY  # a feed may ask for less, but not for silence beyond a day
MAX_BACKOFF = DAY
JITTER = random.Random()  # noqa: S311 - so that feeds do not move in step; no secret

QUIET_GROWTH = 1.06  # nothing new: in balance a feed is asked about 13 times between two posts
NEWS_SHRINK = 0.5
PUSHED_FACTOR = 4
FLOOD_SHRINK = 0.25  # more than half of the window was new: another such step and posts are lost

# First wait after a failure, in seconds; it doubles with each further one. A time-out is not a 404.
FAILURE_BASE = {
    "http_404": 3600,
    "http_401": 7200,
    "http_403": 7200,
    "http_451": DAY,
    "html": 3600,
    "not_a_feed": 3600,
    "address_refused": 7200,
    "host_not_approved": 7200,
    "redirect_host": 7200,
    "redirect_downgrade": 7200,
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What `plan` needs to know of one attempt. Times in seconds."""

    outcome: Outcome
    error_code: str = ""
    new: int = 0
    known: int = 0
    failures: int = 0  # in a row, this one included
    fresh_for: float | None = None
    retry_after: float | None = None
    wishes: dict[str, object] | None = None
    is_pushed: bool = False  # a hub tells us of news, so looking is only for the case that it does not


@dataclass(frozen=True, slots=True)
class Plan:
    interval: int
    next_check_at: datetime
    stop: bool = False  # the site said that the feed is gone for good: staff decide


def plan(
    attempt: Attempt, *, interval: int, now: datetime, least: int, most: int, rng: random.Random | None = None
) -> Plan:
    """When to ask again. `least` and `most` bound the feed's own interval; wishes, Retry-After and
    back-off may go beyond `most`, never below `least`."""
    rng = rng or JITTER
    if attempt.outcome is Outcome.FAILED:
        wait = _backoff(attempt, least)
    else:
        interval = _adapt(interval, attempt, least, most)
        wait = max(interval, min(_wish(attempt), MAX_WISH))
        if attempt.is_pushed:
            wait = max(wait, min(interval * PUSHED_FACTOR, most))
    wait = max(least * 0.8, wait * rng.uniform(0.9, 1.1), attempt.retry_after or 0)
    at = _outside_skipped(now + timedelta(seconds=wait), attempt.wishes or {}, rng)
    return Plan(interval, at, stop=attempt.error_code == "http_410")


def _adapt(interval: int, attempt: Attempt, least: int, most: int) -> int:
    if attempt.new == 0:
        factor = QUIET_GROWTH
    elif attempt.new > attempt.known:
        factor = FLOOD_SHRINK
    else:
        factor = NEWS_SHRINK
    return int(min(max(interval * factor, least), most))


def _backoff(attempt: Attempt, least: int) -> float:
    base = FAILURE_BASE.get(attempt.error_code, max(least, 300))
    return float(min(base * 2 ** min(attempt.failures - 1, 16), MAX_BACKOFF))


def _wish(attempt: Attempt) -> float:
    ttl = (attempt.wishes or {}).get("ttl")
    return max(attempt.fresh_for or 0.0, float(ttl) if isinstance(ttl, int | float) else 0.0)


def _outside_skipped(at: datetime, wishes: dict[str, object], rng: random.Random) -> datetime:
    """Move a time out of the feed's skipHours and skipDays (GMT; RSS 2.0 and the Syndication module)."""
    hours, days = wishes.get("skip_hours"), wishes.get("skip_days")
    hours = set(hours) if isinstance(hours, list) else set()
    days = set(days) if isinstance(days, list) else set()
    if len(hours) >= 24 or len(days) >= 7:
        return at  # a feed that forbids every hour has made a mistake
    for _ in range(7 * 24):
        utc = at.astimezone(UTC)
        if utc.hour not in hours and utc.strftime("%A") not in days:
            return at
        at = utc.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1, seconds=rng.uniform(0, 600))
    return at


def lease_due(now: datetime, limit: int) -> list[Feed]:
    """Take up to `limit` due feeds, longest overdue first. No other worker gets them until the lease ends,
    nor any other feed of their hosts."""
    return _lease(due(now), now, limit)


def due(now: datetime) -> Q:
    """Also due is what only a wrong clock can have put off (F09)."""
    checked_ahead = Q(lease="", last_checked_at__gt=now + CLOCK_SKEW)
    leased_ahead = ~Q(lease="") & Q(next_check_at__gt=now + timedelta(seconds=LEASE_SECONDS) + CLOCK_SKEW)
    far_ahead = Q(next_check_at__gt=now + timedelta(days=8))  # a day and a week of skipDays at most
    return Q(next_check_at__lte=now) | checked_ahead | leased_ahead | far_ahead


def lease(feed_ids: Iterable[int], now: datetime) -> list[Feed]:
    """Take these active feeds whatever their schedule, but for those on a host that another worker holds."""
    return _lease(Q(id__in=list(feed_ids)) & (Q(lease="") | Q(next_check_at__lte=now)), now, None)


def _lease(wanted: Q, now: datetime, limit: int | None) -> list[Feed]:
    token = holders.token()
    with transaction.atomic():
        _take_turns()
        _free_what_the_dead_held(now)
        due = Feed.objects.active().filter(wanted).order_by("next_check_at", "id")
        ids = _on_free_hosts(due.select_for_update(skip_locked=True), _held_hosts(now), limit)
        until = now + timedelta(seconds=LEASE_SECONDS)
        Feed.objects.filter(id__in=ids).update(lease=token, next_check_at=until)
    taken = Feed.objects.filter(id__in=ids, lease=token)
    return list(taken.select_related("satker", "replaces", "subscription").order_by("id"))


def _take_turns() -> None:
    if connection.vendor == "postgresql":  # SQLite's BEGIN IMMEDIATE has done it already
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LEASE_LOCK])


def _held_hosts(now: datetime) -> set[str]:
    longest = now + timedelta(seconds=LEASE_SECONDS) + CLOCK_SKEW
    held = Feed.objects.exclude(lease="").filter(next_check_at__gt=now, next_check_at__lte=longest)
    return {host(url) for url in held.values_list("url", flat=True)}


def _on_free_hosts(due: QuerySet[Feed], held: set[str], limit: int | None) -> list[int]:
    """One worker a host at a time: a central platform may serve hundreds of feeds under one name."""
    if not held:
        return list(due.values_list("id", flat=True)[:limit])
    rows = due.values_list("id", "url")
    return [pk for pk, url in rows if host(url) not in held][:limit]


def waiting(feed_ids: Iterable[int], now: datetime) -> list[int]:
    """Those of these active feeds that nobody holds, but whose host another worker does."""
    free = Feed.objects.active().filter(Q(lease="") | Q(next_check_at__lte=now), id__in=list(feed_ids))
    held = _held_hosts(now)
    return [pk for pk, url in free.values_list("id", "url") if host(url) in held] if held else []


def _free_what_the_dead_held(now: datetime) -> None:
    """A killed worker's feeds need not wait for its leases to end where its death can be seen."""
    held = Feed.objects.filter(lease__startswith=holders.prefix(), next_check_at__gt=now)
    for name in set(held.values_list("lease", flat=True)):
        if holders.is_dead(name):
            Feed.objects.filter(lease=name).update(lease="", next_check_at=now)


def give_back(feeds: Iterable[Feed], at: datetime) -> None:
    """End the lease of feeds that were not asked after all."""
    for feed in feeds:
        Feed.objects.filter(id=feed.pk, lease=feed.lease).update(lease="", next_check_at=at)


def paused_hosts(now: datetime) -> dict[str, datetime]:
    """Hosts that asked to be left alone, with the time until when. None may ask for more than a day: what
    lies further ahead was written under a wrong clock."""
    pauses = HostPause.objects.filter(until__gt=now, until__lte=now + timedelta(seconds=DAY) + CLOCK_SKEW)
    return dict(pauses.values_list("hostname", "until"))


def count_due(now: datetime) -> int:
    return Feed.objects.due(now).count()
