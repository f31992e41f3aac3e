"""The figures of a scope summed up from kept counts, where such are kept for its filters; otherwise counted
directly. What the kept counts do not have yet (the days of posts that changed a moment ago) is always counted
directly and added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from aggregator.models import Entry
from aggregator.querysets import EntryQuerySet
from aggregator.search import Filters
from aggregator.search.database import narrow
from aggregator.search.filters import NON_STAGE, origins
from portal import activity, atlas, ranking, sums
from portal.activity import Places, PlaceSum, StageDays
from portal.daily import Kept, Key
from portal.days import Period, month_end
from portal.listed import listed
from portal.sources import Direct
from portal.spans import Spans, spans
from portal.sums import Part, among, part, within

Condition = tuple[str, Sequence[Any]]
ANY: Condition = ("1 = 1", ())
MONTH = "substr(CAST(month AS varchar), 1, 7)"
MONTH_OF_DAY = "substr(CAST(day AS varchar), 1, 7)"
OWN_DAY = "CASE WHEN own > 0 THEN 1 ELSE 0 END"
# What the counts by origin say of figures that the others keep.
OF_ORIGIN = {
    "own": f"CASE WHEN origin = '{Entry.Origin.OWN}' THEN posts ELSE 0 END",
    "on_topic": f"CASE WHEN origin = '{Entry.Origin.OWN}' THEN on_topic ELSE 0 END",
    "decided": "CASE WHEN origin <> '' THEN posts ELSE 0 END",
}
SUMS = ("posts", "own", "on_topic", "decided")


def in_places(filters: Filters) -> Condition:
    return among("province_id", filters.keys_of("provinsi")) if filters.provinces else ANY


def in_stages(filters: Filters) -> Condition:
    if not filters.stages:
        return ANY
    text, values = among("stage_id", filters.keys_of("tahapan"))
    return (f"({text} OR stage_id IS NULL)" if NON_STAGE in filters.stages else text), values


def of_origin(filters: Filters) -> Condition:
    return among("origin", origins(filters.origin)) if filters.origin else ANY


def on_topic(topic: int | None) -> Condition:
    return ("topic_id IS NULL", ()) if topic is None else ("topic_id = %s", (topic,))


def of_offices(filters: Filters) -> Condition:
    """Each by its id, which leads to its rows; of a query within, PostgreSQL reads the months of all."""
    if not filters.provinces:
        return ANY
    return among("office_id", [office.pk for office in atlas.current().offices_in(filters.provinces)])


def of_places(its: Spans, *where: Condition) -> list[Part]:
    """Sums of places over months, and over days beside them."""
    return [
        part("portal_placemonth", *where, within("month", its.months)),
        part("portal_placecount", *where, within("day", its.days), days=OWN_DAY),
    ]


@dataclass(frozen=True)
class Summed:
    """`topic` is the id of a frequent topic that is the only filter; `direct` counts the same posts."""

    kept: Kept
    topic: int | None
    direct: Direct

    @property
    def filters(self) -> Filters:
        return self.direct.filters

    @cached_property
    def has_places(self) -> bool:
        """Whether places and stages are kept for these filters."""
        filters = self.filters
        if filters.q or filters.satker or filters.weekdays or filters.hours:
            return False
        return self.topic is not None or not filters.topics

    @cached_property
    def has_offices(self) -> bool:
        return self.has_places and not (self.filters.topics or self.filters.stages or self.filters.origin)

    @cached_property
    def has_hours(self) -> bool:
        filters = self.filters
        return self.has_places and not (filters.provinces or filters.stages or filters.origin)

    def spans(self, period: Period) -> Spans:
        return spans(period, self.kept.days_behind)

    def beyond(self, period: Period) -> EntryQuerySet | None:
        return self.kept.beyond(self.direct.everything, period)

    def _completed(
        self, counts: Counter[Key], period: Period, count: Callable[[EntryQuerySet], Counter[Key]]
    ) -> Counter[Key]:
        return self.kept.completed(counts, self.direct.everything, period, count)

    def places(self, period: Period) -> Places:
        if not self.has_places:
            return self.direct.places(period)
        found = self._places_by_origin(period) if self._needs_origin else self._places(period)
        beyond = self.beyond(period)
        return found if beyond is None else activity.both(found, activity.places_of(activity.cells(beyond)))

    @property
    def _needs_origin(self) -> bool:
        return bool(self.filters.stages or self.filters.origin)

    def _places(self, period: Period) -> Places:
        rows = sums.add_up(["province_id"], [*SUMS, "days"], self._of_places(self.spans(period)))
        return {place: PlaceSum._make(numbers) for place, *numbers in rows}

    def _places_by_origin(self, period: Period) -> Places:
        by_day = self.by_day(period)
        rows = sums.add_up(["province_id"], SUMS, [by_day])
        days: dict[int | None, int] = dict(
            sums.ask(
                "SELECT province_id, COUNT(*) FROM (SELECT DISTINCT province_id, day FROM portal_daycount"  # noqa: S608
                f" WHERE {by_day.condition} AND origin = %s) AS days GROUP BY province_id",
                [*by_day.values, Entry.Origin.OWN],
            )
        )
        return {place: PlaceSum._make([*numbers, days.get(place, 0)]) for place, *numbers in rows}

    def _of_places(self, its: Spans) -> list[Part]:
        return of_places(its, on_topic(self.topic), in_places(self.filters))

    def by_day(self, period: Period) -> Part:
        """The rows that know every filter of place, stage and origin."""
        where = (in_places(self.filters), in_stages(self.filters), of_origin(self.filters))
        return part("portal_daycount", *where, within("day", self.spans(period).every), **OF_ORIGIN)

    def by_origin(self, period: Period) -> Counter[tuple[int | None, str]]:
        if not self.has_places or self.filters.topics:
            return self.direct.by_origin(period)
        rows = sums.add_up(["province_id", "origin"], ["posts"], [self.by_day(period)])
        found: Counter[tuple[int | None, str]] = Counter({(place, origin): n for place, origin, n in rows})
        return self._completed(found, period, lambda beyond: activity.by_origin(activity.cells(beyond)))

    def stage_days(self, period: Period) -> StageDays:
        if not self.has_places:
            return self.direct.stage_days(period)
        rows = sums.add_up(["day", "stage_id"], ["posts"], [self._of_stages(period)])
        found: StageDays = Counter({(sums.as_day(day), stage): n for day, stage, n in rows})
        return self._completed(found, period, lambda beyond: activity.stage_days_of(activity.cells(beyond)))

    def _of_stages(self, period: Period) -> Part:
        """The rows that count these posts once each, by day and stage and as little else as may be."""
        if self.filters.provinces or self.filters.origin:
            return self.by_day(period)
        days = within("day", self.spans(period).every)
        return part("portal_stagecount", on_topic(self.topic), in_stages(self.filters), days)

    def total(self, period: Period) -> int:
        if not self.has_places:
            return self.direct.total(period)
        beyond = self.beyond(period)
        return self.kept_total(period) + (0 if beyond is None else beyond.count())

    def kept_total(self, period: Period) -> int:
        """Without what lies beyond."""
        return sums.posts_of(self.parts(period))

    def parts(self, period: Period) -> list[Part]:
        """Rows that count these posts once each, with their province."""
        its = self.spans(period)
        if not self._needs_origin:
            return self._of_places(its)
        if self.filters.origin:
            return [self.by_day(period)]
        where = (in_places(self.filters), in_stages(self.filters))
        return [
            part("portal_stagemonth", *where, within("month", its.months)),
            part("portal_daycount", *where, within("day", its.days)),
        ]

    def offices(self) -> dict[int, ranking.OfficeSum]:
        if not self.has_offices:
            return self.direct.offices()
        period, where = self.direct.period, of_offices(self.filters)
        its = self.spans(period)
        parts = [
            part("portal_officemonth", where, within("month", its.months)),
            part("portal_officecount", where, within("day", its.days), days=OWN_DAY),
        ]
        rows = sums.add_up(["office_id"], ["posts", "own", "on_topic", "days"], parts, newest="last_at")
        found = {
            office: ranking.OfficeSum._make([*numbers, sums.as_moment(last)])
            for office, *numbers, last in rows
        }
        beyond = self.beyond(period)
        for office, more in ({} if beyond is None else ranking.of_offices(beyond)).items():
            found[office] = found.get(office, ranking.OfficeSum()).and_of(more)
        return found

    def active_offices(self) -> Counter[int | None]:
        if not self.has_offices and (self.topic is None or self._needs_origin):
            return self.direct.active_offices()
        period = self.direct.period
        found: dict[int, int | None] = dict(self._with_posts(period))
        beyond = self.beyond(period)
        if beyond is not None:
            found.update(beyond.order_by().values_list("satker", "satker__province").distinct())
        return Counter(found.values())

    def _with_posts(self, period: Period) -> sums.Rows:
        """Id and province of each office with a post. Of a month that the period cuts, the first and the last
        day with a post tell; of one with a stale day, or cut twice, its days do."""
        its = self.spans(period)
        months, days = its.months, its.days
        if not self.kept.days_behind and (
            period.first.day == 1 or period.last == month_end(period.last) or len(days) > 1
        ):
            months, days = [(period.first.replace(day=1), period.last.replace(day=1))], []
        kind, topic = ("office", ANY) if self.topic is None else ("officetopic", on_topic(self.topic))
        ends = ("first_day <= %s AND last_day >= %s", [period.last.isoformat(), period.first.isoformat()])
        there = of_offices(self.filters)
        parts = [part(f"portal_{kind}month", topic, there, within("month", months), ends)]
        if days:
            parts.append(part(f"portal_{kind}count", topic, there, within("day", days)))
        offices = " UNION ALL ".join(
            f"SELECT office_id FROM {one.table} WHERE {one.condition}"  # noqa: S608
            for one in parts
        )
        return sums.ask(
            f"SELECT id, province_id FROM aggregator_satker WHERE id IN ({offices})",  # noqa: S608
            [value for one in parts for value in one.values],
        )

    def week(self, period: Period) -> list[list[int]]:
        if not self.has_hours:
            return self.direct.week(period)
        hours = part("portal_hourcount", on_topic(self.topic), within("day", self.spans(period).every))
        counts: Counter[int] = Counter(dict(sums.add_up(["hour"], ["posts"], [hours])))
        beyond = self.beyond(period)
        if beyond is not None:
            for weekday, row in enumerate(activity.per_hour(beyond)):
                counts.update({weekday * 24 + hour: n for hour, n in enumerate(row)})
        return activity.week_grid(counts.items())

    def topic_months(self) -> Counter[tuple[int, str]]:
        parts = self._of_topics(self.spans(self.direct.period)) if self.has_places else None
        if parts is None:
            return self.direct.topic_months()
        rows = sums.add_up(["topic_id", "month"], ["posts"], parts)
        counts: Counter[tuple[int, str]] = Counter({(topic, month): n for topic, month, n in rows})
        return self._completed(counts, self.direct.period, activity.per_topic_month)

    def _of_topics(self, its: Spans) -> list[Part] | None:
        """None where no counts are kept for these filters."""
        filters, months, days = self.filters, within("month", its.months), within("day", its.days)
        if filters.origin or (filters.provinces and filters.stages):
            return None
        if filters.stages:
            every = within("day", its.every)
            where = (in_stages(filters), ("topic_id IS NOT NULL", ()))
            return [part("portal_stagecount", *where, every, month=MONTH_OF_DAY)]
        if filters.provinces:
            where = (in_places(filters), ("topic_id IS NOT NULL", ()))
            return [
                part("portal_placemonth", *where, months, month=MONTH),
                part("portal_placecount", *where, days, month=MONTH_OF_DAY),
            ]
        pairs, named = on_topic(self.topic), {"topic_id": "other_id"}
        if self.topic is None:
            pairs, named = ("topic_id = other_id", ()), {}
        return [
            part("portal_pairmonth", pairs, months, month=MONTH, **named),
            part("portal_paircount", pairs, days, month=MONTH_OF_DAY, **named),
        ]

    def undated(self) -> int:
        unclear = self.kept.unclear()
        if not unclear:
            return 0
        anywhen = replace(self.filters, month="", date_from=None, date_to=None)
        return narrow(Entry.objects.public_of(pk__in=listed(unclear)), anywhen).count()
