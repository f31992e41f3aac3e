"""Which posts stand in the current document of a channel and in each of its archives (RFC 5005 §4).

Posts are in order of release. One in STEP, chosen by its number alone, closes an archive document and gives
it its name: `…/arsip/<number>` holds that post and all before it, up to the one that closes the document
before. So nothing has to be counted or kept: a page costs the same among a million posts as among a
thousand, a recall takes one post out of one page, and an import of older posts (which are released at their
own dates) splits a page in two instead of moving all that follow.

The current document holds the newest LEAST posts, and those released within SPAN before the newest: a burst
must not run past a reader between two visits. The archive it leads to begins at or before its last post.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _

from aggregator.errors import UnknownValue
from aggregator.models import Entry
from aggregator.models.registry import Zone
from aggregator.querysets import EntryQuerySet
from aggregator.search import search
from feeds.channels import Channel

LEAST = 50
SPAN = timedelta(minutes=30)
MOST = 200  # by SPAN
STEP = 64  # posts in an archive document, on average
SCAN = 500  # the longest document: a longer run without a post that closes one is cut here
SEARCH_PAGES = 5  # of the index, looked through for one archive document of a search

Row = tuple[int, datetime]  # entry, place in the order


@dataclass(frozen=True, slots=True)
class Window:
    """The entries of one document, newest first, and the archives beside it."""

    entry_ids: list[int]
    previous: int | None = None  # the archive of what is older
    following: int | None = None  # on an archive: that of what is newer
    archive: int | None = None  # on an archive: its own number


def current(channel: Channel) -> Window:
    """The document that subscribers ask for again and again."""
    rows = _newest(channel, None, LEAST if channel.entries is not None else MOST)
    if len(rows) > LEAST and rows[0][1] - rows[-1][1] <= SPAN:
        rows = _newest(channel, None, MOST)
    size = _size(rows)
    ids = [pk for pk, _at in rows[:size]]
    previous = None
    if len(rows) > size:
        previous = next((pk for pk in ids if closes(pk)), rows[size][0])
    return Window(_with_late(channel, ids, rows), previous)


def closes(number: int) -> bool:
    """Whether this entry is one of the STEPth part that close an archive document. The number is mixed
    first (Knuth's multiplicative hash), so that no regularity of numbers, such as one lead in five, shows."""
    return ((number * 2_654_435_761) & 0xFFFFFFFF) * STEP < 1 << 32


def archive(channel: Channel, number: int) -> Window:
    """The archive document that ends with entry `number`. Raises UnknownValue when there is none."""
    named = Entry.objects.filter(pk=number, released_at__isnull=False)
    at: datetime | None = named.values_list(channel.order, flat=True).first()
    if at is None:
        raise UnknownValue("arsip", _("Tidak ada arsip bernomor %d pada umpan ini.") % number)
    last = (number, at)
    rows = _newest(channel, last, SCAN)
    size = _until_boundary(rows, 1)
    previous = rows[size][0] if size < len(rows) else None
    return Window([pk for pk, _at in rows[:size]], previous, _following(channel, last), number)


def _size(rows: list[Row]) -> int:
    if len(rows) <= LEAST:
        return len(rows)
    since = rows[0][1] - SPAN
    recent = sum(1 for _pk, at in rows[:MOST] if at >= since)
    return max(LEAST, recent)


def _until_boundary(rows: list[Row], start: int) -> int:
    """How many rows stand before the first boundary at or after `start`; all but one when there is none,
    so that the last may name the next document."""
    for position in range(start, len(rows)):
        if closes(rows[position][0]):
            return position
    return len(rows) - 1 if len(rows) > SCAN else len(rows)


def _newest(channel: Channel, last: Row | None, size: int) -> list[Row]:
    """Up to `size` rows from `last` (inclusive) on, newest first, and one more to show that there are."""
    if channel.entries is None:
        return _found(channel, last, size)
    entries, order = channel.entries, channel.order
    if last is not None:
        pk, at = last
        entries = entries.filter(Q(**{f"{order}__lt": at}) | Q(**{order: at}, id__lte=pk))
    return _rows(entries, order, size, "-")


def _following(channel: Channel, last: Row) -> int | None:
    if channel.entries is None:
        return None  # an index answers newest first only; RFC 5005 lets `next-archive` be absent
    (pk, at), order = last, channel.order
    newer = channel.entries.filter(Q(**{f"{order}__gt": at}) | Q(**{order: at}, id__gt=pk))
    return next((pk for pk, _at in _rows(newer, order, SCAN, "") if closes(pk)), None)


def _rows(entries: EntryQuerySet, order: str, size: int, sign: str) -> list[Row]:
    found = entries.order_by(f"{sign}{order}", f"{sign}id").values_list("id", order)[: size + 1]
    return [(pk, at) for pk, at in found if at is not None]


def _found(channel: Channel, last: Row | None, size: int) -> list[Row]:
    """Answers of the index, which orders by date of publication; `last` cuts off what is newer."""
    filters = channel.filters
    changes: dict[str, Any] = {"sort": "terbaru"}
    if last is not None:
        day = last[1].astimezone(ZoneInfo(Zone.WIB)).date()  # in which search reads dates
        changes["date_to"] = min(day, filters.date_to) if filters.date_to else day
    filters = replace(filters, **changes)
    rows: list[Row] = []
    anchor = ""
    for _page in range(SEARCH_PAGES):
        results = search(filters, size=size + 1, anchor=anchor)
        at = dict(Entry.objects.public().filter(id__in=results.entry_ids).values_list("id", "published_at"))
        found = [(pk, at[pk]) for pk in results.entry_ids if pk in at]
        rows += [row for row in found if last is None or row[::-1] <= last[::-1]]
        if len(rows) > size or not results.next_anchor:
            break
        anchor = results.next_anchor
    return rows[: size + 1]


def _with_late(channel: Channel, ids: list[int], rows: list[Row]) -> list[int]:
    """In a search, which is ordered by publication: with those that were released lately for all their
    older dates, the newest release first."""
    if channel.entries is not None:
        return ids
    released = Entry.objects.public().filter(id__in=[pk for pk, _at in rows])
    order = list(released.order_by("-released_at", "-id").values_list("id", flat=True))
    wanted = {*ids, *order[:LEAST]}
    return [pk for pk in order if pk in wanted]
