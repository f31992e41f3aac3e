"""Satker by day: who published when, who could not be read, and runs of working days with a post."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from aggregator.models import Satker
from aggregator.querysets import SatkerQuerySet
from portal.days import Period
from portal.monitoring.figures import runs
from portal.monitoring.figures.days_off import DaysOff, days_of, local_day
from portal.monitoring.figures.known import NOTHING, Known, known_days
from portal.monitoring.figures.runs import Streaks
from portal.monitoring.figures.sums import by_day, ordered


@dataclass(frozen=True, slots=True)
class Row:
    """`days` stand for those of the grid; None is a day still to come on the satker's clocks. `known` tells
    on which of them nothing says that there was no post."""

    satker: Satker
    days: list[int | None]
    off: frozenset[date]
    known: Known
    streaks: Streaks


@dataclass(frozen=True, slots=True)
class Grid:
    period: Period
    days: list[date]
    rows: list[Row]


def grid(satker: SatkerQuerySet, period: Period, now: datetime | None = None, drawn: int = 366) -> Grid:
    """Every one of these satker in the order of the registry, each on its own clocks. The `days` are the
    last `drawn` ones of the period; runs are of the whole."""
    offices = ordered(satker)
    shown = period.latest(drawn)
    counts, known, off = by_day(satker, shown), known_days(satker, now), DaysOff.of(period)
    found = streaks_of(satker, offices, period, now, off)
    days = list(days_of(shown))
    rows = []
    for office in offices:
        its = counts.get(office.pk, {})
        today = local_day(office.timezone, now)
        rows.append(
            Row(
                office,
                [its.get(day, 0) if day <= today or day in its else None for day in days],
                frozenset(off.off(office, period)),
                known.get(office.pk, NOTHING),
                found[office.pk],
            )
        )
    return Grid(period, days, rows)


def streaks_of(
    satker: SatkerQuerySet,
    offices: Iterable[Satker],
    period: Period,
    now: datetime | None = None,
    off: DaysOff | None = None,
) -> dict[int, Streaks]:
    """Runs and gaps of each; a year of the whole nation in some milliseconds."""
    off = off or DaysOff.of(period)
    posted = runs.Posted(satker, period)
    templates: dict[tuple[date, frozenset[int]], bytes] = {}
    found = {}
    for office in offices:
        today = local_day(office.timezone, now)
        last = min(period.last, today)
        if last < period.first:
            found[office.pk] = Streaks(0, 0, 0)
            continue
        key = last, frozenset(off.exempt(office))
        if key not in templates:
            templates[key] = runs.template(period.first, last, off.off(office, period))
        found[office.pk] = runs.streaks(posted.of(office.pk, last), templates[key], is_over=last != today)
    return found
