"""Activity of a place in one look: each satker or province with its figures, and their sums."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from aggregator.models import Province, Satker
from aggregator.querysets import SatkerQuerySet
from portal.days import Period
from portal.monitoring.figures.counting import median
from portal.monitoring.figures.grid import Grid, Row, Streaks, grid
from portal.monitoring.figures.reading import lags_of
from portal.monitoring.figures.silence import Silence, silences
from portal.monitoring.figures.sums import NOTHING, Sums, sums


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
    """A province (None: the national office). `days` stand for those of the grid."""

    province: Province | None
    offices: int
    active: int
    silent: int
    unknown: int
    sums: Sums
    lag: float | None
    days: list[int | None]


@dataclass(frozen=True, slots=True)
class Overview:
    grid: Grid
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


def overview(satker: SatkerQuerySet, period: Period, now: datetime) -> Overview:
    found, lags = sums(satker, period), lags_of(satker, period)
    quiet = {row.satker.pk: row for row in silences(satker, now)}
    days = grid(satker, period, now)
    offices = [
        Office(
            row.satker,
            found.get(row.satker.pk, NOTHING),
            row.streaks,
            quiet[row.satker.pk],
            median(lags.get(row.satker.pk, [])),
        )
        for row in days.rows
    ]
    every = [lag for its in lags.values() for lag in its]
    return Overview(days, offices, _places(offices, days.rows, lags), median(every))


def _places(offices: list[Office], rows: list[Row], lags: dict[int, list[int]]) -> list[Place]:
    """By province in the order of the codes, the national office last."""
    groups: dict[str, list[tuple[Office, Row]]] = defaultdict(list)
    for office, row in zip(offices, rows, strict=True):
        province = office.satker.province
        groups[province.code if province else "~"].append((office, row))
    return [
        _place([o for o, _row in its], [r for _office, r in its], lags)
        for _code, its in sorted(groups.items())
    ]


def _place(offices: list[Office], rows: list[Row], lags: dict[int, list[int]]) -> Place:
    columns = zip(*(row.days for row in rows), strict=True)
    return Place(
        offices[0].satker.province,
        len(offices),
        sum(office.sums.posts > 0 for office in offices),
        sum(office.silence.is_silent for office in offices),
        sum(bool(office.silence.unknown) for office in offices),
        _added([office.sums for office in offices]),
        median([lag for office in offices for lag in lags.get(office.satker.pk, [])]),
        [None if all(n is None for n in day) else sum(n or 0 for n in day) for day in columns],
    )


def _added(parts: list[Sums]) -> Sums:
    return Sums(*(sum(getattr(part, name) for part in parts) for name in Sums.__slots__))
