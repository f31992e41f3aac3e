"""The figures of a scope: summed up by the database from kept daily counts where its filters are such that
counts are kept for them, otherwise counted directly. What the kept counts do not have yet (the days of posts
that changed a moment ago) is always counted directly and added."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import CharField, Count, Exists, Max, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Cast, Substr

from aggregator.models import Satker
from aggregator.querysets import EntryQuerySet
from aggregator.search import Filters
from aggregator.search.filters import NON_STAGE, origins
from portal import activity, ranking
from portal.activity import Places, PlaceSum, StageDays
from portal.daily import Kept
from portal.days import Period
from portal.models import DayCount, HourCount, OfficeCount, PairCount, PlaceCount, StageCount

OWN = Q(origin=activity.OWN)
MONTH = Substr(Cast("day", CharField()), 1, 7)


def are_kept(filters: Filters, topic: int | None) -> bool:
    """Whether places and stages are kept for these filters. `topic` is the one that is the only filter."""
    if filters.q or filters.satker or filters.weekdays or filters.hours:
        return False
    return topic is not None or not filters.topics


def narrow(filters: Filters) -> Q:
    """The filters that every kept count of places and stages knows, as the search applies them to posts."""
    wanted = in_places(filters) & in_stages(filters)
    return wanted & Q(origin__in=origins(filters.origin)) if filters.origin else wanted


def in_places(filters: Filters) -> Q:
    return Q(province__in=filters.keys_of("provinsi")) if filters.provinces else Q()


def in_stages(filters: Filters) -> Q:
    if not filters.stages:
        return Q()
    staged = Q(stage__in=filters.keys_of("tahapan"))
    return staged | Q(stage=None) if NON_STAGE in filters.stages else staged


def places(
    kept: Kept, filters: Filters, topic: int | None, everything: EntryQuerySet, period: Period
) -> Places:
    """Sums by province; `everything` are the posts of these filters."""
    if filters.stages or filters.origin:
        sums: dict[str, Any] = {
            "its": Sum("posts", filter=OWN),
            "topical": Sum("on_topic", filter=OWN),
            "known": Sum("posts", filter=~Q(origin="")),
            "days": Count("day", distinct=True, filter=OWN),
        }
        rows: QuerySet[Any] = kept.fresh(DayCount.objects.filter(narrow(filters)), period)
    else:
        sums = {
            "its": Sum("own"),
            "topical": Sum("on_topic"),
            "known": Sum("decided"),
            "days": Count("day", filter=Q(own__gt=0)),
        }
        rows = kept.fresh(PlaceCount.objects.filter(in_places(filters), topic=topic), period)
    grouped = rows.order_by().values("province").annotate(n=Sum("posts"), **sums)
    found = {
        province: PlaceSum(*(number or 0 for number in numbers))
        for province, *numbers in grouped.values_list("province", "n", *sums)
    }
    beyond = kept.beyond(everything, period)
    return found if beyond is None else activity.both(found, activity.places_of(activity.cells(beyond)))


def by_origin(
    kept: Kept, filters: Filters, everything: EntryQuerySet, period: Period
) -> Counter[tuple[int | None, str]]:
    """Sums by province and origin."""
    rows = kept.fresh(DayCount.objects.filter(narrow(filters)), period).order_by()
    grouped = rows.values("province", "origin").annotate(n=Sum("posts"))
    found: Counter[tuple[int | None, str]] = Counter(
        {(province, origin): n for province, origin, n in grouped.values_list("province", "origin", "n")}
    )
    beyond = kept.beyond(everything, period)
    return found if beyond is None else found + activity.by_origin(activity.cells(beyond))


def stage_days(
    kept: Kept, filters: Filters, topic: int | None, everything: EntryQuerySet, period: Period
) -> StageDays:
    """Sums by day and stage."""
    grouped = _by_stage(kept, filters, topic, period).values("day", "stage").annotate(n=Sum("posts"))
    found: StageDays = Counter(
        {(day, stage): n for day, stage, n in grouped.values_list("day", "stage", "n")}
    )
    beyond = kept.beyond(everything, period)
    return found if beyond is None else found + activity.stage_days_of(activity.cells(beyond))


def total(kept: Kept, filters: Filters, topic: int | None, everything: EntryQuerySet, period: Period) -> int:
    """The sum of all days and stages."""
    found = _by_stage(kept, filters, topic, period).aggregate(n=Sum("posts"))["n"] or 0
    beyond = kept.beyond(everything, period)
    return found if beyond is None else found + beyond.count()


def _by_stage(kept: Kept, filters: Filters, topic: int | None, period: Period) -> QuerySet[Any]:
    """The rows that count these posts once each, by day and stage and as little else as may be."""
    if filters.provinces or filters.origin:
        return kept.fresh(DayCount.objects.filter(narrow(filters)), period).order_by()
    return kept.fresh(StageCount.objects.filter(in_stages(filters), topic=topic), period).order_by()


def offices(
    kept: Kept, filters: Filters, everything: EntryQuerySet, period: Period
) -> dict[int, ranking.OfficeSum]:
    """Sums by office, of filters by province alone."""
    rows = kept.fresh(OfficeCount.objects.all(), period).order_by()
    if filters.provinces:
        rows = rows.filter(office__in=_offices_in(filters))
    grouped = rows.values("office").annotate(
        n=Sum("posts"),
        its=Sum("own"),
        topical=Sum("on_topic"),
        days=Count("day", filter=Q(own__gt=0)),
        last=Max("last_at"),
    )
    figures = grouped.values_list("office", "n", "its", "topical", "days", "last")
    found = {office: ranking.OfficeSum(*sums) for office, *sums in figures}
    beyond = kept.beyond(everything, period)
    for office, more in ({} if beyond is None else ranking.of_offices(beyond)).items():
        found[office] = found.get(office, ranking.OfficeSum()).and_of(more)
    return found


def active_offices(
    kept: Kept, filters: Filters, everything: EntryQuerySet, period: Period
) -> Counter[int | None]:
    """How many offices have a post, by province; of filters by province alone."""
    its = kept.fresh(OfficeCount.objects.filter(office=OuterRef("pk")), period)
    found = dict(_offices_in(filters).filter(Exists(its)).order_by().values_list("pk", "province"))
    beyond = kept.beyond(everything, period)
    if beyond is not None:
        found.update(beyond.order_by().values_list("satker", "satker__province").distinct())
    return Counter(found.values())


def _offices_in(filters: Filters) -> QuerySet[Satker]:
    offices = Satker.objects.all()
    return offices.filter(province__in=filters.keys_of("provinsi")) if filters.provinces else offices


def week(kept: Kept, topic: int | None, everything: EntryQuerySet, period: Period) -> list[list[int]]:
    """Posts by weekday and hour, of the nation or of one topic."""
    rows = kept.fresh(HourCount.objects.filter(topic=topic), period).order_by().values("hour")
    counts = Counter(dict(rows.annotate(n=Sum("posts")).values_list("hour", "n")))
    beyond = kept.beyond(everything, period)
    if beyond is not None:
        for weekday, hours in enumerate(activity.per_hour(beyond)):
            counts.update({weekday * 24 + hour: n for hour, n in enumerate(hours)})
    return activity.week_grid(counts.items())


def topic_months(
    kept: Kept, filters: Filters, topic: int | None, everything: EntryQuerySet, period: Period
) -> Counter[tuple[int, str]] | None:
    """Posts on each topic, by its id, in each month; None where no counts are kept for these filters."""
    rows: QuerySet[Any]
    key = "topic"
    if topic is not None:
        rows, key = kept.fresh(PairCount.objects.filter(topic=topic), period), "other"
    elif not (filters.provinces or filters.stages or filters.origin):
        rows = kept.topics(period)
    elif not (filters.provinces or filters.origin):
        rows = kept.fresh(StageCount.objects.filter(in_stages(filters), topic__isnull=False), period)
    elif not (filters.stages or filters.origin):
        rows = kept.fresh(PlaceCount.objects.filter(in_places(filters), topic__isnull=False), period)
    else:
        return None
    grouped = rows.order_by().annotate(month=MONTH).values(key, "month").annotate(n=Sum("posts"))
    counts: Counter[tuple[int, str]] = Counter(
        {(on, month): n for on, month, n in grouped.values_list(key, "month", "n")}
    )
    beyond = kept.beyond(everything, period)
    return counts if beyond is None else counts + activity.per_topic_month(beyond)
