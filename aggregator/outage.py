"""When next to nothing answers, it is our network or the central hosting, not five hundred sites.

Such failures are one fact with one alarm: they carry a code of their own, count against no feed, and make
none wait for longer than the usual first wait, so that all are read soon after the end.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.errors import FeedError, FetchError
from aggregator.models import Feed

CODE = "outage"
CODES = frozenset({"dns", "connect", "timeout", "reset", "http_500", "http_502", "http_503", "http_504"})
LEAST = 10  # feeds; of fewer nothing can be concluded
SHARE = 0.9
RECENT = timedelta(hours=1)


def is_outage(asked: int, unreachable: int) -> bool:
    """Of one pass: how many feeds were asked, how many could not be reached."""
    return unreachable >= LEAST and unreachable >= SHARE * asked


def is_unreachable(error: FeedError | None) -> bool:
    return error is not None and error.code in CODES


def as_outage(error: FeedError) -> FeedError:
    """The same failure, told as part of the whole."""
    said = "Hampir semua situs tidak dapat dihubungi: jaringan portal atau hosting pusat terganggu."
    return FetchError(f"{said} {error.message}", code=CODE)


def current(now: datetime) -> int:
    """How many feeds an outage keeps from being read at this moment; 0: there is none."""
    struck = Feed.objects.active().filter(error_code=CODE, last_checked_at__gt=now - RECENT).count()
    return struck if struck >= LEAST else 0
