"""The direct count of posts by day, as rows of every kind of kept count (see portal/daily.py)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.db.models import Count, Exists, F, Max, Model, OuterRef, Q, QuerySet

from aggregator.clocks import HourOf, local_slots
from aggregator.models import Entry, EntryTopic
from aggregator.querysets import EntryQuerySet
from portal.days import DayOf
from portal.models import (
    DayCount,
    HourCount,
    OfficeCount,
    OfficeTopicCount,
    PairCount,
    PlaceCount,
    StageCount,
    TopicCount,
)

HAS_TOPIC = Exists(EntryTopic.objects.filter(entry=OuterRef("pk"), removed=False))


class Group(NamedTuple):
    """Posts alike in place, day, stage and origin, on a topic or not."""

    province: int | None
    day: str
    stage: int | None
    origin: str
    topical: bool
    posts: int


class TopicGroup(NamedTuple):
    """Posts on one topic alike in place, day, stage and origin."""

    topic: int
    province: int | None
    day: str
    stage: int | None
    origin: str
    posts: int


def of(entries: EntryQuerySet) -> Iterator[list[Model]]:
    """The rows of all kinds for these dated posts, each kind a list."""
    groups, topics = list(grouped(entries)), list(_by_topic(entries))
    yield [*day_rows(groups)]
    yield [*_topic_rows(topics)]
    yield [*_place_rows(groups, topics)]
    yield [*_stage_rows(groups, topics)]
    yield [*_hour_rows(entries)]
    yield [*_pair_rows(entries)]
    yield [*_office_rows(entries)]
    yield [*_office_topic_rows(entries)]


def grouped(entries: EntryQuerySet) -> Iterable[Group]:
    rows = entries.order_by().annotate(on=DayOf("published_at"), topical=HAS_TOPIC)
    keys = ("province", "on", "stage", "origin", "topical")
    return map(Group._make, rows.values_list(*keys).annotate(n=Count("*")).values_list(*keys, "n"))


def _by_topic(entries: EntryQuerySet) -> Iterable[TopicGroup]:
    keys = ("topic", "entry__province", "on", "entry__stage", "entry__origin")
    rows = _tags(entries).annotate(on=DayOf("entry__published_at")).values(*keys)
    return map(TopicGroup._make, rows.annotate(n=Count("*")).values_list(*keys, "n"))


def _tags(entries: EntryQuerySet) -> QuerySet[EntryTopic]:
    return EntryTopic.objects.filter(removed=False, entry__in=entries.order_by().values("pk")).order_by()


def day_rows(groups: Iterable[Group], *, dated: bool = True) -> list[DayCount]:
    sums: dict[tuple[int | None, str | None, int | None, str], list[int]] = defaultdict(lambda: [0, 0])
    for one in groups:
        row = sums[one.province, one.day if dated else None, one.stage, one.origin]
        row[0] += one.posts
        row[1] += one.posts if one.topical else 0
    return [
        DayCount(province_id=province, day=day, stage_id=stage, origin=origin, posts=posts, on_topic=on_topic)
        for (province, day, stage, origin), (posts, on_topic) in sums.items()
    ]


def _topic_rows(topics: Iterable[TopicGroup]) -> list[TopicCount]:
    counts: Counter[tuple[int, str]] = Counter()
    for one in topics:
        counts[one.topic, one.day] += one.posts
    return [TopicCount(topic_id=topic, day=day, posts=n) for (topic, day), n in counts.items()]


def undated_topics(entries: EntryQuerySet) -> list[TopicCount]:
    rows = _tags(entries).values("topic").annotate(n=Count("*")).values_list("topic", "n")
    return [TopicCount(topic_id=topic, day=None, posts=n) for topic, n in rows]


def _place_rows(groups: Iterable[Group], topics: Iterable[TopicGroup]) -> list[PlaceCount]:
    sums: dict[tuple[int | None, int | None, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def add(topic: int | None, one: Group | TopicGroup, on_topic: int) -> None:
        row = sums[topic, one.province, one.day]
        row[0] += one.posts
        if one.origin == Entry.Origin.OWN:
            row[1] += one.posts
            row[2] += on_topic
        row[3] += one.posts if one.origin else 0

    for group in groups:
        add(None, group, group.posts if group.topical else 0)
    for part in topics:
        add(part.topic, part, part.posts)
    return [
        PlaceCount(
            topic_id=topic,
            province_id=province,
            day=day,
            posts=n,
            own=own,
            on_topic=on_topic,
            decided=decided,
        )
        for (topic, province, day), (n, own, on_topic, decided) in sums.items()
    ]


def _stage_rows(groups: Iterable[Group], topics: Iterable[TopicGroup]) -> list[StageCount]:
    counts: Counter[tuple[int | None, int | None, str]] = Counter()
    for group in groups:
        counts[None, group.stage, group.day] += group.posts
    for part in topics:
        counts[part.topic, part.stage, part.day] += part.posts
    return [
        StageCount(topic_id=topic, stage_id=stage, day=day, posts=n)
        for (topic, stage, day), n in counts.items()
    ]


def _hour_rows(entries: EntryQuerySet) -> list[HourCount]:
    local = local_slots()
    counts: Counter[tuple[int | None, str, int]] = Counter()
    rows = entries.order_by().annotate(on=DayOf("published_at"), slot=HourOf("published_at"))
    keys = ("satker__timezone", "on", "slot")
    for zone, day, slot, n in rows.values(*keys).annotate(n=Count("*")).values_list(*keys, "n"):
        counts[None, day, local(slot, zone)] += n
    tags = _tags(entries).annotate(on=DayOf("entry__published_at"), slot=HourOf("entry__published_at"))
    keys = ("entry__satker__timezone", "on", "slot")
    found = tags.values("topic", *keys).annotate(n=Count("*")).values_list("topic", *keys, "n")
    for topic, zone, day, slot, n in found:
        counts[topic, day, local(slot, zone)] += n
    return [
        HourCount(topic_id=topic, day=day, hour=hour, posts=n) for (topic, day, hour), n in counts.items()
    ]


def _pair_rows(entries: EntryQuerySet) -> list[PairCount]:
    tags = _tags(entries).filter(entry__entry_topics__removed=False)
    keys = ("topic", "other", "on")
    rows = tags.annotate(other=F("entry__entry_topics__topic"), on=DayOf("entry__published_at")).values(*keys)
    return [
        PairCount(topic_id=topic, other_id=other, day=day, posts=n)
        for topic, other, day, n in rows.annotate(n=Count("*")).values_list(*keys, "n")
    ]


def _office_rows(entries: EntryQuerySet) -> list[OfficeCount]:
    own = Q(origin=Entry.Origin.OWN)
    rows = entries.order_by().annotate(on=DayOf("published_at"), topical=HAS_TOPIC).values("satker", "on")
    counted = rows.annotate(
        n=Count("*"),
        own=Count("id", filter=own),
        on_topic=Count("id", filter=own & Q(topical=True)),
        last=Max("published_at"),
    )
    return [
        OfficeCount(office_id=office, day=day, posts=n, own=own, on_topic=on_topic, last_at=last)
        for office, day, n, own, on_topic, last in counted.values_list(
            "satker", "on", "n", "own", "on_topic", "last"
        )
    ]


def _office_topic_rows(entries: EntryQuerySet) -> list[OfficeTopicCount]:
    keys = ("topic", "entry__satker", "on")
    rows = _tags(entries).annotate(on=DayOf("entry__published_at")).values(*keys).annotate(n=Count("*"))
    return [
        OfficeTopicCount(topic_id=topic, office_id=office, day=day, posts=n)
        for topic, office, day, n in rows.values_list(*keys, "n")
    ]
