"""What django-q2 runs. Plain arguments, safe to run twice, a few lines each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_q.models import Schedule

from aggregator import archive, enrol, holders, images, moves, pipeline, presence, schedule, subscriber
from aggregator.models import Duty, FetchLog, RawFeed
from aggregator.search.quality import forget_old

FETCH_LOG_DAYS = 90
WAIT_SECONDS = 30.0  # for a pass under way to end; with the next it stays within the time-out of tasks
LOOK_AFTER_SECONDS = 40.0
PICTURE_SECONDS = 15.0
# Minutes between two runs.
SCHEDULES = {"refresh_due": 1, "look_after": 5, "fetch_pictures": 1, "check_pages": 60, "tidy": 24 * 60}


def refresh_due() -> dict[str, float]:
    """Read what is due."""
    with _way_out(wait=PICTURE_SECONDS) as is_ours:
        return pipeline.refresh_due().as_dict() if is_ours else {}


def look_after() -> dict[str, int]:
    """What polling alone does not do: moves of sites, gaps, hubs, and feeds that were lost."""
    done: dict[str, int] = {}
    with _way_out(wait=WAIT_SECONDS) as is_ours:
        if not is_ours:
            return done
        end = time.monotonic() + LOOK_AFTER_SECONDS
        now = timezone.now()
        done["moves"] = moves.carry_out(seconds=end - time.monotonic())
        done["gaps"] = archive.fill_gaps(now, seconds=end - time.monotonic())
        done["hubs"] = subscriber.keep_subscriptions(now, seconds=end - time.monotonic())
        done["searches"] = enrol.search_again(now, seconds=end - time.monotonic())
    return done


def check_pages() -> int:
    """Whether pages of posts are still there: one page a satker."""
    with _way_out(wait=WAIT_SECONDS) as is_ours:
        return presence.check_pages(timezone.now(), seconds=LOOK_AFTER_SECONDS) if is_ours else 0


def fetch_pictures() -> int:
    """The pictures of new posts."""
    with _way_out(wait=WAIT_SECONDS) as is_ours:
        return images.fetch_due(PICTURE_SECONDS) if is_ours else 0


@contextmanager
def _way_out(wait: float) -> Iterator[bool]:
    """True for the one task of all nodes that may ask sites now, so that the limits hold for all together.

    Holding is a courtesy to sites; leases keep two workers from one feed also without it."""
    name, end = holders.token(), time.monotonic() + wait
    while not (is_ours := Duty.take("fetch", name, schedule.LEASE_SECONDS)) and time.monotonic() < end:
        time.sleep(1)
    try:
        yield is_ours
    finally:
        if is_ours:
            Duty.release("fetch", name)


def tidy() -> None:
    """Drop raw feeds, fetch logs and questions nobody asks any more beyond their keeping time, and pictures
    that are shown no more; then see how large the tables are."""
    images.tidy()
    now = timezone.now()
    RawFeed.objects.filter(received_at__lt=now - timedelta(days=settings.RAW_RETENTION_DAYS)).delete()
    FetchLog.objects.filter(started_at__lt=now - timedelta(days=FETCH_LOG_DAYS)).delete()
    forget_old()
    measure_tables()


def measure_tables() -> None:
    """SQLite chooses its ways by what it last saw of its tables, and looks only when it is told to;
    PostgreSQL sees to that by itself. All rows, 3 s for a million posts: a sample makes the one usual state
    of posts look rare."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def keep_schedules(module: str, minutes: Mapping[str, int]) -> None:
    """Make or mend the rows by which django-q2 starts the tasks of a module: name → minutes between two
    runs. Safe to repeat, on every node.

    A row whose next run lies further ahead than its own period was written under a wrong clock.
    """
    now = timezone.now()
    for name, period in minutes.items():
        task = f"{module}.{name}"
        row, _ = Schedule.objects.update_or_create(
            func=task,
            defaults={
                "name": task,
                "schedule_type": Schedule.MINUTES,
                "minutes": period,
                "repeats": -1,
            },
        )
        if row.next_run > now + timedelta(minutes=period + 5):
            Schedule.objects.filter(pk=row.pk).update(next_run=now)
