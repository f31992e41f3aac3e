"""Report on silent satker, with those of whom nothing can be said apart, and the list of the duty."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Max
from django.utils.translation import gettext as _

from portal.models import User
from portal.monitoring.asked import Asked
from portal.monitoring.figures import duties
from portal.monitoring.figures.silence import Silence, classes, silences, silent, unknown
from portal.monitoring.models import Alert, Contact, FollowUp
from portal.monitoring.reports.cells import office, office_columns, table
from portal.monitoring.tables import Cell, Column, Link, Moment, State, Table

LONG = 30  # days of silence from which the class is marked


def silent_satker(asked: Asked) -> Table:
    found = silences(asked.satker, asked.now)
    quiet, dark = silent(found), unknown(found)
    met = {row.satker.pk: row for row in duties.fulfilments(asked.satker, asked.quarter, asked.now)}
    people, told, contacted = _responsible(), _told(), _contacted()
    rows = [
        (
            *office(row.satker),
            _title(row),
            row.last_day,
            None if row.unknown else row.days,
            _class(row),
            Moment(row.last_success_at, row.satker.timezone) if row.last_success_at else None,
            row.unknown or _("terbaca"),
            _state(met[row.satker.pk].state) if row.satker.pk in met else None,
            people.get(row.satker.pk),
            told.get(row.satker.pk),
            contacted.get(row.satker.pk),
        )
        for row in [*quiet, *dark]
    ]
    columns = [
        *office_columns(),
        Column(_("Berita terakhir")),
        Column(_("Tanggal"), "day"),
        Column(_("Hari tanpa berita"), "number"),
        Column(_("Golongan")),
        Column(_("Umpan terakhir terbaca"), "moment"),
        Column(_("Keadaan umpan")),
        Column(_("Kewajiban PDPB")),
        Column(_("Penanggung jawab")),
        Column(_("Diberi tahu"), "day"),
        Column(_("Dihubungi"), "day"),
    ]
    summary = _("%(quiet)d satker tanpa berita paling sedikit %(least)d hari; %(dark)d tidak diketahui.")
    return table(
        asked,
        _("tanpa berita"),
        _("Satker tanpa berita"),
        columns,
        rows,
        summary=summary % {"quiet": len(quiet), "least": classes()[0], "dark": len(dark)},
        counted=_(
            "Hari sejak berita terakhir pada jam setempat; hari libur nasional, cuti bersama, dan "
            "pengecualian tidak dihitung. Golongan mulai pada %s hari. Satker yang umpannya gagal, belum "
            "ada, atau ditahan portal tidak disebut tanpa berita, tetapi “tidak diketahui”, dan berdiri di "
            "bawah."
        )
        % ", ".join(map(str, classes())),
    )


def duty_list(asked: Asked) -> Table:
    """Those that have not told stand first."""
    order = [duties.MISSING, duties.LATE, duties.OPEN, duties.DONE]
    found = sorted(
        duties.fulfilments(asked.satker, asked.quarter, asked.now),
        key=lambda row: (order.index(row.state), row.satker.code),
    )
    missing = sum(row.state == duties.MISSING for row in found)
    summary = _("%(missing)d dari %(all)d satker belum memuat berita PDPB untuk masa ini.")
    return table(
        asked,
        _("kewajiban pdpb"),
        _("Kewajiban PDPB"),
        duty_columns(),
        duty_rows(found),
        summary=summary % {"missing": missing, "all": len(found)},
        counted=_(
            "Pemutakhiran Data Pemilih Berkelanjutan (PKPU 1/2025): kabupaten/kota tiap triwulan, provinsi "
            "tiap semester; diberitakan paling lambat tanggal 15 setelah masa berakhir. Masa diambil dari "
            "judul, tanpa sebutan masa dari tanggal terbit. Muat ulang tidak memenuhi kewajiban."
        ),
    )


def duty_columns() -> list[Column]:
    return [
        *office_columns(),
        Column(_("Masa")),
        Column(_("Paling lambat"), "day"),
        Column(_("Keadaan")),
        Column(_("Berita")),
        Column(_("Tanggal"), "day"),
    ]


def duty_rows(found: Iterable[duties.Fulfilment]) -> list[tuple[Cell, ...]]:
    return [
        (
            *office(row.satker),
            row.span.name,
            row.span.due,
            _state(row.state),
            Link(row.title, f"/berita/{row.entry}") if row.entry else None,
            row.day,
        )
        for row in found
    ]


def _title(row: Silence) -> Cell:
    if row.last_entry is None:
        return _("belum pernah ada berita")
    return Link(row.last_title or _("tanpa judul"), f"/berita/{row.last_entry}")


def _class(row: Silence) -> State:
    if row.unknown:
        return State(_("tidak diketahui"), "unknown")
    return State(_("%d hari") % row.reached, "bad" if row.reached >= LONG else "wait")


def _state(state: str) -> State:
    return {
        duties.DONE: State(_("terpenuhi"), "good"),
        duties.LATE: State(_("terlambat"), "wait"),
        duties.MISSING: State(_("belum ada"), "bad"),
        duties.OPEN: State(_("masih berjalan"), "unknown"),
    }[state]


def _responsible() -> dict[int, str]:
    """Contacts of satker; of those without one the names of their accounts."""
    found: dict[int, str] = {}
    accounts = User.objects.filter(role=User.Role.SATKER, is_active=True, satker__isnull=False)
    for user in accounts.order_by("username"):
        name = user.get_full_name() or user.get_username()
        key = user.satker_id or 0
        found[key] = f"{found[key]}, {name}" if key in found else name
    named: dict[int, list[str]] = defaultdict(list)
    for contact in Contact.objects.all():
        named[contact.satker_id].append(str(contact))
    return found | {key: "; ".join(names) for key, names in named.items()}


def _contacted() -> dict[int, Cell]:
    """The day of the last talk with each satker; a note alone is none."""
    talks = FollowUp.objects.exclude(way=FollowUp.Way.NOTE).order_by()
    return {key: at.date() for key, at in talks.values_list("satker").annotate(last=Max("at"))}


def _told() -> dict[int, Cell]:
    """The day on which people were told of a satker's silence."""
    alerts = Alert.objects.filter(rule="silent", closed_at=None, noticed_at__isnull=False)
    return {key: at.date() for key, at in alerts.values_list("satker", "noticed_at") if key and at}
