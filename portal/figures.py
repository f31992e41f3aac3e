"""All figures that `/metrics` tells: what processes counted, and what the database knows when it is asked."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import quantiles
from threading import Lock

from django.db import DatabaseError
from django.db.models import Count
from django.utils import timezone
from django_q.models import OrmQ
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from aggregator.errors import IndexUnavailable
from aggregator.models import Duty, Entry, Feed, Gap
from aggregator.search.compare import lag
from aggregator.search.engine import current, read_manifest
from portal.metrics import pages, refused, requests, seconds

LATE = timedelta(minutes=10)
KEPT_SECONDS = 15.0  # figures of the database are asked no more often
MOST_DELAYS = 2000


def exposition() -> bytes:
    """All figures in Prometheus' text format."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        for metric in (requests, seconds, pages, refused):
            registry.register(metric)
    registry.register(_FromDatabase())
    return generate_latest(registry)


class _FromDatabase:
    """Figures that are the same on every node. Without the database only `portal_database_up 0`."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            yield from _kept_figures()
            up = 1
        except DatabaseError:
            up = 0
        yield _gauge("portal_database_up", "Whether the database answers.", up)
        yield _gauge("portal_index_up", "Whether this node's index can be read.", int(_index_lag() >= 0))
        yield _gauge("portal_index_lag_marks", "Changes this node's index has yet to take in.", _index_lag())


_lock = Lock()
_kept: tuple[float, list[GaugeMetricFamily]] = (float("-inf"), [])


def _kept_figures() -> list[GaugeMetricFamily]:
    global _kept
    with _lock:
        if time.monotonic() - _kept[0] > KEPT_SECONDS:
            _kept = (time.monotonic(), list(_figures()))
        return _kept[1]


def _figures() -> Iterator[GaugeMetricFamily]:
    now = timezone.now()
    active = Feed.objects.active()
    yield _gauge("portal_feeds", "Active inbound feeds.", active.count())
    yield _gauge("portal_feeds_due", "Feeds whose time has come.", Feed.objects.due(now).count())
    yield _gauge(
        "portal_feeds_late", "Feeds late by more than ten minutes.", Feed.objects.due(now - LATE).count()
    )
    yield _gauge("portal_feeds_failing", "Active feeds whose last reading failed.", _failing())
    yield _gauge("portal_gaps_open", "Known gaps not filled.", Gap.objects.filter(filled_at=None).count())
    states = GaugeMetricFamily("portal_entries", "Stored posts by state.", labels=["state"])
    for state, number in Entry.objects.order_by().values_list("state").annotate(Count("pk")):
        states.add_metric([state], number)
    yield states
    day_ago = now - timedelta(days=1)
    new = Entry.objects.filter(state=Entry.State.PUBLIC, released_at__gt=day_ago, is_import=False)
    yield _gauge("portal_entries_new_day", "Posts that became public within a day.", new.count())
    yield _gauge("portal_queue_depth", "Tasks waiting in the broker.", OrmQ.objects.count())
    held = Duty.objects.filter(name="derive", until__gt=now).exists()
    yield _gauge("portal_worker_up", "Whether a worker holds the resident loop.", int(held))
    yield _delay(now)


def _failing() -> int:
    return Feed.objects.active().exclude(error_code="").count()


def _delay(now: datetime) -> GaugeMetricFamily:
    """From the time a post bears to the moment it was public here, over the posts of the last hour."""
    family = GaugeMetricFamily(
        "portal_post_delay_seconds", "From post to portal, last hour.", labels=["quantile"]
    )
    hour_ago = now - timedelta(hours=1)
    recent = Entry.objects.filter(released_at__gt=hour_ago, is_import=False, state=Entry.State.PUBLIC)
    pairs = recent.order_by("-released_at").values_list("released_at", "published_at")[:MOST_DELAYS]
    delays = [max(0.0, (out - posted).total_seconds()) for out, posted in pairs if out and posted]
    if len(delays) >= 2:
        cuts = quantiles(delays, n=20, method="inclusive")
        family.add_metric(["0.5"], cuts[9])
        family.add_metric(["0.95"], cuts[18])
    return family


def _index_lag() -> int:
    """Marks to take in; -1 when there is no index that can be read."""
    try:
        return lag(read_manifest(current())["cursor"])
    except (IndexUnavailable, DatabaseError, OSError):
        return -1


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, value=value)
