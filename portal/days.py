"""Days, hours and periods of national figures, computed inside the database.

Django's own `TruncDate` calls back into Python for every row on SQLite; these stay in SQLite. The zone of
national figures (WIB by default) has had one offset since 1963, so today's holds for every post.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Func, Q

from aggregator.clocks import offset_hours
from aggregator.models import Entry
from aggregator.querysets import EntryQuerySet

DATED = Q(date_status__in=[Entry.DateStatus.OK, Entry.DateStatus.FUTURE])


def day_start(day: date) -> datetime:
    """The instant at which `day` begins on the clocks of national figures."""
    return datetime.combine(day, time.min, ZoneInfo(settings.TIME_ZONE))


def month_end(day: date) -> date:
    """The last day of its month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """The period of the same length just before: what changes are measured against."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    @property
    def year_before(self) -> Period:
        """The same days of the year before; 29 February is then the 28th."""
        return Period(_year_before(self.first), _year_before(self.last))

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def latest(self, days: int) -> Period:
        """The last so many days of it."""
        return Period(max(self.first, self.last - timedelta(days=days - 1)), self.last)

    def of(self, entries: EntryQuerySet) -> EntryQuerySet:
        """These entries' dated ones within the period."""
        after = day_start(self.last + timedelta(days=1))
        return entries.filter(DATED, published_at__gte=day_start(self.first), published_at__lt=after)


def _year_before(day: date) -> date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=max(1, day.year - 1), day=28 if leap else day.day)


class DayOf(Func):
    """An instant's day as `YYYY-MM-DD`."""

    arity = 1
    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper, **more: Any) -> Any:
        template = f"date(%(expressions)s, '{offset_hours(settings.TIME_ZONE):+d} hours')"
        return super().as_sql(compiler, connection, template=template, **more)

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper, **more: Any) -> Any:
        template = f"to_char((%(expressions)s) AT TIME ZONE '{settings.TIME_ZONE}', 'YYYY-MM-DD')"
        return super().as_sql(compiler, connection, template=template, **more)


class MonthOf(DayOf):
    """An instant's month as `YYYY-MM`."""

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper, **more: Any) -> Any:
        template = f"strftime('%%%%Y-%%%%m', %(expressions)s, '{offset_hours(settings.TIME_ZONE):+d} hours')"
        return Func.as_sql(self, compiler, connection, template=template, **more)

    def as_postgresql(self, compiler: Any, connection: BaseDatabaseWrapper, **more: Any) -> Any:
        template = f"to_char((%(expressions)s) AT TIME ZONE '{settings.TIME_ZONE}', 'YYYY-MM')"
        return Func.as_sql(self, compiler, connection, template=template, **more)
