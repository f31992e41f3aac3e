"""Moments as the index sorts and bounds them: days in WIB, and one number for a post's place in time."""

from __future__ import annotations

import time as clock
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WIB = ZoneInfo("Asia/Jakarta")
ID_BITS = 31
MOST_SECONDS = 2**32 - 1


def order_key(at: datetime, entry_id: int) -> int:
    """Newest first and never a tie: seconds since 1970 (0 for what is older), then the id."""
    seconds = min(max(int(at.timestamp()), 0), MOST_SECONDS)
    return seconds << ID_BITS | entry_id


def order_now() -> int:
    """A key after everything until now."""
    return int(clock.time()) << ID_BITS | (1 << ID_BITS) - 1


def read_order(order: int) -> tuple[datetime, int]:
    """The second and the id that a key was made of."""
    return datetime.fromtimestamp(order >> ID_BITS, UTC), order & (1 << ID_BITS) - 1


def day_start(day: date) -> datetime:
    """The first moment of a day in WIB."""
    return datetime.combine(day, time.min, WIB)


def span(first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """From when, inclusive, until when, exclusive, the days from first to last go."""
    until = day_start(last) + timedelta(days=1) if last and last < date.max else None
    return (day_start(first) if first and first > date.min else None), until


def order_span(first: date | None, last: date | None) -> tuple[int | None, int | None]:
    """The same as sort keys."""
    start, until = span(first, last)
    return _bound(start), _bound(until)


def _bound(at: datetime | None) -> int | None:
    return None if at is None else min(max(int(at.timestamp()), 0), MOST_SECONDS) << ID_BITS
