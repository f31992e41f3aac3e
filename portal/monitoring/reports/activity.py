"""Tables of the activity pages: satker, provinces, two periods, targets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _

from aggregator.models import Province, Satker
from portal.charts import span
from portal.days import Period
from portal.monitoring.asked import Asked
from portal.monitoring.figures import compare, targets
from portal.monitoring.figures.days_off import days_of
from portal.monitoring.figures.overview import Office, Overview, Place
from portal.monitoring.figures.silence import Silence
from portal.monitoring.reports.cells import office, office_columns, table
from portal.monitoring.tables import Cell, Column, Link, State, Table, shown


def by_office(asked: Asked, found: Overview) -> Table:
    columns = [
        *office_columns(),
        Column(_("Berita"), "number"),
        Column(_("Sendiri"), "number"),
        Column(_("Bertopik"), "number"),
        Column(_("Muat ulang"), "number"),
        Column(_("Bagian sendiri %"), "percent"),
        Column(_("Hari aktif"), "number"),
        Column(_("Runtun kini"), "number"),
        Column(_("Runtun terpanjang"), "number"),
        Column(_("Jeda terpanjang"), "number"),
        Column(_("Jarak kegiatan (hari)"), "decimal"),
        Column(_("Keadaan")),
    ]
    return _activity(asked, columns, [_office_row(row) for row in found.offices], found)


def by_province(asked: Asked, found: Overview) -> Table:
    columns = [
        Column(_("Provinsi"), "name"),
        Column(_("Satker"), "number"),
        Column(_("Aktif"), "number"),
        Column(_("Tanpa berita"), "number"),
        Column(_("Tidak diketahui"), "number"),
        Column(_("Berita"), "number"),
        Column(_("Sendiri"), "number"),
        Column(_("Bertopik"), "number"),
        Column(_("Muat ulang"), "number"),
        Column(_("Bagian sendiri %"), "percent"),
        Column(_("Jarak kegiatan (hari)"), "decimal"),
    ]
    rows = [_place_row(row, asked) for row in found.places]
    return _activity(asked, columns, rows, found)


def _activity(asked: Asked, columns: list[Column], rows: list[tuple[Cell, ...]], found: Overview) -> Table:
    sums = found.sums
    summary = _(
        "%(active)d dari %(all)d satker memuat %(posts)s berita, %(own)s di antaranya karya sendiri; "
        "%(silent)d tanpa berita, %(unknown)d tidak diketahui."
    )
    numbers = {
        "active": found.active,
        "all": len(found.offices),
        "posts": shown(sums.posts),
        "own": shown(sums.own),
        "silent": found.silent,
        "unknown": found.unknown,
    }
    title = _("Aktivitas satker")
    return table(
        asked,
        _("aktivitas"),
        title,
        columns,
        rows,
        summary=summary % numbers,
        counted=_(
            "Menurut tanggal terbit pada jam setempat satker; berita tanpa tanggal pasti tidak dihitung. "
            "Hari aktif: hari dengan berita sendiri. Runtun: hari kerja berturut-turut dengan berita; hari "
            "libur tidak memutus. Jarak kegiatan: median hari dari kegiatan yang disebut dalam teks sampai "
            "berita sendiri terbit."
        ),
    )


def _office_row(row: Office) -> tuple[Cell, ...]:
    sums, streaks = row.sums, row.streaks
    return (
        *office(row.satker),
        sums.posts,
        sums.own,
        sums.own_on_topic,
        sums.reposts,
        sums.own_share,
        sums.active_days,
        streaks.current,
        streaks.longest,
        streaks.gap,
        row.lag,
        silence_state(row.silence),
    )


def by_day(satker: Satker, days: Mapping[date, int], unread: Collection[date], period: Period) -> Table:
    """Every day of one satker; of those that could not be read no number is told."""
    rows = [
        (day, None if day in unread and day not in days else days.get(day, 0), _word(day, days, unread))
        for day in days_of(period)
    ]
    columns = [Column(_("Hari"), "day"), Column(_("Berita"), "number"), Column(_("Keadaan"))]
    return Table(_("hari %s") % satker.code, _("Berita tiap hari"), columns, rows)


def _word(day: date, days: Mapping[date, int], unread: Collection[date]) -> str:
    if day in days:
        return _("ada berita")
    return _("tidak diketahui") if day in unread else _("tanpa berita")


def silence_state(row: Silence) -> State:
    if row.unknown:
        return State(_("tidak diketahui: %s") % row.unknown, "unknown")
    if row.days is None:
        return State(_("belum pernah ada berita"), "bad")
    if not row.is_silent:
        return State(_("aktif"), "good")
    return State(_("%d hari tanpa berita") % row.days, "bad" if row.reached >= 30 else "wait")


def _place_row(row: Place, asked: Asked) -> tuple[Cell, ...]:
    name: Cell = _("KPU RI")
    if row.province:
        query = f"provinsi={row.province.slug}&dari={asked.period.first}&sampai={asked.period.last}"
        name = Link(row.province.name, f"{reverse('monitoring:activity')}?{query}")
    sums = row.sums
    return (
        name,
        row.offices,
        row.active,
        row.silent,
        row.unknown,
        sums.posts,
        sums.own,
        sums.own_on_topic,
        sums.reposts,
        sums.own_share,
        row.lag,
    )


def comparison(asked: Asked, before: Period) -> Table:
    """Provinces for the whole nation, else satker."""
    is_nation = asked.province is None and not asked.satker.query.where
    pairs = (
        compare.provinces(before, asked.period)
        if is_nation
        else compare.offices(asked.satker, before, asked.period)
    )
    earlier, later = span(before.first, before.last), asked.span
    columns = [
        Column(_("Provinsi") if is_nation else _("Satker")),
        Column(_("Berita, %s") % earlier, "number"),
        Column(_("Berita, %s") % later, "number"),
        Column(_("Selisih"), "number"),
        Column(_("Sendiri, %s") % earlier, "number"),
        Column(_("Sendiri, %s") % later, "number"),
        Column(_("Selisih sendiri"), "number"),
        Column(_("Muat ulang, %s") % earlier, "number"),
        Column(_("Muat ulang, %s") % later, "number"),
        Column(_("Selisih muat ulang"), "number"),
    ]
    summary = _("%(before)s berita pada %(earlier)s, %(after)s berita pada %(later)s.")
    zone = _("Bulan menurut WIB.") if is_nation else _("Hari menurut jam setempat satker.")
    return table(
        asked,
        _("perbandingan"),
        _("Perbandingan dua masa"),
        columns,
        [_pair_row(pair) for pair in pairs],
        summary=summary
        % {
            "before": shown(sum(pair.before.posts for pair in pairs)),
            "after": shown(sum(pair.after.posts for pair in pairs)),
            "earlier": earlier,
            "later": later,
        },
        counted=zone + " " + _("Menurut tanggal terbit; berita tanpa tanggal pasti tidak dihitung."),
    )


def _pair_row(pair: compare.Pair) -> tuple[Cell, ...]:
    before, after, change = pair.before, pair.after, pair.change
    return (
        _place_name(pair.place),
        before.posts,
        after.posts,
        change.posts,
        before.own,
        after.own,
        change.own,
        before.reposts,
        after.reposts,
        change.reposts,
    )


def _place_name(place: Province | Satker | None) -> Cell:
    if isinstance(place, Satker):
        return office(place)[1]
    return place.name if place else _("KPU RI")


def target_table(asked: Asked) -> Table:
    found = targets.aims(asked.satker, asked.period)
    rows = [
        (
            *office(row.satker),
            row.own,
            row.expected,
            row.share,
            row.active_days,
            row.expected_days,
            row.working_days,
            row.exempt_days,
            _met(row.is_met),
        )
        for row in found
    ]
    columns = [
        *office_columns(),
        Column(_("Berita sendiri"), "number"),
        Column(_("Target"), "decimal"),
        Column(_("Capaian %"), "percent"),
        Column(_("Hari aktif"), "number"),
        Column(_("Target hari"), "decimal"),
        Column(_("Hari kerja"), "number"),
        Column(_("Hari dikecualikan"), "number"),
        Column(_("Terpenuhi")),
    ]
    judged = [row for row in found if row.is_met is not None]
    summary = _("%(met)d dari %(all)d satker memenuhi target.")
    return table(
        asked,
        _("target"),
        _("Target satker"),
        columns,
        rows,
        summary=summary % {"met": sum(bool(row.is_met) for row in judged), "all": len(judged)}
        if judged
        else _("Belum ada target yang berlaku."),
        counted=_(
            "Target sebulan per tingkat, menurut bagian hari kerja: hari libur nasional, cuti bersama, dan "
            "pengecualian (libur setempat, bencana) menguranginya."
        ),
    )


def _met(is_met: bool | None) -> State | None:
    if is_met is None:
        return None
    return State(_("ya"), "good") if is_met else State(_("belum"), "wait")
