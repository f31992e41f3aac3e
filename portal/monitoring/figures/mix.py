"""What posts are about: topics, stages and none, and whose posts are carried. By whole months."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet, Sum

from aggregator.models import Satker, Stage, Topic
from aggregator.querysets import SatkerQuerySet
from portal.days import Period
from portal.monitoring.figures.places import province_of
from portal.monitoring.figures.reading import months
from portal.monitoring.figures.sums import is_nation, only
from portal.monitoring.models import OfficeSubject, PlaceSubject

Kind = OfficeSubject.Kind


@dataclass(frozen=True, slots=True)
class MonthMix:
    """One month of one province (None: the national office): posts by keys of stages, and those outside of
    all stages by keys of their best topics; 0 stands for no topic."""

    month: date
    province: int | None
    stages: dict[int, int]
    outside: dict[int, int]
    corrected: int

    @property
    def within(self) -> int:
        return sum(self.stages.values())

    @property
    def posts(self) -> int:
        return self.within + sum(self.outside.values())


def topics(satker: SatkerQuerySet, period: Period) -> list[tuple[Topic, int]]:
    """Posts on each topic, most first; a post may be on several."""
    rows = _of_places(period, Kind.TOPIC) if is_nation(satker) else _of(satker, period, Kind.TOPIC)
    counts = dict(rows.values_list("subject").annotate(n=Sum("posts")))
    found = [(topic, counts[topic.pk]) for topic in Topic.objects.filter(pk__in=counts)]
    return sorted(found, key=lambda pair: (-pair[1], pair[0].position))


def stage_mix(satker: SatkerQuerySet, period: Period) -> list[MonthMix]:
    """By month, newest first, and province in the order of the codes."""
    known_stages = set(Stage.objects.values_list("pk", flat=True))
    known_topics = set(Topic.objects.values_list("pk", flat=True))
    staged: dict[tuple[date, int | None], dict[int, int]] = defaultdict(dict)
    outside: dict[tuple[date, int | None], Counter[int]] = defaultdict(Counter)
    for month, province, subject, posts in _by_province(satker, period, Kind.STAGE):
        if subject in known_stages:
            staged[month, province][subject] = posts
    for month, province, subject, posts in _by_province(satker, period, Kind.OUTSIDE):
        outside[month, province][subject if subject in known_topics else 0] += posts
    corrected = _corrected(satker, period)
    keys = sorted({*staged, *outside}, key=lambda key: (-key[0].toordinal(), key[1] or 0))
    return [
        MonthMix(*key, staged.get(key, {}), dict(outside.get(key, {})), corrected.get(key, 0)) for key in keys
    ]


def sources(satker: SatkerQuerySet, period: Period) -> dict[int, Satker]:
    """The satker whose posts each one carried most often."""
    best: dict[int, tuple[int, int]] = {}
    rows = _of(satker, period, Kind.SOURCE).values("satker", "subject").annotate(n=Sum("posts"))
    for key, source, posts in rows.order_by("-n", "subject").values_list("satker", "subject", "n"):
        best.setdefault(key, (posts, source))
    known = Satker.objects.in_bulk([source for _posts, source in best.values()])
    return {key: known[source] for key, (_posts, source) in best.items() if source in known}


def _of(satker: SatkerQuerySet, period: Period, kind: str) -> QuerySet[OfficeSubject]:
    months_of = (period.first.replace(day=1), period.last)
    return only(satker, OfficeSubject.objects.filter(kind=kind, month__range=months_of))


def _by_province(
    satker: SatkerQuerySet, period: Period, kind: str
) -> list[tuple[date, int | None, int, int]]:
    if is_nation(satker):
        kept = _of_places(period, kind).values_list("month", "place", "subject", "posts")
        return [(month, province_of(place), subject, posts) for month, place, subject, posts in kept]
    rows = _of(satker, period, kind).values_list("month", "province", "subject").annotate(n=Sum("posts"))
    return list(rows)


def _of_places(period: Period, kind: str) -> QuerySet[PlaceSubject]:
    months_of = (period.first.replace(day=1), period.last)
    return PlaceSubject.objects.filter(kind=kind, month__range=months_of).order_by()


def _corrected(satker: SatkerQuerySet, period: Period) -> dict[tuple[date, int | None], int]:
    rows = months(satker, period).filter(corrected__gt=0).values("month", "satker__province")
    summed = rows.annotate(n=Sum("corrected")).values_list("month", "satker__province", "n")
    return {(month, province): n for month, province, n in summed}
