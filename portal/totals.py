"""Figures of the whole nation, one province, office, topic or stage, for the pages that tell of it: from the
kept daily counts, and directly for what those do not have yet."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from django.db.models import Count, OuterRef, Subquery, Sum

from aggregator.models import Entry, EntryTopic, Province, Satker, Topic
from aggregator.querysets import EntryQuerySet
from aggregator.search import Filters
from aggregator.search.database import narrow
from portal import activity, atlas, daily, tallies
from portal.days import Period
from portal.models import DayCount, StageCount
from portal.sources import Direct
from portal.spans import ALWAYS, spans
from portal.sums import Part, add_up, as_day, part, posts_of, within

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
            counts = _with_beyond(kept, period)
        return activity.named_topics(counts, atlas.current().topics)

    def topic_totals(self) -> Counter[int]:
        """Public posts on each topic, by its id."""
        kept = self.kept
        return activity.per_topic(Entry.objects.public()) if kept is None else _with_beyond(kept)

    def topic_days(self, topic: Topic, period: Period) -> Counter[date]:
        """Public posts on a topic on each day of a period."""
        tagged = EntryTopic.objects.filter(topic=topic, removed=False).values("entry")
        entries = Entry.objects.public().filter(pk__in=tagged)
        if (kept := self.kept) is None:
            return _per_day(period.of(entries))
        days = _days(kept, period, "portal_topiccount", ("topic_id = %s", [topic.pk]))
        return kept.completed(days, entries, period, _per_day)

    def topics_in(self, place: Province, period: Period) -> Counter[int]:
        """Public posts of a province on each topic in a period, by the topic's id."""
        entries = Entry.objects.public().filter(province=place)
        if (kept := self.kept) is None:
            return activity.per_topic(period.of(entries))
        where = [("province_id = %s", [place.pk]), ("topic_id IS NOT NULL", [])]
        rows = add_up(["topic_id"], ["posts"], tallies.of_places(spans(period, kept.days_behind), *where))
        return kept.completed(Counter(dict(rows)), entries, period, activity.per_topic)

    def topic_places(self, topic: Topic, period: Period) -> Counter[int | None]:
        """Public posts on a topic in each province in a period, by the province's id."""
        entries = Entry.objects.public().filter(entry_topics__topic=topic, entry_topics__removed=False)
        return self._in_provinces(topic, entries, period)

    def office_days(self, office: Satker, period: Period) -> Counter[date]:
        """Public posts of an office on each day of a period."""
        entries = Entry.objects.public().filter(satker=office)
        if (kept := self.kept) is None:
            return _per_day(period.of(entries))
        days = _days(kept, period, "portal_officecount", ("office_id = %s", [office.pk]))
        return kept.completed(days, entries, period, _per_day)

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
        where, its = tallies.on_topic(topic.pk if topic else None), spans(period, kept.days_behind)
        rows = add_up(["province_id"], ["posts"], tallies.of_places(its, where))
        return kept.completed(Counter(dict(rows)), entries, period, activity.by_province)

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
        return kept.completed(counts, entries, None, activity.per_stage)

    def province_totals(self, filters: Filters) -> Counter[int | None]:
        """Public posts of each province, by its id, within filters that the kept counts know, at all
        times."""
        entries = narrow(Entry.objects.public(), filters)
        if (kept := self.kept) is None:
            return activity.by_province(entries)
        summed = _summed(kept, filters, entries)
        parts = [*summed.parts(ALWAYS), *_undated(kept, filters)]
        counts: Counter[int | None] = Counter(dict(add_up(["province_id"], ["posts"], parts)))
        return kept.completed(counts, entries, None, activity.by_province)

    def profile_of(self, filters: Filters, today: date) -> activity.Profile:
        """What has been published within filters that the kept counts know (provinces, stages, origin),
        at all times."""
        entries = narrow(Entry.objects.public(), filters)
        if (kept := self.kept) is None:
            return activity.profile(entries, today)
        month = Period(today - timedelta(days=MONTH - 1), today)
        summed = _summed(kept, filters, entries)
        lately, own, decided = add_up([], ["posts", "own", "decided"], [summed.by_day(month)])[0]
        total = posts_of([*summed.parts(ALWAYS), *_undated(kept, filters)])
        its = narrow(Entry.objects.public_of(), filters)  # an old stage's are not among the newest of all
        newest = its.newest().values_list("published_at", flat=True).first()
        found = activity.Profile(total, lately or 0, own or 0, decided or 0, newest)
        beyond = kept.beyond(entries)
        return found if beyond is None else found + activity.profile(beyond, today)

    def topic_profile(self, topic: Topic, entries: EntryQuerySet, today: date) -> activity.Profile:
        """The same for a topic, whose kept counts tell no origin."""
        if (kept := self.kept) is None:
            return activity.profile(entries, today)
        period, its = Period(today - timedelta(days=MONTH - 1), today), _on_topics(kept, None, topic.pk)
        month = _on_topics(kept, period, topic.pk)
        newest = entries.newest().values_list("published_at", flat=True).first()
        found = activity.Profile(its[topic.pk], month[topic.pk], 0, 0, newest)
        beyond = kept.beyond(entries)
        if beyond is None:
            return found
        more = activity.profile(beyond, today)
        return found + activity.Profile(more.total, more.month, 0, 0, more.last_at)


def _per_day(entries: EntryQuerySet) -> Counter[date]:
    return activity.per_day(activity.stage_days_of(activity.cells(entries)))


def _days(kept: daily.Kept, period: Period, table: str, where: tallies.Condition) -> Counter[date]:
    """What is kept on each day."""
    rows = part(table, where, within("day", spans(period, kept.days_behind).every))
    return Counter({as_day(day): posts for day, posts in add_up(["day"], ["posts"], [rows])})


def _summed(kept: daily.Kept, filters: Filters, entries: EntryQuerySet) -> tallies.Summed:
    return tallies.Summed(kept, None, Direct(filters, ALWAYS, entries, entries))


def _undated(kept: daily.Kept, filters: Filters) -> list[Part]:
    """Where the kept counts tell of posts without a clear date."""
    if None in kept.stale:
        return []
    where = (tallies.in_places(filters), tallies.in_stages(filters), tallies.of_origin(filters))
    return [part("portal_daycount", *where, ("day IS NULL", []))]


def _on_topics(kept: daily.Kept, period: Period | None = None, topic: int | None = None) -> Counter[int]:
    """What is kept of all topics, or of one."""
    its = spans(period or ALWAYS, kept.days_behind)
    one = [("topic_id = %s", [topic])] if topic else []
    same: tallies.Condition = ("topic_id = other_id", [])
    parts = [
        part("portal_pairmonth", same, *one, within("month", its.months)),
        part("portal_paircount", same, *one, within("day", its.days)),
    ]
    if period is None and None not in kept.stale:
        parts.append(part("portal_topiccount", *one, ("day IS NULL", [])))
    return Counter(dict(add_up(["topic_id"], ["posts"], parts)))


def _with_beyond(kept: daily.Kept, period: Period | None = None) -> Counter[int]:
    return kept.completed(_on_topics(kept, period), Entry.objects.public(), period, activity.per_topic)
