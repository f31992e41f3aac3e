"""The monthly ranking: own posts on a topic, then days with an own post; re-posts do not count. Who could
not be read well enough is not judged."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings

from aggregator.models import Satker
from aggregator.querysets import SatkerQuerySet
from portal.days import Period
from portal.monitoring.figures.grid import streaks_of
from portal.monitoring.figures.reading import availability
from portal.monitoring.figures.sums import NOTHING, Sums, ordered, sums


@dataclass(frozen=True, slots=True)
class Place:
    """`place` within the province, shared by equals; None: not judged. `longest_gap` in days."""

    satker: Satker
    sums: Sums
    before: Sums
    longest_gap: int
    availability: float | None
    place: int | None = None

    @property
    def is_judged(self) -> bool:
        return self.availability is not None and self.availability >= settings.LEAST_AVAILABILITY

    @property
    def key(self) -> tuple[int, int]:
        return self.sums.own_on_topic, self.sums.active_days

    @property
    def change(self) -> int:
        """Of own posts on a topic, against the period before."""
        return self.sums.own_on_topic - self.before.own_on_topic


def ranking(
    satker: SatkerQuerySet, period: Period, before: Period, now: datetime | None = None
) -> list[Place]:
    """By province in the order of the codes, within it by place, those not judged last. A satker without a
    post is listed too."""
    now_sums, then, read = sums(satker, period), sums(satker, before), availability(satker, period)
    groups: dict[str, list[Place]] = defaultdict(list)
    offices = ordered(satker)
    runs = streaks_of(satker, offices, period, now)
    for office in offices:
        key = office.pk
        groups[office.province.code if office.province else ""].append(
            Place(
                office,
                now_sums.get(key, NOTHING),
                then.get(key, NOTHING),
                runs[key].gap,
                read.get(key),
            )
        )
    return [place for _code, rows in sorted(groups.items()) for place in placed(rows)]


def placed(rows: list[Place]) -> list[Place]:
    """Equals share a place, and the next one is as if they stood one after the other: 1, 2, 2, 4."""
    rows = sorted(rows, key=lambda row: (not row.is_judged, [-n for n in row.key], row.satker.code))
    done: list[Place] = []
    for position, row in enumerate(rows, start=1):
        if not row.is_judged:
            done.append(row)
            continue
        equal = done and done[-1].key == row.key
        done.append(replace(row, place=done[-1].place if equal else position))
    return done
