"""Report on hacked suspects: what was held of a satker on one day is one case."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from aggregator.models import Quarantine, SatkerHold
from portal.days import day_start
from portal.monitoring.asked import Asked
from portal.monitoring.reports.cells import office, office_columns, table
from portal.monitoring.tables import Cell, Column, Moment, State, Table

HELD, RELEASED, REJECTED = Quarantine.State.HELD, Quarantine.State.RELEASED, Quarantine.State.REJECTED
HIGH, MIDDLE = 10, 5  # points from which a satker, an entry is held: aggregator/screen/judge.py


def cases(asked: Asked) -> Table:
    groups: dict[tuple[str, date], list[Quarantine]] = defaultdict(list)
    for row in _held(asked):
        satker = row.entry.satker
        groups[satker.code, row.held_at.astimezone(ZoneInfo(satker.timezone)).date()].append(row)
    found = sorted(groups.items(), key=lambda item: (-item[0][1].toordinal(), item[0][0]))
    on_hold = set(SatkerHold.objects.filter(ended_at=None).values_list("satker", flat=True))
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
        [_case_row(code, day, its, on_hold) for (code, day), its in found],
        summary=summary % {"cases": len(found), "satker": len({code for code, _day in groups})},
        counted=counted % {"high": HIGH, "middle": MIDDLE},
    )


def _held(asked: Asked) -> QuerySet[Quarantine]:
    held = Quarantine.objects.filter(
        entry__satker__in=asked.satker.order_by().values("pk"),
        held_at__gte=day_start(asked.period.first),
        held_at__lt=day_start(asked.period.last + timedelta(days=1)),
    )
    return held.select_related("entry__satker__province").defer("entry__url").order_by("held_at", "pk")


def _case_row(code: str, day: date, held: list[Quarantine], on_hold: set[int]) -> tuple[Cell, ...]:
    satker, states = held[0].entry.satker, Counter(row.state for row in held)
    out = [row.public_minutes for row in held if row.public_minutes is not None]
    reported = [row.reported_at for row in held if row.reported_at]
    return (
        f"{code}-{day:%Y%m%d}",
        *office(satker),
        Moment(held[0].held_at, satker.timezone),
        _level(max(row.points for row in held)),
        _signals(held),
        len(held),
        len(out),
        max(out, default=None),
        _state(states),
        ", ".join(sorted({row.decided_by for row in held if row.decided_by})),
        "; ".join(dict.fromkeys(row.reason for row in held if row.reason)),
        states[RELEASED],
        states[REJECTED],
        min(reported).date() if reported else None,
        _("ya") if satker.pk in on_hold else "",
    )


def _signals(held: Iterable[Quarantine]) -> str:
    """Codes with their highest points, the heaviest first."""
    points: dict[str, float] = {}
    for row in held:
        for signal in row.signals:
            code = str(signal.get("code", ""))
            points[code] = max(points.get(code, 0.0), float(signal.get("points") or 0))
    heaviest = sorted(points.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{code} {value:g}" for code, value in heaviest)


def _level(points: float) -> State:
    if points >= HIGH:
        return State(_("tinggi"), "bad")
    return State(_("sedang"), "wait") if points >= MIDDLE else State(_("rendah"), "unknown")


def _state(states: Counter[str]) -> State:
    if states[HELD]:
        return State(_("menunggu putusan"), "bad")
    return State(_("ditolak"), "off") if states[REJECTED] else State(_("dilepas"), "good")
