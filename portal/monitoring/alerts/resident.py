"""The resident loop of alarms and digest: one process of all nodes at a time looks, tells and sends."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime

from django.db import close_old_connections
from django.utils import timezone

from aggregator import holders
from aggregator.models import Duty
from portal.monitoring.alerts import digest, notices, outbox, watch

log = logging.getLogger(__name__)

LOOK_EVERY = 60.0  # seconds
DUTY_SECONDS = 180.0
PAUSE = 5.0
SETTLE = 120.0  # after a start: what all begins together needs a moment before it can be called dead


def run(stopped: Callable[[], bool], pause: Callable[[float], None] = time.sleep) -> None:
    """Go on until `stopped`."""
    look_at = time.monotonic() + SETTLE
    while not stopped():
        try:
            close_old_connections()
            if Duty.take("watch", holders.me(), DUTY_SECONDS):
                if time.monotonic() >= look_at:
                    look_at = time.monotonic() + LOOK_EVERY
                    look()
                outbox.send_due()
        except Exception:  # the database was away, or a rule broke: what is due stays due
            log.exception("one round of the alarms failed")
        pause(PAUSE)


def look(now: datetime | None = None) -> int:
    """One look: events, messages, and the digest where it is time; returns how many events are to be told."""
    now = now or timezone.now()
    seen = watch.look(now)
    notices.tell(seen.due, now)
    digest.make(now)
    return len(seen.due)
