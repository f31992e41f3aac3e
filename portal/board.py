"""Everything the activity view shows of one scope, each figure made when it is asked for: the page, the
tables and the drawings to download all read it from here, so that they say the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from django.conf import settings
from django.utils.translation import gettext as _

from aggregator.models import Entry, Province
from aggregator.search.filters import period_label
from portal import activity, atlas, charts, ranking
from portal.activity import Places, StageDays
from portal.days import Period
from portal.scope import Scope

LATEST = 6
WEEK_DAYS = 91  # hours of the week are of thirteen weeks at most: a rhythm shows in less
MOST_TIMED, MOST_TIMED_DAYS = 10_000, 28  # where they are counted directly and posts are many: of four weeks
MOST_CHANGE = 5  # a larger multiple of hardly anything says nothing in percent
MOST_RANKED = 100  # offices, of the whole nation


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of the opening sentences."""

    posts: int
    provinces: int
    own: int
    decided: int  # with a known origin
    outside: int  # of any stage
    days: int
    earlier: int  # posts in the period compared with

    @property
    def change(self) -> str:
        """In percent, signed; empty where there is nothing, or too little, to compare with."""
        if self.posts > MOST_CHANGE * self.earlier:
            return ""
        if not self.earlier:
            return ""
        return charts.number(round((self.posts - self.earlier) / self.earlier * 100), signed=True)


@dataclass(frozen=True, slots=True)
class Silence:
    """Offices of the places looked at: of `read` a feed was ever read, `silent` of these have no post."""

    silent: int
    read: int
    offices: int


class Board:
    def __init__(self, scope: Scope, measure: str = charts.MEASURES[0]) -> None:
        self.scope = scope
        self.measure = measure
        self.atlas = atlas.current()

    @property
    def period(self) -> Period:
        return self.scope.period

    @property
    def title(self) -> str:
        """Filters and period in words."""
        chips = [chip.label for chip in self.scope.filters.chips() if chip.name not in ("dari", "bulan")]
        return ", ".join([*chips, period_label(self.period.first, self.period.last)])

    @cached_property
    def places(self) -> Places:
        return self.scope.places()

    @cached_property
    def places_before(self) -> Places:
        """In the period compared with."""
        return self.scope.places(self.scope.compared)

    @cached_property
    def stage_days(self) -> StageDays:
        return self.scope.stage_days()

    @cached_property
    def summary(self) -> Summary:
        places, days = self.places, self.stage_days
        return Summary(
            posts=days.total(),
            provinces=sum(1 for province in places if province),
            own=sum(row.own for row in places.values()),
            decided=sum(row.decided for row in places.values()),
            outside=sum(posts for (_day, stage), posts in days.items() if stage is None),
            days=len(self.per_day),
            earlier=self.scope.total(self.scope.compared),
        )

    @cached_property
    def map(self) -> charts.Map:
        """Posts, posts per office, or the difference to the period compared with, of each province."""
        counts = activity.per_province(self.places)
        wanted = self.scope.filters.provinces
        everywhere = self.atlas.provinces
        provinces = [place for place in everywhere if not wanted or place.slug in wanted]
        left_out = [place for place in everywhere if wanted and place.slug not in wanted]
        rows: list[tuple[Province, float]]
        if self.measure == "per-kantor":
            rows = [
                (place, round(counts[place.pk] / place.offices, 1)) for place in provinces if place.offices
            ]
        elif self.measure == "perubahan":
            before = activity.per_province(self.places_before)
            rows = [(place, counts[place.pk] - before[place.pk]) for place in provinces]
        else:
            rows = [(place, counts[place.pk]) for place in provinces]
        query = self.scope.query_without_place
        return charts.map_of(rows, query, self.atlas.known, self.measure, self.fresh, left_out)

    @cached_property
    def fresh(self) -> frozenset[int]:
        """Ids of the provinces of the latest posts."""
        return frozenset(entry.province_id for entry in self.latest if entry.province_id)

    @cached_property
    def latest(self) -> list[Entry]:
        return self.scope.newest(LATEST) if self.scope.is_current else []

    @cached_property
    def line(self) -> charts.Line:
        return charts.line_of(self.per_day, self.period.first, self.period.last, self.atlas.stages)

    @cached_property
    def calendar(self) -> charts.Calendar:
        """Three years at most, the newest."""
        last = self.period.last
        first = max(self.period.first, last.replace(day=1, year=max(1, last.year - 3)))
        return charts.calendar_of(self.per_day, first, last)

    @cached_property
    def per_day(self) -> Mapping[date, int]:
        return activity.per_day(self.stage_days)

    @cached_property
    def week_period(self) -> Period:
        thirteen = self.period.latest(WEEK_DAYS)
        if self.scope.keeps_hours:
            return thirteen
        posts = sum(n for day, n in self.per_day.items() if day >= thirteen.first)
        return thirteen if posts <= MOST_TIMED else self.period.latest(MOST_TIMED_DAYS)

    @cached_property
    def week(self) -> charts.Week:
        return charts.week_of(self.scope.week(self.week_period))

    @property
    def week_query(self) -> str:
        return self.scope.query_without_hours(self.week_period)

    @cached_property
    def topic_months(self) -> Mapping[tuple[int, str], int]:
        return self.scope.topic_months()

    @cached_property
    def topics(self) -> list[activity.TopicCount]:
        return activity.named_topics(activity.over_months(self.topic_months), self.atlas.topics)

    @cached_property
    def matrix(self) -> charts.Matrix:
        return charts.matrix_of(self.topics, self.topic_months, self.period.first, self.period.last)

    @cached_property
    def mix(self) -> list[charts.MonthMix]:
        months, stages = activity.per_month(self.stage_days), activity.stages_by_month(self.stage_days)
        return charts.mix_of(months, self.period.first, self.period.last, stages)

    @cached_property
    def stage_slugs(self) -> dict[int, str]:
        return {stage.pk: stage.slug for stage in self.atlas.stages}

    @cached_property
    def ranks(self) -> list[ranking.Rank]:
        return self.scope.ranks(self.places)

    @property
    def placed(self) -> list[ranking.Rank]:
        return [row for row in self.ranks if row.place is not None]

    @property
    def unread(self) -> list[ranking.Rank]:
        """Provinces of which nothing is known."""
        return [row for row in self.ranks if row.place is None]

    @property
    def silence(self) -> Silence:
        rows = self.ranks
        return Silence(
            sum(row.silent for row in rows), sum(row.read for row in rows), sum(row.offices for row in rows)
        )

    @cached_property
    def province(self) -> Province | None:
        """The one that is looked at, if it is one."""
        slugs = self.scope.filters.provinces
        one = slugs[0] if len(slugs) == 1 else ""
        return next((place for place in self.atlas.provinces if place.slug == one), None)

    @property
    def ranks_offices(self) -> bool:
        return settings.PUBLIC_RANKING

    @cached_property
    def offices(self) -> list[ranking.OfficeCount]:
        """The offices of the chosen provinces in the order of the registry: a list, not a ranking, unless
        the ranking of offices is public."""
        slugs = self.scope.filters.provinces
        if not slugs and not self.ranks_offices:
            return []
        offices = self.atlas.offices_in(slugs) if slugs else self.atlas.offices
        rows = ranking.listed(self.scope.offices(), offices)
        if not self.ranks_offices:
            return rows
        rows = ranking.placed(rows, lambda row: row.office.pk in self.read_offices)
        return rows if slugs else rows[:MOST_RANKED]

    @property
    def read_offices(self) -> frozenset[int]:
        return self.atlas.read_offices

    @cached_property
    def close_up(self) -> charts.CloseUp | None:
        if self.province is None:
            return None
        query = self.scope.query_without_office
        return charts.close_up_of(self.province, self.offices, query, self.read_offices)

    @cached_property
    def undated(self) -> int:
        return self.scope.undated()


def shortcuts(today: date) -> Iterable[tuple[str, Period]]:
    """Periods that are often asked for."""
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    return (
        (_("7 hari"), Period(today - timedelta(days=6), today)),
        (_("30 hari"), Period(today - timedelta(days=29), today)),
        (_("Bulan ini"), Period(month, today)),
        (_("Bulan lalu"), Period(before.replace(day=1), before)),
        (_("Tahun ini"), Period(today.replace(month=1, day=1), today)),
        (_("Tahun lalu"), Period(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31))),
    )
