"""Who does most: provinces, and offices of a province, by own posts on a topic and active days."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.db.models import Count, Max, Q

from aggregator.models import Province, Satker
from aggregator.querysets import EntryQuerySet
from portal import activity, recount
from portal.days import DayOf


@dataclass(frozen=True, slots=True)
class Rank:
    """One province in the ranking. `place` is shared by equals; None where nothing was ever read."""

    place: int | None
    province: Province
    on_topic: int  # own posts on at least one topic: the key
    active_days: int  # days with an own post: decides between equals
    own: int
    reposts: int
    posts: int
    offices: int
    read: int  # offices whose feed was ever read: of the others nothing is known
    silent: int  # of these, without a post in the period


@dataclass(frozen=True, slots=True)
class OfficeCount:
    """One office in a period. `place` only in a ranking; None there, too, where nothing was ever read."""

    office: Satker
    posts: int
    own: int
    on_topic: int  # own posts on at least one topic
    active_days: int  # with an own post
    last_at: datetime | None
    place: int | None = None


def ranking(found: activity.Places, active: Mapping[int | None, int], provinces: Iterable[Any]) -> list[Rank]:
    """Provinces by own posts on a topic, then by days with own posts; equals share a place.

    Never by raw numbers alone: re-posts do not count, and offices that stayed silent are shown. `active`
    is the number of offices with a post, per province id; `provinces` are all, as
    `provinces_with_offices` gives them.
    """
    nothing = activity.PlaceSum()
    rows = [
        Rank(
            place=None,
            province=place,
            on_topic=its.on_topic,
            active_days=its.days,
            own=its.own,
            reposts=its.decided - its.own,
            posts=its.posts,
            offices=place.offices,
            read=place.read,
            silent=max(0, place.read - active.get(place.pk, 0)),
        )
        for place in provinces
        for its in [found.get(place.pk, nothing)]
    ]
    rows.sort(key=lambda row: row.province.name)
    return placed(rows, lambda row: bool(row.read))


Placed = TypeVar("Placed", Rank, OfficeCount)


def placed(rows: list[Placed], is_known: Callable[[Placed], bool]) -> list[Placed]:
    """By own posts on a topic, then by active days; equals share a place and keep their order. Those of
    which nothing is known come last and have no place."""
    rows = sorted(rows, key=lambda row: (not is_known(row), -row.on_topic, -row.active_days))
    found: list[Placed] = []
    for position, row in enumerate(rows, start=1):
        previous = found[-1] if found else None
        equal = previous and (previous.on_topic, previous.active_days) == (row.on_topic, row.active_days)
        place = previous.place if previous and equal else position
        found.append(replace(row, place=place if is_known(row) else None))
    return found


class OfficeSum(NamedTuple):
    """What one office published in a period. Sums of periods that do not overlap add up."""

    posts: int = 0
    own: int = 0
    on_topic: int = 0
    days: int = 0  # with an own post
    last_at: datetime | None = None

    def and_of(self, other: OfficeSum) -> OfficeSum:
        last = max(filter(None, (self.last_at, other.last_at)), default=None)
        posts, own, on_topic, days = map(operator.add, self[:4], other[:4])
        return OfficeSum(posts, own, on_topic, days, last)


def of_offices(entries: EntryQuerySet) -> dict[int, OfficeSum]:
    """The entries by office, counted directly."""
    own = Q(origin=activity.OWN)
    rows = (
        entries.order_by()
        .annotate(topical=recount.HAS_TOPIC, on=DayOf("published_at"))
        .values("satker")
        .annotate(
            n=Count("*"),
            own=Count("id", filter=own),
            on_topic=Count("id", filter=own & Q(topical=True)),
            days=Count("on", filter=own, distinct=True),
            last=Max("published_at"),
        )
    )
    figures = rows.values_list("satker", "n", "own", "on_topic", "days", "last")
    return {office: OfficeSum(*sums) for office, *sums in figures}


def listed(found: Mapping[int, OfficeSum], offices: Iterable[Satker]) -> list[OfficeCount]:
    """These offices in the order given, with what they published."""
    nothing = OfficeSum()
    return [OfficeCount(office, *found.get(office.pk, nothing)) for office in offices]
