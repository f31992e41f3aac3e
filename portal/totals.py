"""Figures of the whole nation, one province, office, topic or stage, for the pages that tell of it: from the
kept daily counts, and directly for what those do not have yet."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum

from aggregator.models import Entry, EntryTopic, Province, Satker, Topic
from aggregator.querysets import EntryQuerySet
from aggregator.search import Filters
from aggregator.search.database import narrow
from portal import activity, atlas, daily, tallies
from portal.days import Period
from portal.models import DayCount, OfficeCount, PlaceCount, StageCount

MONTH = 30  # days, today included


class Totals:
    """All by one reading of how far the kept counts are."""

    def __init__(self) -> None:
        self.kept = daily.kept()

    def topics_of(self, period: Period) -> list[activity.TopicCount]:
        """The nation's posts on each topic in a period, most first."""
        if (kept := self.kept) is None:
            counts = activity.per_topic(period.of(Entry.objects.public()))
        else:
            counts = _on_topics(kept, period)
        return activity.named_topics(counts, atlas.current().topics)

    def topic_totals(self) -> Counter[int]:
        """Public posts on each topic, by its id."""
        kept = self.kept
        return activity.per_topic(Entry.objects.public()) if kept is None else _on_topics(kept)

    def topic_days(self, topic: Topic, period: Period) -> Counter[date]:
        """Public posts on a topic on each day of a period."""
        tagged = EntryTopic.objects.filter(topic=topic, removed=False).values("entry")
        entries = Entry.objects.public().filter(pk__in=tagged)
        if (kept := self.kept) is None:
            return _per_day(period.of(entries))
        rows = kept.topics(period).filter(topic=topic).values_list("day", "posts")
        counts: Counter[date] = Counter({day: posts for day, posts in rows if day})
        beyond = kept.beyond(entries, period)
        return counts if beyond is None else counts + _per_day(beyond)

    def topics_in(self, place: Province, period: Period) -> Counter[int]:
        """Public posts of a province on each topic in a period, by the topic's id."""
        entries = Entry.objects.public().filter(province=place)
        if (kept := self.kept) is None:
            return activity.per_topic(period.of(entries))
        rows = kept.fresh(PlaceCount.objects.filter(province=place, topic__isnull=False), period).order_by()
        sums = rows.values("topic").annotate(n=Sum("posts"))
        counts: Counter[int] = Counter(dict(sums.values_list("topic", "n")))
        beyond = kept.beyond(entries, period)
        return counts if beyond is None else counts + activity.per_topic(beyond)

    def topic_places(self, topic: Topic, period: Period) -> Counter[int | None]:
        """Public posts on a topic in each province in a period, by the province's id."""
        entries = Entry.objects.public().filter(entry_topics__topic=topic, entry_topics__removed=False)
        return self._in_provinces(topic, entries, period)

    def office_days(self, office: Satker, period: Period) -> Counter[date]:
        """Public posts of an office on each day of a period."""
        entries = Entry.objects.public().filter(satker=office)
        if (kept := self.kept) is None:
            return _per_day(period.of(entries))
        rows = kept.fresh(OfficeCount.objects.filter(office=office), period)
        counts: Counter[date] = Counter(dict(rows.values_list("day", "posts")))
        beyond = kept.beyond(entries, period)
        return counts if beyond is None else counts + _per_day(beyond)

    def recent_by_province(self, today: date) -> list[activity.ProvinceRecent]:
        """Offices, posts of the last MONTH and the newest post of every province."""
        entries = Entry.objects.public()
        counts = self._in_provinces(None, entries, Period(today - timedelta(days=MONTH - 1), today))
        last = entries.filter(province=OuterRef("pk")).newest().values("published_at")[:1]
        provinces = Province.objects.annotate(offices=Count("satker"), last_at=Subquery(last))
        return [
            activity.ProvinceRecent(row, row.offices, counts[row.pk], row.last_at)
            for row in provinces.order_by("code")
        ]

    def _in_provinces(
        self, topic: Topic | None, entries: EntryQuerySet, period: Period
    ) -> Counter[int | None]:
        """All posts, or those on a topic, by province; `entries` are the same."""
        if (kept := self.kept) is None:
            return activity.by_province(period.of(entries))
        rows = kept.fresh(PlaceCount.objects.filter(topic=topic), period).order_by()
        sums = rows.values("province").annotate(n=Sum("posts"))
        counts: Counter[int | None] = Counter(dict(sums.values_list("province", "n")))
        beyond = kept.beyond(entries, period)
        return counts if beyond is None else counts + activity.by_province(beyond)

    def stage_totals(self) -> Counter[int | None]:
        """Public posts in each stage, by its id; None for those outside of any."""
        entries = Entry.objects.public()
        if (kept := self.kept) is None:
            return activity.per_stage(entries)
        counts: Counter[int | None] = Counter()
        dated = kept.fresh(StageCount.objects.filter(topic=None), None)
        for rows in (dated, kept.fresh(DayCount.objects.filter(day=None), None)):
            sums = rows.order_by().values("stage").annotate(n=Sum("posts"))
            counts.update(dict(sums.values_list("stage", "n")))
        beyond = kept.beyond(entries)
        return counts if beyond is None else counts + activity.per_stage(beyond)

    def province_totals(self, filters: Filters) -> Counter[int | None]:
        """Public posts of each province, by its id, within filters that the kept counts know, at all
        times."""
        entries = narrow(Entry.objects.public(), filters)
        if (kept := self.kept) is None:
            return activity.by_province(entries)
        rows = kept.days(tallies.narrow(filters)).values("province").annotate(n=Sum("posts"))
        counts: Counter[int | None] = Counter(dict(rows.values_list("province", "n")))
        beyond = kept.beyond(entries)
        return counts if beyond is None else counts + activity.by_province(beyond)

    def profile_of(self, filters: Filters, today: date) -> activity.Profile:
        """What has been published within filters that the kept counts know (provinces, stages, origin),
        at all times."""
        entries = narrow(Entry.objects.public(), filters)
        if (kept := self.kept) is None:
            return activity.profile(entries, today)
        month = Period(today - timedelta(days=MONTH - 1), today)
        sums = kept.days(tallies.narrow(filters), month).aggregate(
            month=Sum("posts"),
            own=Sum("posts", filter=Q(origin=activity.OWN)),
            decided=Sum("posts", filter=~Q(origin="")),
        )
        sums["total"] = _all(kept, filters)
        its = narrow(Entry.objects.public_of(), filters)  # an old stage's are not among the newest of all
        newest = its.newest().values_list("published_at", flat=True).first()
        found = activity.Profile(**{name: value or 0 for name, value in sums.items()}, last_at=newest)
        beyond = kept.beyond(entries)
        return found if beyond is None else found + activity.profile(beyond, today)

    def topic_profile(self, topic: Topic, entries: EntryQuerySet, today: date) -> activity.Profile:
        """The same for a topic, whose kept counts tell no origin."""
        if (kept := self.kept) is None:
            return activity.profile(entries, today)
        month = Q(day__range=(today - timedelta(days=MONTH - 1), today))
        its = kept.topics().filter(topic=topic)
        sums = its.aggregate(total=Sum("posts"), month=Sum("posts", filter=month))
        newest = entries.newest().values_list("published_at", flat=True).first()
        found = activity.Profile(sums["total"] or 0, sums["month"] or 0, 0, 0, newest)
        beyond = kept.beyond(entries)
        if beyond is None:
            return found
        more = activity.profile(beyond, today)
        return found + activity.Profile(more.total, more.month, 0, 0, more.last_at)


def _per_day(entries: EntryQuerySet) -> Counter[date]:
    return activity.per_day(activity.stage_days_of(activity.cells(entries)))


def _all(kept: daily.Kept, filters: Filters) -> int:
    """Public posts within these filters, at all times and without a clear date."""
    narrowed = DayCount.objects.filter(tallies.narrow(filters))
    dated: QuerySet[Any] = StageCount.objects.filter(tallies.in_stages(filters), topic=None)
    if filters.provinces or filters.origin:
        dated = narrowed.filter(day__isnull=False)
    parts = (dated, narrowed.filter(day=None))
    return sum(kept.fresh(rows, None).aggregate(n=Sum("posts"))["n"] or 0 for rows in parts)


def _on_topics(kept: daily.Kept, period: Period | None = None) -> Counter[int]:
    rows = kept.topics(period).values("topic").annotate(n=Sum("posts"))
    counts = Counter(dict(rows.values_list("topic", "n")))
    beyond = kept.beyond(Entry.objects.public(), period)
    return counts if beyond is None else counts + activity.per_topic(beyond)
