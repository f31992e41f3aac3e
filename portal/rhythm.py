"""When one province, office, topic or stage has been active: small charts for its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from aggregator.models import Entry, Province, Satker, Stage, Topic
from aggregator.search import filters_for
from portal import activity, atlas, charts
from portal.days import Period
from portal.scope import scope_of
from portal.totals import Totals

MONTHS = 6  # of a calendar, the present one included
TOPIC_DAYS = 30
YEARS = 2  # of a line


@dataclass(frozen=True, slots=True)
class Rhythm:
    period: Period
    calendar: charts.Calendar
    topics: list[activity.TopicCount]  # of the last TOPIC_DAYS

    @property
    def days(self) -> int:
        """Days with a post."""
        return sum(1 for month in self.calendar.months for day in month.days if day.posts)


def of_province(place: Province, today: date, figures: Totals) -> Rhythm:
    period = _months(today)
    filters = filters_for(place, period.first, period.last)
    found = scope_of(filters, today, read=lambda: figures.kept)
    lately = Period(today - timedelta(days=TOPIC_DAYS - 1), today)
    return _rhythm(period, activity.per_day(found.stage_days()), figures.topics_in(place, lately))


def of_satker(office: Satker, today: date, figures: Totals) -> Rhythm:
    period = _months(today)
    entries = Entry.objects.public().filter(satker=office)
    lately = Period(today - timedelta(days=TOPIC_DAYS - 1), today).of(entries)
    return _rhythm(period, figures.office_days(office, period), activity.per_topic(lately))


def of_topic(topic: Topic, today: date, figures: Totals) -> charts.Line:
    period = Period(today.replace(year=today.year - YEARS, day=1), today)
    return charts.line_of(figures.topic_days(topic, period), period.first, period.last)


def of_stage(stage: Stage, today: date, figures: Totals) -> charts.Line | None:
    """From its first day to its last, or to today. None for a stage without dates, or yet to begin."""
    if stage.start is None or stage.start > today:
        return None
    period = Period(stage.start, min(stage.end or today, today))
    filters = filters_for(stage, period.first, period.last)
    found = scope_of(filters, today, read=lambda: figures.kept)
    return charts.line_of(activity.per_day(found.stage_days()), period.first, period.last)


def _rhythm(period: Period, days: Mapping[date, int], topics: Mapping[int, int]) -> Rhythm:
    return Rhythm(
        period,
        charts.calendar_of(days, period.first, period.last),
        activity.named_topics(topics, atlas.current().topics),
    )


def _months(today: date) -> Period:
    month = today.year * 12 + today.month - MONTHS
    return Period(date(month // 12, month % 12 + 1, 1), today)
