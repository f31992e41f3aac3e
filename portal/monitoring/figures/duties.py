"""Who has told of the continuous update of the voter list (PDPB), and who has not; see duty.py."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from aggregator.models import Satker
from aggregator.querysets import SatkerQuerySet
from portal.monitoring.figures import duty
from portal.monitoring.figures.days_off import local_day
from portal.monitoring.figures.sums import only, ordered
from portal.monitoring.models import DutyPost

DONE, LATE, MISSING, OPEN = "done", "late", "missing", "open"


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """One satker and one period. `state`: done, late (told after the due day), missing (due day past), or
    open (there is still time)."""

    satker: Satker
    span: duty.Span
    state: str
    entry: int | None = None
    day: date | None = None
    title: str = ""


def fulfilments(satker: SatkerQuerySet, quarter: int, now: datetime | None = None) -> list[Fulfilment]:
    """Every one of these satker that has the duty, for the quarter, or the half-year it lies in."""
    first, last = quarter - 1, quarter + 1
    found: dict[int, list[DutyPost]] = defaultdict(list)
    told = only(satker, DutyPost.objects.filter(quarter__range=(first, last)))
    for post in told.order_by("day", "entry_id"):
        found[post.satker_id].append(post)
    return [
        _fulfilment(office, span, found.get(office.pk, []), now)
        for office in ordered(satker)
        if (span := duty.span_for(office.level, quarter))
    ]


def _fulfilment(office: Satker, span: duty.Span, posts: list[DutyPost], now: datetime | None) -> Fulfilment:
    post = next((post for post in posts if post.quarter in span.quarters), None)
    if post is not None:
        state = DONE if post.day <= span.due else LATE
        return Fulfilment(office, span, state, post.entry_id, post.day, post.title)
    past = local_day(office.timezone, now) > span.due
    return Fulfilment(office, span, MISSING if past else OPEN)


def last_due(today: date) -> int:
    """The newest quarter whose due day is past or today: what one asks about first."""
    current = duty.quarter_index(today)
    return current - 1 if today >= duty.quarter(current - 1).due else current - 2
