"""What satker published in a period: sums of the kept days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, Sum

from aggregator.models import Satker
from aggregator.querysets import SatkerQuerySet
from portal.days import Period
from portal.monitoring.models import OfficeDay

NUMBERS = (
    *("posts", "own", "own_on_topic", "central", "provincial", "peer", "child"),
    *("announcements", "staged"),
)


@dataclass(frozen=True, slots=True)
class Sums:
    """`active_days`: days with an own post."""

    posts: int = 0
    own: int = 0
    own_on_topic: int = 0
    central: int = 0
    provincial: int = 0
    peer: int = 0
    child: int = 0
    announcements: int = 0
    staged: int = 0
    active_days: int = 0

    @property
    def reposts(self) -> int:
        return self.central + self.provincial + self.peer

    @property
    def undecided(self) -> int:
        return self.posts - self.own - self.reposts - self.child

    @property
    def own_share(self) -> float | None:
        """Per cent of the posts whose origin is known; None where none is."""
        known = self.posts - self.undecided
        return round(100 * self.own / known, 1) if known else None


NOTHING = Sums()


def sums(satker: SatkerQuerySet, period: Period) -> dict[int, Sums]:
    """By satker; one without a post has no entry."""
    rows = OfficeDay.objects.filter(day__range=(period.first, period.last)).order_by()
    if satker.query.where:
        rows = rows.filter(satker__in=satker.order_by().values("pk"))
    summed = rows.values("satker").annotate(
        *(), **{f"n_{name}": Sum(name) for name in NUMBERS}, days=Count("pk", filter=Q(own__gt=0))
    )
    return {
        key: Sums(*numbers)
        for key, *numbers in summed.values_list("satker", *(f"n_{name}" for name in NUMBERS), "days")
    }


def by_day(satker: SatkerQuerySet, period: Period) -> dict[int, dict[date, tuple[int, int]]]:
    """Satker → day → (posts, own posts)."""
    rows = OfficeDay.objects.filter(
        satker__in=satker.order_by().values("pk"), day__range=(period.first, period.last)
    )
    found: dict[int, dict[date, tuple[int, int]]] = {}
    for key, day, posts, own in rows.order_by().values_list("satker", "day", "posts", "own"):
        found.setdefault(key, {})[day] = (posts, own)
    return found


def ordered(satker: SatkerQuerySet) -> list[Satker]:
    """In the order of the registry, with province. A queryset that is so already is read once."""
    if satker.query.select_related and satker.query.order_by == ("code",):
        return list(satker)
    return list(satker.select_related("province").order_by("code"))
