"""The ten reports by their numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.monitoring.asked import Asked
from portal.monitoring.reports import cases, days, publishing, silence, sites
from portal.monitoring.tables import Table


@dataclass(frozen=True, slots=True)
class Report:
    """`last_month`: asked for without a time it is of the month before; `has_period`: it depends on one."""

    number: int
    title: Promise | str
    about: Promise | str
    build: Callable[[Asked], Table]
    last_month: bool = False
    has_period: bool = True


ALL = (
    Report(
        1,
        _("Ringkasan harian"),
        _("Satu baris sehari: aktif, terbit, ditahan, gagal, tanpa berita."),
        days.daily,
    ),
    Report(
        2,
        _("Peringkat bulanan"),
        _("Karya sendiri yang bertopik, per provinsi; muat ulang tidak dihitung."),
        publishing.monthly_ranking,
        last_month=True,
    ),
    Report(
        3,
        _("Satker tanpa berita"),
        _("Berapa lama tanpa berita, dan siapa yang tidak diketahui karena umpannya gagal."),
        silence.silent_satker,
        has_period=False,
    ),
    Report(
        4,
        _("Karya sendiri dan muat ulang"),
        _("Berapa yang ditulis sendiri, dan dari siapa selebihnya."),
        publishing.own_and_reposts,
    ),
    Report(
        5,
        _("Tahapan dan non-tahapan"),
        _("Per bulan dan provinsi, menurut tahapan atau topik."),
        publishing.stage_mix,
    ),
    Report(
        6,
        _("Kegagalan dan ketersediaan umpan"),
        _("Tiap umpan: pemeriksaan, kegagalan menurut jenis, dan selang."),
        sites.failures,
    ),
    Report(
        7,
        _("Migrasi situs"),
        _("Kondisi tiap satker; jumlahnya sama dengan registri."),
        sites.migration,
        has_period=False,
    ),
    Report(
        8,
        _("Dugaan peretasan dan karantina"),
        _("Apa yang ditahan, mengapa, berapa lama sempat terbit, dan putusannya."),
        cases.cases,
    ),
    Report(9, _("Mutu data situs"), _("Tanggal, judul, isi, dan alamat yang cacat."), sites.data_quality),
    Report(10, _("Pembaca umpan"), _("Permintaan dan program per umpan, tanpa data pribadi."), sites.readers),
)
REPORTS = {report.number: report for report in ALL}
