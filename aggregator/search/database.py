"""The answer when there is no index: newest first, by filters, straight from the database.

Words are looked for in the titles of the newest posts only, so that a search without an index stays
quick whatever the size of the table.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from aggregator.clocks import at_clock
from aggregator.models import Entry
from aggregator.querysets import EntryQuerySet
from aggregator.search.anchors import DateAnchor, RankAnchor
from aggregator.search.filters import NON_STAGE, Filters, month_days, origins
from aggregator.search.moments import order_key, read_order, span
from aggregator.search.results import Results

WINDOW = 3000  # newest posts in whose titles words are looked for
MOST_COUNTED = 2_000  # without the index a count walks from post to post


def search_database(filters: Filters, *, size: int, anchor: DateAnchor | RankAnchor | None) -> Results:
    """One page by filters, newest (or oldest) first."""
    entries = _matching(filters)
    oldest_first = filters.order == "terlama"
    page = entries.order_by("published_at", "id") if oldest_first else entries.newest()
    if isinstance(anchor, DateAnchor):
        page = _beyond(page, anchor.order, oldest_first)
    rows = list(page.values_list("id", "published_at")[: size + 1])
    shown, more = rows[:size], len(rows) > size
    # The newest, though any would do: without an order PostgreSQL walks through the table for them.
    total = entries.newest()[: MOST_COUNTED + 1].count()
    return Results(
        entry_ids=[pk for pk, _at in shown],
        total=min(total, MOST_COUNTED),
        total_is_exact=total <= MOST_COUNTED and not filters.q,
        next_anchor=str(DateAnchor(order_key(shown[-1][1], shown[-1][0]))) if more else None,
        notes=[_("Indeks pencarian sedang disiapkan. Sementara ini hanya judul berita terbaru yang dicari.")],
        degraded=True,
    )


def _period(filters: Filters) -> tuple[datetime | None, datetime | None]:
    """From when, inclusive, until when, exclusive: of the month and the dates together."""
    first, last = filters.date_from, filters.date_to
    if filters.month:
        month_first, month_last = month_days(filters.month)
        first = max(first or month_first, month_first)
        last = min(last or month_last, month_last)
    return span(first, last)


def narrow(entries: EntryQuerySet, filters: Filters) -> EntryQuerySet:
    """These entries, by every filter but the words and the folding."""
    if filters.provinces:
        entries = entries.filter(province__in=filters.keys_of("provinsi"))
    if filters.satker:
        entries = entries.filter(satker__in=filters.keys_of("satker"))
    if filters.topics:
        entries = entries.filter(
            entry_topics__topic__in=filters.keys_of("topik"), entry_topics__removed=False
        ).distinct()
    if filters.stages:
        wanted = Q(stage__in=filters.keys_of("tahapan"))
        entries = entries.filter(wanted | Q(stage=None) if NON_STAGE in filters.stages else wanted)
    if filters.origin:
        entries = entries.filter(origin__in=origins(filters.origin))
    if filters.weekdays or filters.hours:
        entries = at_clock(entries, filters.weekdays, filters.hours)
    start, until = _period(filters)
    if start:
        entries = entries.filter(published_at__gte=start)
    if until:
        entries = entries.filter(published_at__lt=until)
    return entries


def _matching(filters: Filters) -> EntryQuerySet:
    # Posts of an old stage are not among the newest of all, and of a small province few are: PostgreSQL would
    # look through those first.
    staged = len(filters.stages) == 1 and NON_STAGE not in filters.stages
    placed = len(filters.provinces) == 1 or len(filters.satker) == 1
    entries = narrow(Entry.objects.public_of() if staged or placed else Entry.objects.public(), filters)
    if not filters.include_all and not (filters.provinces or filters.satker or filters.origin):
        entries = entries.leads()
    words = [word for word in filters.q.replace('"', " ").split() if word.isalnum()][:8]
    if not words:
        return entries
    window = list(entries.newest().values_list("id", flat=True)[:WINDOW])
    found = Entry.objects.public().filter(id__in=window)
    for word in words:
        found = found.filter(public_revision__title__icontains=word)
    return found


def _beyond(entries: EntryQuerySet, order: int, oldest_first: bool) -> EntryQuerySet:
    """What comes after the post with this sort key, to the second."""
    at, pk = read_order(order)
    if oldest_first:
        after = at + timedelta(seconds=1)
        return entries.filter(Q(published_at__gte=after) | Q(published_at__gte=at, id__gt=pk))
    return entries.filter(Q(published_at__lt=at) | Q(published_at__lt=at + timedelta(seconds=1), id__lt=pk))
