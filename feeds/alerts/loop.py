"""The resident loop: one process of all nodes at a time notes, makes and sends."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import close_old_connections
from django.utils import timezone

from aggregator import holders
from aggregator.models import Duty
from feeds import former
from feeds.alerts import consent, digests, notice, sending
from feeds.models import Asked, Letter, Noticed, Watched

log = logging.getLogger(__name__)

DUTY, DUTY_SECONDS = "alerts", 120.0
PAUSE, AFTER_FAILURE = 1.0, 15.0
MOST_STEPS = 20  # along the change sequence before anything is sent
TIDY_EVERY = 600.0
NOTICED_KEPT = timedelta(days=15)  # a weekly digest and as much again
ASKED_KEPT, SENT_KEPT, OTHERS_KEPT = timedelta(days=1), timedelta(days=15), timedelta(days=90)


def round_of_work() -> int:
    """Everything that is due now, if no other process has this duty; returns how many letters went out.

    Raises ServerAway when the mail server cannot be reached; what is due stays due.
    """
    me = holders.me()

    def on_duty() -> bool:
        return Duty.take(DUTY, me, DUTY_SECONDS)

    if not on_duty():
        return 0
    now = timezone.now()
    for _number in range(MOST_STEPS):
        if not notice.notice(now):
            break
    digests.make(now)
    return sending.send_due(me, on_duty)


def run(stopped: Callable[[], bool]) -> None:
    """Go on until `stopped`."""
    tidied = -TIDY_EVERY
    while not stopped():
        pause = PAUSE
        try:
            close_old_connections()
            round_of_work()
            if time.monotonic() - tidied > TIDY_EVERY:
                tidied = time.monotonic()
                tidy()
        except sending.ServerAway as error:
            log.error("the mail server cannot be reached: %s", error)
            pause = AFTER_FAILURE
        except Exception:  # the database was away: what is due stays due
            log.exception("one round of the alerts failed")
            pause = AFTER_FAILURE
        _sleep(pause, stopped)
    Duty.release(DUTY, holders.me())


def tidy() -> None:
    """Drop what is past its time."""
    now = timezone.now()
    former.remember()
    Noticed.objects.filter(at__lt=now - NOTICED_KEPT).delete()
    Asked.objects.filter(at__lt=now - ASKED_KEPT).delete()
    Letter.objects.filter(state=Letter.State.SENT, made_at__lt=now - SENT_KEPT).delete()
    Letter.objects.filter(made_at__lt=now - OTHERS_KEPT).delete()
    Letter.objects.filter(alert=None, made_at__lt=now - consent.VALID).delete()
    Watched.objects.filter(alerts=None).delete()


def _sleep(seconds: float, stopped: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while not stopped() and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.2))
