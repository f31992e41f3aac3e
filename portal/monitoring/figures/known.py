"""Of which days we can speak: a day on which nothing was read is not a day without a post."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aggregator.models import Feed, Gap, SatkerHold
from aggregator.querysets import SatkerQuerySet
from portal.monitoring.figures.silence import Reading, readings
from portal.monitoring.figures.sums import only, ordered
from portal.monitoring.models import OfficeState


@dataclass(frozen=True, slots=True)
class Known:
    """From the first day of which a satker's feeds told, to the last on which they could be read. `gaps` are
    spans of which posts are missing: they left the feed unread. `why` says in words why it ends."""

    first: date = date.max
    last: date = date.min
    gaps: tuple[tuple[date, date], ...] = ()
    why: Promise | str = ""

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last and not any(a <= day <= b for a, b in self.gaps)


NOTHING = Known(why=gettext_lazy("belum ada umpan"))


def known_days(
    satker: SatkerQuerySet, now: datetime | None = None, feeds: dict[int, Reading] | None = None
) -> dict[int, Known]:
    """By satker; one without a feed that was ever read has no entry. `feeds`: their readings, where they are
    in hand."""
    feeds = readings(satker, now or timezone.now()) if feeds is None else feeds
    states = dict(only(satker, OfficeState.objects.all()).values_list("pk", "first_day"))
    zones = {office.pk: office.timezone for office in ordered(satker)}
    gaps, holds, found = _gaps(satker, zones), _holds(satker), {}
    for key, reading in {**_former(satker), **feeds}.items():
        if key in zones and (first := _first(states.get(key), reading, ZoneInfo(zones[key]))):
            last = _last(reading, holds.get(key), ZoneInfo(zones[key]))
            found[key] = Known(first, last, tuple(gaps.get(key, ())), reading.problem)
    return found


def _former(satker: SatkerQuerySet) -> dict[int, Reading]:
    """Feeds that are in use no more, for satker without another."""
    rows = only(satker, Feed.objects.exclude(state=Feed.State.ACTIVE).exclude(first_success_at=None))
    return {
        key: Reading(_("umpan tidak dipakai lagi"), last, first)
        for key, last, first in rows.values_list("satker", "last_success_at", "first_success_at")
    }


def _first(oldest: date | None, reading: Reading, clocks: ZoneInfo) -> date | None:
    """A first reading tells of all posts that the feed held: nothing is known of the time before them."""
    began = reading.first_success_at
    days = [oldest, began.astimezone(clocks).date() if began else None]
    return min(filter(None, days), default=None)


def _last(reading: Reading, held_at: datetime | None, clocks: ZoneInfo) -> date:
    if not reading.problem:
        return date.max
    ends = [at.astimezone(clocks).date() for at in (reading.last_success_at, held_at) if at]
    return min(ends, default=date.min)


def _holds(satker: SatkerQuerySet) -> dict[int, datetime]:
    """Since when new posts of a satker wait."""
    return dict(only(satker, SatkerHold.objects.filter(ended_at=None)).values_list("satker", "started_at"))


def _gaps(satker: SatkerQuerySet, zones: dict[int, str]) -> dict[int, list[tuple[date, date]]]:
    found: dict[int, list[tuple[date, date]]] = defaultdict(list)
    rows = only(satker, Gap.objects.filter(filled_at=None), "feed__satker")
    for key, first, last in rows.values_list("feed__satker", "from_at", "to_at"):
        clocks = ZoneInfo(zones[key])
        found[key].append((first.astimezone(clocks).date(), last.astimezone(clocks).date()))
    return found
