"""Weekday and hour of a post on the clocks of its office: what filters narrow by and figures count.

The offsets of the three zones have not changed since there are web sites: today's hold for every post.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, IntegerField, Q
from django.utils import timezone

from aggregator.models.registry import Zone
from aggregator.querysets import EntryQuerySet

WEEKDAYS = range(1, 8)  # from Monday
HOURS = range(24)
WEEK = 7 * 24
MONDAY_HOURS = 3 * 24  # from a Monday to the beginning of 1970, a Thursday


def weekday_and_hour(at: datetime, zone: str) -> tuple[int, int]:
    local = at.astimezone(ZoneInfo(zone))
    return local.isoweekday(), local.hour


def at_clock(entries: EntryQuerySet, weekdays: Collection[int], hours: Collection[int]) -> EntryQuerySet:
    """Those published on one of these weekdays within one of these hours; none named is any."""
    there = [(day - 1) * 24 + hour for day in weekdays or WEEKDAYS for hour in hours or HOURS]
    wanted = Q()
    for zone in Zone.values:
        ahead = hours_ahead(zone)
        wanted |= Q(satker__timezone=zone, slot__in=[(slot - ahead) % WEEK for slot in there])
    return entries.alias(slot=HourOf("published_at")).filter(wanted)


def hours_ahead(zone: str) -> int:
    """By how many hours the clocks of a zone are ahead of those of national figures."""
    return offset_hours(zone) - offset_hours(settings.TIME_ZONE)


def local_slots() -> Callable[[int, str], int]:
    """From hours since Monday 00.00 of national figures, as `HourOf` gives them, and a zone to the hours on
    that zone's clocks. For many: each zone's offset is worked out once."""
    ahead = cache(hours_ahead)
    return lambda slot, zone: (slot + ahead(zone)) % WEEK


def offset_hours(zone: str) -> int:
    """By how many hours the clocks of a zone are ahead of UTC."""
    offset = timezone.now().astimezone(ZoneInfo(zone)).utcoffset()
    return int(offset.total_seconds() // 3600) if offset else 0


class HourOf(Func):
    """Hours since the Monday 00.00 before an instant, on the clocks of national figures: 0 to 167."""

    arity = 1
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper, **more: Any) -> Any:
        seconds = "CAST(strftime('%%%%s', %(expressions)s) AS integer)"
        return self._hour(f"{seconds} / 3600", compiler, connection, more)

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper, **more: Any) -> Any:
        # In floats: `extract` gives decimals, and takes twice as long for it.
        return self._hour(
            "floor(date_part('epoch', %(expressions)s) / 3600)::int", compiler, connection, more
        )

    def _hour(self, since_1970: str, compiler: Any, connection: BaseDatabaseWrapper, more: Any) -> Any:
        # Doubled percent signs: the SQL passes through parameter formatting.
        since = MONDAY_HOURS + offset_hours(settings.TIME_ZONE)
        return self.as_sql(compiler, connection, template=f"(({since_1970} + {since}) %%%% {WEEK})", **more)
