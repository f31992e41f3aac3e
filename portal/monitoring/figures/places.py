"""Days and subjects of all satker of a province added up: a year of the nation is read from these."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Sum

from aggregator.models import Province
from portal.monitoring.figures.kept import keep, of_days, of_months, one_at_a_time
from portal.monitoring.models import OfficeDay, OfficeSubject, PlaceDay, PlaceSubject

NATIONAL_OFFICE = 0


def add_up(province: int | None, touched: Collection[int] | None = None) -> None:
    """Make the days and months of this province (None: the national office) what its satker kept. Within
    the transaction that keeps them. `touched`: months; None: all."""
    if province:
        one_at_a_time(Province.objects.filter(pk=province))
    place = province or NATIONAL_OFFICE
    days = OfficeDay.objects.filter(of_days(touched), satker__province=province).order_by()
    summed = days.values_list("day").annotate(n=Sum("posts"))
    kept = PlaceDay.objects.filter(of_days(touched), place=place)
    keep(kept, {"place": place}, ("day",), ("posts",), {(day,): (posts,) for day, posts in summed})
    subjects = OfficeSubject.objects.filter(of_months(touched), province=province).order_by()
    counted = subjects.values_list("month", "kind", "subject").annotate(n=Sum("posts"))
    kept_subjects = PlaceSubject.objects.filter(of_months(touched), place=place)
    wanted = {tuple(key): (posts,) for *key, posts in counted}
    keep(kept_subjects, {"place": place}, ("month", "kind", "subject"), ("posts",), wanted)


def add_up_all() -> None:
    for province in [*Province.objects.values_list("pk", flat=True), None]:
        add_up(province)


def province_of(place: int) -> int | None:
    return place or None
