"""What the activity view looks at: the filters of `/cari`, a period of whole days, and the posts in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext as _

from aggregator.models import Entry
from aggregator.querysets import EntryQuerySet
from aggregator.search import Filters
from aggregator.search import search as ask
from aggregator.search.database import narrow
from aggregator.search.filters import month_days
from portal import activity
from portal.activity import Period

USUAL_MONTHS = 12  # whole ones, the present month included
LONG_DAYS = 1830  # a longer period begins with the oldest post, so that none is drawn for nothing
MOST_HITS = 10_000  # of a search by words that figures are made of


@dataclass(frozen=True, slots=True)
class Scope:
    """`entries` are dated and within the period; `everything` is the same without the period."""

    filters: Filters
    period: Period
    entries: EntryQuerySet
    everything: EntryQuerySet
    note: str = ""

    @property
    def query(self) -> str:
        """Of the search that shows these posts, without period: for marks that set their own days."""
        return self._search(date_from=None, date_to=None)

    @property
    def query_without_place(self) -> str:
        """The same with the period and without province: for marks that set their own place."""
        first, last = self.period.first, self.period.last
        return self._search(provinces=(), date_from=first, date_to=last)

    @property
    def query_of_period(self) -> str:
        return self._search(date_from=self.period.first, date_to=self.period.last)

    @property
    def earlier(self) -> EntryQuerySet:
        """The posts of the period of the same length before."""
        return self.period.before.of(self.everything)

    def _search(self, **changes: Any) -> str:
        return self.filters.query_string(month="", sort="", include_all=True, **changes)


def scope_of(filters: Filters, today: date) -> Scope:
    """The last USUAL_MONTHS unless the filters say otherwise; with words, since the first post found."""
    place = replace(filters, month="", date_from=None, date_to=None)
    found = narrow(Entry.objects.public(), place)
    note = ""
    if filters.q:
        found, note = _with_words(found, filters)
    if filters.topics:  # several topics of one post would count it several times
        found = Entry.objects.public().filter(pk__in=found.order_by().values("pk"))
    period = _period(filters, found, today)
    return Scope(filters, period, period.of(found), found, note)


def _with_words(found: EntryQuerySet, filters: Filters) -> tuple[EntryQuerySet, str]:
    results = ask(replace(filters, include_all=True, sort="terbaru"), size=MOST_HITS, facets=False)
    note = " ".join(results.notes)
    if results.next_anchor:
        note += _("Dihitung dari %d hasil terbaru.") % MOST_HITS
    return found.filter(pk__in=_ids(results.entry_ids)), note


def _ids(entry_ids: list[int]) -> RawSQL:
    """Any number of ids as one parameter: SQLite allows only so many."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", [entry_ids])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(entry_ids)])


def _period(filters: Filters, found: EntryQuerySet, today: date) -> Period:
    first, last = filters.date_from, filters.date_to
    if filters.month:
        month_first, month_last = month_days(filters.month)
        first, last = max(first or month_first, month_first), min(last or month_last, month_last)
    last = min(last or today, today)
    if first is None and not filters.q:
        first = _months_before(last, USUAL_MONTHS - 1)
    if first is None or (last - first).days > LONG_DAYS:
        oldest = activity.first_day(found) or last
        first = max(first or oldest, oldest)
    return Period(min(first, last), last)


def _months_before(day: date, months: int) -> date:
    """The first of the month so many months before."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)
