"""When an alert is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from feeds.models import Alert

HOUR = 7  # of the day, in the nation's zone
MONDAY = 0
GAP = timedelta(minutes=15)  # "at once": a burst of posts makes one letter in this time, not fifty


def next_due(rhythm: str, now: datetime) -> datetime | None:
    """When a digest is due next, after `now`; None for alerts at once, which are due when there is news."""
    if rhythm == Alert.Rhythm.NOW:
        return None
    here = now.astimezone(ZoneInfo(settings.TIME_ZONE))
    due = here.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    if rhythm == Alert.Rhythm.WEEKLY:
        due += timedelta(days=(MONDAY - due.weekday()) % 7)
    if due <= here:
        due += timedelta(days=7 if rhythm == Alert.Rhythm.WEEKLY else 1)
    return due
