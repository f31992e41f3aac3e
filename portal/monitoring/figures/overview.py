"""Activity of a place in one look: each satker or province with its figures, and their sums."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Sum

from aggregator.models import Province, Satker
from aggregator.querysets import SatkerQuerySet
from portal.days import Period
from portal.monitoring.figures.counting import median
from portal.monitoring.figures.days_off import days_of, local_day
from portal.monitoring.figures.grid import Row, grid
from portal.monitoring.figures.known import Known, known_days
from portal.monitoring.figures.places import province_of
from portal.monitoring.figures.reading import lags_of
from portal.monitoring.figures.runs import Streaks
from portal.monitoring.figures.silence import Silence, readings, silences
from portal.monitoring.figures.sums import ALL_NUMBERS, NOTHING, Sums, is_nation, only, ordered, sums
from portal.monitoring.models import OfficeDay, PlaceDay

MOST_DAYS = 62  # that are drawn, the newest
UNKNOWN = Streaks(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Office:
    """`lag`: median days from an event to the own post that tells of it."""

    satker: Satker
    sums: Sums
    streaks: Streaks
    silence: Silence
    lag: float | None


@dataclass(frozen=True, slots=True)
class Place:
    """A province (None: the national office). `days` stand for those of the grid; on `unread` ones not one
    of its satker could be read."""

    province: Province | None
    offices: int
    active: int
    silent: int
    unknown: int
    sums: Sums
    lag: float | None
    days: list[int | None]
    unread: frozenset[date]


@dataclass(frozen=True, slots=True)
class Overview:
    """`rows` are those of the grid, one a satker; none where only `places` were asked for. Both go over the
    `days` that are drawn."""

    days: list[date]
    rows: list[Row]
    offices: list[Office]
    places: list[Place]
    lag: float | None

    @property
    def sums(self) -> Sums:
        return _added([office.sums for office in self.offices])

    @property
    def active(self) -> int:
        return sum(office.sums.posts > 0 for office in self.offices)

    @property
    def silent(self) -> int:
        return sum(office.silence.is_silent for office in self.offices)

    @property
    def unknown(self) -> int:
        return sum(bool(office.silence.unknown) for office in self.offices)


def overview(
    satker: SatkerQuerySet, period: Period, now: datetime, *, drawn: int = MOST_DAYS, each: bool = True
) -> Overview:
    """`each`: with runs, gaps, days and lag of every satker, which cost more than sums."""
    found, lags = sums(satker, period), lags_of(satker, period)
    feeds = readings(satker, now)
    quiet = {row.satker.pk: row for row in silences(satker, now, feeds)}
    rows = grid(satker, period, now, drawn).rows if each else []
    runs = {row.satker.pk: row.streaks for row in rows}
    offices = [
        Office(
            office,
            found.get(office.pk, NOTHING),
            runs.get(office.pk, UNKNOWN),
            quiet[office.pk],
            median(lags.get(office.pk, [])) if each else None,
        )
        for office in ordered(satker)
    ]
    days = list(days_of(period.latest(drawn)))
    every = [lag for its in lags.values() for lag in its]
    return Overview(
        days,
        rows,
        offices,
        _places(satker, offices, lags, days, known_days(satker, now, feeds), now),
        median(every),
    )


def _places(
    satker: SatkerQuerySet,
    offices: list[Office],
    lags: dict[int, list[int]],
    days: list[date],
    known: dict[int, Known],
    now: datetime,
) -> list[Place]:
    """By province in the order of the codes, the national office last."""
    groups: dict[str, list[Office]] = defaultdict(list)
    for office in offices:
        province = office.satker.province
        groups[province.code if province else "~"].append(office)
    counts = _by_place(satker, days)
    return [_place(its, lags, days, counts, known, now) for _code, its in sorted(groups.items())]


def _by_place(satker: SatkerQuerySet, days: list[date]) -> dict[tuple[int | None, date], int]:
    its = {"day__range": (days[0], days[-1])}
    if is_nation(satker):
        kept = PlaceDay.objects.filter(**its).values_list("place", "day", "posts")
        return {(province_of(place), day): n for place, day, n in kept}
    rows = only(satker, OfficeDay.objects.filter(**its))
    summed = rows.values("satker__province", "day").annotate(n=Sum("posts"))
    return {(place, day): n for place, day, n in summed.values_list("satker__province", "day", "n")}


def _place(
    offices: list[Office],
    lags: dict[int, list[int]],
    days: list[date],
    counts: dict[tuple[int | None, date], int],
    known: dict[int, Known],
    now: datetime,
) -> Place:
    """A day begins for a place when it begins for the first of its satker."""
    key = offices[0].satker.province_id
    today = max(local_day(zone, now) for zone in {office.satker.timezone for office in offices})
    told = [known[office.satker.pk] for office in offices if office.satker.pk in known]
    return Place(
        offices[0].satker.province,
        len(offices),
        sum(office.sums.posts > 0 for office in offices),
        sum(office.silence.is_silent for office in offices),
        sum(bool(office.silence.unknown) for office in offices),
        _added([office.sums for office in offices]),
        median([lag for office in offices for lag in lags.get(office.satker.pk, [])]),
        [counts.get((key, day), 0) if day <= today else None for day in days],
        frozenset(day for day in days if not any(its.covers(day) for its in told)),
    )


def _added(parts: list[Sums]) -> Sums:
    return Sums(*(sum(getattr(part, name) for part in parts) for name in ALL_NUMBERS))
