"""What was expected of each satker in a period, and what it did. Targets are of a month; holidays and
exemptions lower them by their part of the month's working days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from aggregator.models import Satker
from aggregator.querysets import SatkerQuerySet
from portal.days import Period
from portal.monitoring.figures.days_off import SATURDAY, DaysOff, days_of, public_holidays
from portal.monitoring.figures.months import month_of, parts_of
from portal.monitoring.figures.sums import NOTHING, Sums, ordered, sums
from portal.monitoring.models import Target


@dataclass(frozen=True, slots=True)
class Aim:
    """`expected` is None where no target holds."""

    satker: Satker
    own: int
    active_days: int
    expected: float | None
    expected_days: float | None
    working_days: int
    exempt_days: int

    @property
    def share(self) -> float | None:
        """Per cent of the expected own posts; None without any expectation."""
        return round(100 * self.own / self.expected, 1) if self.expected else None

    @property
    def is_met(self) -> bool | None:
        if self.expected is None or self.expected_days is None:
            return None
        return self.own >= self.expected and self.active_days >= self.expected_days


def aims(satker: SatkerQuerySet, period: Period) -> list[Aim]:
    """Every one of these satker in the order of the registry."""
    done, off, targets = sums(satker, period), DaysOff.of(period), list(Target.objects.order_by("since"))
    parts = list(parts_of(period))
    return [_aim(office, done.get(office.pk, NOTHING), off, targets, parts) for office in ordered(satker)]


def _aim(office: Satker, done: Sums, off: DaysOff, targets: list[Target], parts: list[Period]) -> Aim:
    posts = days = 0.0
    has_target, worked, exempted = False, 0, 0
    exempt = off.exempt(office)
    for part in parts:
        usual = working_days(part.first, part.last)
        lost = sum(
            1 for day in exempt if part.first.toordinal() <= day <= part.last.toordinal() and _works(day)
        )
        worked, exempted = worked + usual - lost, exempted + lost
        target = _target(targets, office.level, part.first)
        if target is None:
            continue
        has_target = True
        month = month_of(part.first)
        whole = working_days(month.first, month.last) or 1
        posts += target.posts * (usual - lost) / whole
        days += target.active_days * (usual - lost) / whole
    return Aim(
        office,
        done.own,
        done.active_days,
        round(posts, 1) if has_target else None,
        round(days, 1) if has_target else None,
        worked,
        exempted,
    )


def _target(targets: list[Target], level: str, day: date) -> Target | None:
    """The newest of the level that holds on this day."""
    return next((t for t in reversed(targets) if t.level == level and t.since <= day), None)


@lru_cache(maxsize=512)
def working_days(first: date, last: date) -> int:
    """Mondays to Fridays that are no public holidays."""
    return sum(1 for day in days_of(Period(first, last)) if _works(day.toordinal()))


def _works(ordinal: int) -> bool:
    day = date.fromordinal(ordinal)
    return day.weekday() < SATURDAY and day not in public_holidays(day.year)
