"""The answer when there is no index: newest first, by filters, straight from the database.

Words are looked for in the titles of the newest posts only, so that a search without an index stays
quick whatever the size of the table.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _

from aggregator.errors import BadParameter
from aggregator.models import Entry
from aggregator.querysets import EntryQuerySet
from aggregator.search.filters import NON_STAGE, Filters, month_days
from aggregator.search.results import Results

WIB = ZoneInfo("Asia/Jakarta")
WINDOW = 3000  # newest posts in whose titles words are looked for
MOST_COUNTED = 10_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def search_database(filters: Filters, *, size: int, anchor: str) -> Results:
    """One page by filters, newest (or oldest) first. Raises BadParameter for an anchor not of ours."""
    entries = _matching(filters)
    oldest_first = filters.order == "terlama"
    page = entries.order_by("published_at", "id") if oldest_first else entries.newest()
    if anchor:
        page = _beyond(page, _read_anchor(anchor), oldest_first)
    rows = list(page.values_list("id", "published_at")[: size + 1])
    shown, more = rows[:size], len(rows) > size
    total = entries.order_by()[: MOST_COUNTED + 1].count()
    return Results(
        entry_ids=[pk for pk, _at in shown],
        total=min(total, MOST_COUNTED),
        total_is_exact=total <= MOST_COUNTED and not filters.q,
        next_anchor=_anchor(shown[-1]) if more else None,
        notes=[_("Indeks pencarian sedang disiapkan. Sementara ini hanya judul berita terbaru yang dicari.")],
        degraded=True,
    )


def day_start(day: date) -> datetime:
    """The first moment of a day in WIB."""
    return datetime.combine(day, time.min, WIB)


def period(filters: Filters) -> tuple[datetime | None, datetime | None]:
    """From when (inclusive) until when (exclusive), of the month and the dates together."""
    first, last = filters.date_from, filters.date_to
    if filters.month:
        month_first, month_last = month_days(filters.month)
        first = max(first or month_first, month_first)
        last = min(last or month_last, month_last)
    until = day_start(last) + timedelta(days=1) if last and last < date.max else None
    return (day_start(first) if first and first > date.min else None), until


def narrow(entries: EntryQuerySet, filters: Filters) -> EntryQuerySet:
    """These entries, by every filter but the words and the folding."""
    if filters.provinces:
        entries = entries.filter(province__slug__in=filters.provinces)
    if filters.satker:
        entries = entries.filter(satker__code__in=filters.satker)
    if filters.topics:
        entries = entries.filter(
            entry_topics__topic__slug__in=filters.topics, entry_topics__removed=False
        ).distinct()
    if filters.stages:
        wanted = Q(stage__slug__in=filters.stages)
        entries = entries.filter(wanted | Q(stage=None) if NON_STAGE in filters.stages else wanted)
    if filters.origin:
        entries = entries.filter(origin__in=origins(filters.origin))
    start, until = period(filters)
    if start:
        entries = entries.filter(published_at__gte=start)
    if until:
        entries = entries.filter(published_at__lt=until)
    return entries


def origins(value: str) -> tuple[str, ...]:
    """The stored origins that "sendiri" and "muat-ulang" stand for."""
    own = Entry.Origin.OWN
    if value == "sendiri":
        return (own,)
    return tuple(origin for origin in Entry.Origin.values if origin not in ("", own))


def _matching(filters: Filters) -> EntryQuerySet:
    entries = narrow(Entry.objects.public(), filters)
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


def _beyond(entries: EntryQuerySet, anchor: tuple[datetime, int], oldest_first: bool) -> EntryQuerySet:
    if not oldest_first:
        return entries.older_than(anchor)
    at, pk = anchor
    return entries.filter(Q(published_at__gt=at) | Q(published_at=at, id__gt=pk))


def _anchor(row: tuple[int, datetime]) -> str:
    pk, at = row
    return f"d{(at - EPOCH) // timedelta(microseconds=1)}-{pk}"


def _read_anchor(anchor: str) -> tuple[datetime, int]:
    micros, _dash, number = anchor.removeprefix("d").rpartition("-")
    try:
        if not anchor.startswith("d") or len(anchor) > 60 or not anchor.isascii():
            raise ValueError
        at, pk = EPOCH + timedelta(microseconds=int(micros)), int(number)
        if not 0 < pk < 2**63:
            raise ValueError
    except (ValueError, OverflowError):
        raise BadParameter("sebelum", _("‘sebelum’ bukan penanda halaman dari portal ini.")) from None
    return at, pk
