"""Lists of news as pages show them: paged by anchor, or folded so that nobody floods them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef

from aggregator.models import Entry, EntryTopic, Revision, Satker, Topic
from aggregator.querysets import EntryQuerySet
from portal import atlas
from portal.forms import anchor_of

PAGE_SIZE = 25
PER_SATKER = 2  # of one satker among the newest on the home page
WINDOW = 120
RARE = 5000  # posts


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, newest first, and the anchor of the page after them ("" on the last)."""

    entries: list[Entry]
    next_anchor: str


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a folded list, and how many newer posts of its satker are folded behind it."""

    entry: Entry
    folded: int = 0


def page_of(entries: EntryQuerySet, anchor: tuple[datetime, int] | None, size: int = PAGE_SIZE) -> Page:
    """The `size` newest of these public entries after the anchor, as they are asked for. One query."""
    found = list(entries.newest().older_than(anchor)[: size + 1])
    more = len(found) > size
    return Page(found[:size], anchor_of(found[size - 1]) if more else "")


def links(entries: EntryQuerySet, size: int) -> list[Entry]:
    """The newest of these entries with no more than a link to each shows. Offices and provinces are those at
    hand: to join them and to make rows of them anew costs more than to find the posts."""
    wanted = ("pk", "satker", "province", "published_at", "date_status", "public_revision__title")
    rows, there = entries.newest().values_list(*wanted)[:size], atlas.current()
    return [
        Entry(
            pk=pk,
            satker=there.office_of.get(satker) or Satker.objects.get(pk=satker),
            province=there.province_of.get(province),
            published_at=at,
            date_status=status,
            public_revision=Revision(title=title),
        )
        for pk, satker, province, at, status, title in rows
    ]


def on_topic(topic: Topic) -> EntryQuerySet:
    """The public posts on a topic: by looking through the newest of all where the topic is frequent, from
    its own posts where it is rare (as feeds/channels.py does), so that a list need not sort them all."""
    if is_frequent(topic):
        return among_all(topic)
    labels = EntryTopic.objects.filter(topic=topic, removed=False).order_by()
    return Entry.objects.public_of(pk__in=labels.values("entry"))


def among_all(topic: Topic) -> EntryQuerySet:
    """The public posts on a frequent topic."""
    labels = EntryTopic.objects.filter(topic=topic, removed=False, entry=OuterRef("pk"))
    return Entry.objects.public().filter(Exists(labels))


def is_frequent(topic: Topic) -> bool:
    labels = EntryTopic.objects.filter(topic=topic, removed=False).order_by()
    return labels[RARE - 1 : RARE].exists()


def newest_folded(entries: EntryQuerySet, size: int = 20) -> list[Line]:
    """The newest entries, at most PER_SATKER of one satker; what its others are is only counted.

    Reads in windows that leave out whoever had its share, so a flood of any length costs at most four
    queries, one for what is shown and one for the counts.
    """
    shown, seen = _spread(entries, size)
    if not shown:
        return []
    rows = Entry.objects.public_of(pk__in=[row.pk for row in shown]).for_lines().order_by().in_bulk()
    full = {satker for satker, count in seen.items() if count >= PER_SATKER}
    hidden = _counts_since(entries, full, shown[-1].published_at) if full else {}
    left = Counter(seen)
    lines = []
    for row in (row for row in shown if row.pk in rows):
        left[row.satker] -= 1
        folded = hidden.get(row.satker, 0) - seen[row.satker] if not left[row.satker] else 0
        lines.append(Line(rows[row.pk], max(0, folded)))
    return lines


class _Row(NamedTuple):
    pk: int
    satker: int
    published_at: datetime


def _spread(entries: EntryQuerySet, size: int) -> tuple[list[_Row], Counter[int]]:
    """What is shown, and how often each satker is in it."""
    shown: list[_Row] = []
    seen: Counter[int] = Counter()
    anchor = None
    for _window in range(4):
        full = [satker for satker, count in seen.items() if count >= PER_SATKER]
        found = entries.newest().older_than(anchor).exclude(satker__in=full)
        window = [_Row(*row) for row in found.values_list("pk", "satker", "published_at")[:WINDOW]]
        for row in window:
            if seen[row.satker] < PER_SATKER and len(shown) < size:
                seen[row.satker] += 1
                shown.append(row)
        if len(shown) == size or len(window) < WINDOW:
            break
        anchor = (window[-1].published_at, window[-1].pk)
    return shown, seen


def _counts_since(entries: EntryQuerySet, satker: set[int], since: datetime) -> dict[int, int]:
    rows = entries.filter(satker__in=satker, published_at__gte=since).order_by()
    return dict(rows.values("satker").annotate(n=Count("id")).values_list("satker", "n"))
