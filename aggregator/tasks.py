"""What django-q2 runs. Plain arguments, safe to run twice, a few lines each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django_q.models import Schedule

from aggregator import pipeline
from aggregator.models import FetchLog, RawFeed
from aggregator.search.quality import forget_old

FETCH_LOG_DAYS = 90
SCHEDULES = {"refresh_due": 1, "tidy": 24 * 60}  # minutes between two runs


def refresh_due() -> dict[str, float]:
    """Read what is due. Two of these at once share the work: leases keep them apart."""
    return pipeline.refresh_due().as_dict()


def tidy() -> None:
    """Drop raw feeds, fetch logs and questions nobody asks any more beyond their keeping time."""
    now = timezone.now()
    RawFeed.objects.filter(received_at__lt=now - timedelta(days=settings.RAW_RETENTION_DAYS)).delete()
    FetchLog.objects.filter(started_at__lt=now - timedelta(days=FETCH_LOG_DAYS)).delete()
    forget_old()


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
