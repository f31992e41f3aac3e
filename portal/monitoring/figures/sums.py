"""What satker published in a period: sums of the kept days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.db.models import Count, Model, Q, QuerySet, Sum
from django.utils import timezone

from aggregator.models import Satker
from aggregator.querysets import SatkerQuerySet
from portal.days import Period
from portal.monitoring.figures.counting import NUMBERS, Day
from portal.monitoring.figures.months import month_of, split
from portal.monitoring.models import OfficeDay, OfficeSums

R = TypeVar("R", bound=Model)


@dataclass(slots=True)
class Sums(Day):
    """`active_days`: days with an own post."""

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
ALL_NUMBERS = (*NUMBERS, "active_days")
ADDED = [Sum(name) for name in NUMBERS]


def sums(satker: SatkerQuerySet, period: Period) -> dict[int, Sums]:
    """By satker; one without a post has no entry."""
    wanted = split(_with_no_end(period))
    months = only(satker, OfficeSums.objects.filter(wanted.months))
    days = only(satker, OfficeDay.objects.filter(wanted.days))
    active = Count("pk", filter=Q(own__gt=0))
    found: dict[int, list[int]] = {}
    for key, *numbers in (
        *months.values_list("satker").annotate(*ADDED, active=Sum("active_days")),
        *days.values_list("satker").annotate(*ADDED, active=active),
    ):
        before = found.get(key, [0] * len(numbers))
        found[key] = [a + b for a, b in zip(before, numbers, strict=True)]
    return {key: Sums(*numbers) for key, numbers in found.items()}


def _with_no_end(period: Period) -> Period:
    """A period that ends today has the whole of this month, unless a site dates posts ahead."""
    today = timezone.localdate()
    last = month_of(today).last
    if period.last < today or period.last >= last or OfficeDay.objects.filter(day__gt=period.last).exists():
        return period
    return Period(period.first, last)


def by_day(satker: SatkerQuerySet, period: Period) -> dict[int, dict[date, int]]:
    """Satker → day → posts."""
    rows = only(satker, OfficeDay.objects.filter(day__range=(period.first, period.last)))
    found: dict[int, dict[date, int]] = {}
    for key, day, posts in rows.values_list("satker", "day", "posts"):
        found.setdefault(key, {})[day] = posts
    return found


def only(satker: SatkerQuerySet, rows: QuerySet[R], path: str = "satker") -> QuerySet[R]:
    """Of these rows those of these satker, in no order; of all satker simply all."""
    rows = rows.order_by()
    return rows if is_nation(satker) else rows.filter(**{f"{path}__in": satker.order_by().values("pk")})


def is_nation(satker: SatkerQuerySet) -> bool:
    """Whether these are simply all satker."""
    return not satker.query.where


def ordered(satker: SatkerQuerySet) -> list[Satker]:
    """In the order of the registry, with province. A queryset that is so already is read once."""
    if satker.query.select_related and satker.query.order_by == ("code",):
        return list(satker)
    return list(satker.select_related("province").order_by("code"))
