"""What is wrong with the data that sites give, by satker, over whole months."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Sum

from aggregator.models import Satker
from aggregator.querysets import SatkerQuerySet
from portal.days import Period
from portal.monitoring.figures.reading import months
from portal.monitoring.figures.sums import ordered

NUMBERS = (
    *("posts", "impossible", "future", "undated", "empty_title", "generic_title", "empty_body"),
    *("double_slug", "encoding"),
)


@dataclass(frozen=True, slots=True)
class Quality:
    satker: Satker
    posts: int
    impossible: int
    future: int
    undated: int
    empty_title: int
    generic_title: int
    empty_body: int
    double_slug: int
    encoding: int

    @property
    def faults(self) -> int:
        return sum(getattr(self, name) for name in NUMBERS[1:])


def quality(satker: SatkerQuerySet, period: Period) -> list[Quality]:
    """Satker with posts in the period, most faults first."""
    rows = months(satker, period).values("satker").annotate(**{f"n_{name}": Sum(name) for name in NUMBERS})
    found = {key: numbers for key, *numbers in rows.values_list("satker", *(f"n_{name}" for name in NUMBERS))}
    judged = [Quality(office, *found[office.pk]) for office in ordered(satker) if office.pk in found]
    return sorted(judged, key=lambda row: (-row.faults, row.satker.code))
