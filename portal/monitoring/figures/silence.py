"""Who is silent, and of whom we do not know: a satker whose feed cannot be read is never called silent."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator.models import Feed, Satker, SatkerHold
from aggregator.querysets import SatkerQuerySet
from portal.days import Period
from portal.monitoring.figures.days_off import DaysOff, local_day
from portal.monitoring.figures.sums import only, ordered
from portal.monitoring.models import OfficeState

STALE = timedelta(days=2)  # a good fetch longer ago says nothing of today: our own worker may be at fault


@dataclass(frozen=True, slots=True)
class Silence:
    """One satker. `unknown` says in words why nothing can be said; else `days` since the last post (None:
    there never was one), without days off, and the class they fall into (0: not silent)."""

    satker: Satker
    last_day: date | None
    last_title: str
    last_entry: int | None
    last_success_at: datetime | None
    days: int | None
    reached: int
    unknown: str = ""
    reached_before: int = 0  # a day ago

    @property
    def is_silent(self) -> bool:
        return not self.unknown and self.reached > 0


@dataclass(frozen=True, slots=True)
class Reading:
    """Whether the feeds of one satker can be read."""

    problem: str
    last_success_at: datetime | None
    first_success_at: datetime | None = None


def classes() -> tuple[int, ...]:
    return tuple(sorted(settings.SILENCE_DAYS))


def silences(
    satker: SatkerQuerySet, now: datetime | None = None, feeds: dict[int, Reading] | None = None
) -> list[Silence]:
    """Every one of these satker, the longest silent first, those not known last. `feeds`: their readings,
    where they are in hand."""
    now = now or timezone.now()
    offices = ordered(satker)
    kept = only(satker, OfficeState.objects.all()).values_list("pk", *Newest._fields)
    states = {key: Newest(*fields) for key, *fields in kept}
    feeds = readings(satker, now) if feeds is None else feeds
    oldest = min((s.last_day for s in states.values() if s.last_day), default=now.date())
    off = DaysOff.of(Period(oldest, now.date() + timedelta(days=1)))
    rows = [_silence(office, states.get(office.pk), feeds, off, now) for office in offices]
    return sorted(rows, key=_longest_first)


def silent(rows: Iterable[Silence], least: int | None = None) -> list[Silence]:
    """Of these the silent ones, from a class on."""
    least = least or classes()[0]
    return [row for row in rows if row.is_silent and row.reached >= least]


def unknown(rows: Iterable[Silence]) -> list[Silence]:
    return [row for row in rows if row.unknown]


def reached(days: int | None) -> int:
    """The highest class that so many days of silence reach; never having posted reaches the last."""
    steps = classes()
    if days is None:
        return steps[-1]
    position = bisect_right(steps, days)
    return steps[position - 1] if position else 0


def _longest_first(row: Silence) -> tuple[bool, float, str]:
    days = float("inf") if row.days is None else row.days
    return bool(row.unknown), -days, row.satker.code


def _silence(
    office: Satker, state: Newest | None, feeds: dict[int, Reading], off: DaysOff, now: datetime
) -> Silence:
    reading = feeds.get(office.pk) or Reading(_("belum ada umpan"), None)
    last = state.last_day if state else None
    days = before = None
    if last is not None:
        today = local_day(office.timezone, now)
        days = max(0, (today - last).days - off.between(office, last + timedelta(days=1), today))
        was_off = off.between(office, today, today) if days else 0
        before = max(0, days - 1 + was_off)
    return Silence(
        office,
        last,
        state.last_title if state else "",
        state.last_entry_id if state else None,
        reading.last_success_at,
        days,
        reached(days),
        reading.problem,
        reached(before),
    )


class Newest(NamedTuple):
    """The newest dated post of one satker."""

    last_day: date | None
    last_title: str
    last_entry_id: int | None


class Told(NamedTuple):
    """What one feed says of itself."""

    error_code: str
    last_success_at: datetime | None
    first_success_at: datetime | None


def readings(satker: SatkerQuerySet, now: datetime) -> dict[int, Reading]:
    """What can be said of every satker with an active feed, from all its feeds together: with one that
    fails, its silence is not known."""
    feeds: dict[int, list[Told]] = defaultdict(list)
    rows = only(satker, Feed.objects.active())
    for key, code, last, first in rows.values_list("satker", *Told._fields):
        feeds[key].append(Told(code, last, first))
    held = set(SatkerHold.objects.filter(ended_at=None).values_list("satker", flat=True))
    return {key: _reading(found, key in held, now) for key, found in feeds.items()}


def _reading(feeds: list[Told], held: bool, now: datetime) -> Reading:
    """The oldest of the last good fetches counts."""
    successes = [feed.last_success_at for feed in feeds if feed.last_success_at]
    last = min(successes) if len(successes) == len(feeds) else None
    first = min((feed.first_success_at for feed in feeds if feed.first_success_at), default=None)
    return Reading(_problem(feeds, held, last, now), last, first)


def _problem(feeds: list[Told], held: bool, last: datetime | None, now: datetime) -> str:
    if held:
        return _("berita baru ditahan portal")
    if codes := sorted({feed.error_code for feed in feeds if feed.error_code}):
        return _("umpan gagal dibaca (%s)") % ", ".join(codes)
    if last is None:
        return _("umpan belum pernah terbaca")
    return _("umpan lama tidak diperiksa") if last < now - STALE else ""
