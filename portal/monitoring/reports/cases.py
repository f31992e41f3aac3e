"""Report on hacked suspects: what was held of a satker on one day is one case."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from aggregator.models import Quarantine, Satker, SatkerHold
from portal.days import day_start
from portal.monitoring.asked import Asked
from portal.monitoring.figures.sums import ordered
from portal.monitoring.reports.cells import office, office_columns, table
from portal.monitoring.tables import Cell, Column, Lazily, Moment, State, Table

HELD, RELEASED, REJECTED = Quarantine.State.HELD, Quarantine.State.RELEASED, Quarantine.State.REJECTED
HIGH, MIDDLE = 10, 5  # points from which a satker, an entry is held: aggregator/screen/judge.py


@dataclass(frozen=True, slots=True)
class Held:
    """What a case needs to know of one held post."""

    satker: int
    held_at: datetime
    points: float
    signals: list[dict[str, Any]]
    public_minutes: int | None
    state: str
    decided_by: str
    reason: str
    reported_at: datetime | None


def cases(asked: Asked) -> Table:
    offices = {office.pk: office for office in ordered(asked.satker)}
    groups: dict[tuple[int, date], list[Held]] = defaultdict(list)
    for row in _held(asked):
        clocks = ZoneInfo(offices[row.satker].timezone)
        groups[row.satker, row.held_at.astimezone(clocks).date()].append(row)
    found = sorted(groups.items(), key=lambda item: (-item[0][1].toordinal(), offices[item[0][0]].code))
    words = Words.now()
    on_hold = set(SatkerHold.objects.filter(ended_at=None).order_by().values_list("satker", flat=True))
    columns = [
        Column(_("Kasus")),
        *office_columns(),
        Column(_("Pertama terlihat"), "moment"),
        Column(_("Tingkat")),
        Column(_("Tanda dan poin")),
        Column(_("Ditahan"), "number"),
        Column(_("Sempat terbit"), "number"),
        Column(_("Terbit paling lama (menit)"), "number"),
        Column(_("Keadaan")),
        Column(_("Diputus oleh")),
        Column(_("Alasan")),
        Column(_("Dilepas"), "number"),
        Column(_("Ditolak"), "number"),
        Column(_("Dilaporkan ke CSIRT"), "day"),
        Column(_("Satker ditahan")),
    ]
    summary = _("%(cases)d kasus pada %(satker)d satker.")
    counted = _(
        "Satu kasus: semua berita satu satker yang ditahan pada satu hari setempat. Judul tidak ditampilkan. "
        "Tingkat menurut poin tertinggi: tinggi mulai %(high)d, sedang mulai %(middle)d."
    )
    return table(
        asked,
        _("dugaan peretasan"),
        _("Dugaan peretasan dan karantina"),
        columns,
        Lazily(found, lambda case: _case_row(offices[case[0][0]], case[0][1], case[1], on_hold, words)),
        summary=summary % {"cases": len(found), "satker": len({key for key, _day in groups})},
        counted=counted % {"high": HIGH, "middle": MIDDLE},
    )


def _held(asked: Asked) -> Iterator[Held]:
    held = Quarantine.objects.filter(
        entry__satker__in=asked.satker.order_by().values("pk"),
        held_at__gte=day_start(asked.period.first),
        held_at__lt=day_start(asked.period.last + timedelta(days=1)),
    )
    rows = held.order_by("held_at", "pk")
    return (Held(*row) for row in rows.values_list("entry__satker", *Held.__slots__[1:]))


@dataclass(frozen=True, slots=True)
class Words:
    """Said in many rows, looked up once."""

    levels: list[tuple[float, State]]
    waits: State
    rejected: State
    released: State
    yes: str

    @classmethod
    def now(cls) -> Words:
        return cls(
            [
                (HIGH, State(_("tinggi"), "bad")),
                (MIDDLE, State(_("sedang"), "wait")),
                (float("-inf"), State(_("rendah"), "unknown")),
            ],
            State(_("menunggu putusan"), "bad"),
            State(_("ditolak"), "off"),
            State(_("dilepas"), "good"),
            _("ya"),
        )

    def level(self, points: float) -> State:
        return next(state for least, state in self.levels if points >= least)

    def state(self, states: Counter[str]) -> State:
        return self.waits if states[HELD] else self.rejected if states[REJECTED] else self.released


def _case_row(
    satker: Satker, day: date, held: list[Held], on_hold: set[int], words: Words
) -> tuple[Cell, ...]:
    states = Counter(row.state for row in held)
    out = [row.public_minutes for row in held if row.public_minutes is not None]
    reported = [row.reported_at for row in held if row.reported_at]
    return (
        f"{satker.code}-{day:%Y%m%d}",
        *office(satker),
        Moment(held[0].held_at, satker.timezone),
        words.level(max(row.points for row in held)),
        _signals(held),
        len(held),
        len(out),
        max(out, default=None),
        words.state(states),
        ", ".join(sorted({row.decided_by for row in held if row.decided_by})),
        "; ".join(dict.fromkeys(row.reason for row in held if row.reason)),
        states[RELEASED],
        states[REJECTED],
        min(reported).date() if reported else None,
        words.yes if satker.pk in on_hold else "",
    )


def _signals(held: Iterable[Held]) -> str:
    """Codes with their highest points, the heaviest first."""
    points: dict[str, float] = {}
    for row in held:
        for signal in row.signals:
            code = str(signal.get("code", ""))
            points[code] = max(points.get(code, 0.0), float(signal.get("points") or 0))
    heaviest = sorted(points.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{code} {value:g}" for code, value in heaviest)
