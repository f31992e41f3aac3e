"""Two periods side by side: the same satker, own posts and re-posts apart."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from aggregator.models import Province, Satker
from aggregator.querysets import SatkerQuerySet
from aggregator.search import Filters
from portal import scope
from portal.activity import OWN
from portal.days import Period
from portal.monitoring.figures.counting import REPOST
from portal.monitoring.figures.sums import NOTHING, Sums, ordered, sums


@dataclass(frozen=True, slots=True)
class Count:
    posts: int
    own: int
    reposts: int


NONE = Count(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Pair:
    """`place` is a province, a satker, or None for the national office among provinces."""

    place: Province | Satker | None
    before: Count
    after: Count

    @property
    def change(self) -> Count:
        return Count(
            self.after.posts - self.before.posts,
            self.after.own - self.before.own,
            self.after.reposts - self.before.reposts,
        )


def provinces(before: Period, after: Period) -> list[Pair]:
    """The nation by province; days are those of WIB, as in all national figures."""
    earlier, later = _by_province(before), _by_province(after)
    places: list[Province | None] = [*Province.objects.all(), None]
    keys = [(place, place.pk if place else None) for place in places]
    return [Pair(place, earlier.get(key, NONE), later.get(key, NONE)) for place, key in keys]


def offices(satker: SatkerQuerySet, before: Period, after: Period) -> list[Pair]:
    """Each on its own clocks."""
    earlier, later = sums(satker, before), sums(satker, after)
    return [
        Pair(office, _count(earlier.get(office.pk)), _count(later.get(office.pk)))
        for office in ordered(satker)
    ]


def _by_province(period: Period) -> dict[int | None, Count]:
    filters = Filters(date_from=period.first, date_to=period.last)
    posts, own, reposts = Counter[int | None](), Counter[int | None](), Counter[int | None]()
    counts = scope.scope_of(filters, period.last).by_origin(period)
    for (province, origin), number in counts.items():
        posts[province] += number
        if origin == OWN:
            own[province] += number
        elif origin in REPOST:
            reposts[province] += number
    return {key: Count(number, own[key], reposts[key]) for key, number in posts.items()}


def _count(found: Sums | None) -> Count:
    found = found or NOTHING
    return Count(found.posts, found.own, found.reposts)
