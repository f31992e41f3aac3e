"""Reports on what was published: ranking, own work and re-posts, stages."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from aggregator.models import Province, Stage, Topic
from portal.monitoring.asked import Asked, month_name
from portal.monitoring.figures import mix
from portal.monitoring.figures.months import month_of
from portal.monitoring.figures.ranking import Place, ranking
from portal.monitoring.figures.sums import NOTHING, ordered, sums
from portal.monitoring.reports.cells import office, office_columns, table
from portal.monitoring.tables import Cell, Column, Table, shown, totals

LEAST_POSTS = 3  # from which "only re-posts" is said


def monthly_ranking(asked: Asked) -> Table:
    found = ranking(asked.satker, asked.period, asked.before, asked.now)
    judged = sum(row.place is not None for row in found)
    columns = [
        Column(_("Provinsi"), "name"),
        Column(_("Peringkat"), "number"),
        Column(_("Kode")),
        Column(_("Satker"), "name"),
        Column(_("Sendiri, bertopik"), "number"),
        Column(_("Sendiri"), "number"),
        Column(_("Muat ulang pusat"), "number"),
        Column(_("Muat ulang provinsi"), "number"),
        Column(_("Pengumuman"), "number"),
        Column(_("Hari aktif"), "number"),
        Column(_("Jeda terpanjang (hari)"), "number"),
        Column(_("Masa lalu"), "number"),
        Column(_("Perubahan"), "number"),
        Column(_("Ketersediaan umpan %"), "percent"),
        Column(_("Keterangan")),
    ]
    summary = _(
        "%(judged)d dari %(all)d satker dinilai; %(left)d tidak, karena umpannya terlalu jarang terbaca."
    )
    return table(
        asked,
        _("peringkat"),
        _("Peringkat bulanan satker"),
        columns,
        [_rank_row(row) for row in found],
        summary=summary % {"judged": judged, "all": len(found), "left": len(found) - judged},
        counted=_(
            "Urutan dalam provinsi menurut berita karya sendiri yang bertopik, lalu menurut hari aktif (hari "
            "dengan berita sendiri). Yang sama berbagi peringkat. Muat ulang tidak dihitung. Satker dengan "
            "ketersediaan umpan di bawah %d%% tidak dinilai. Hari menurut jam setempat satker; jeda tidak "
            "menghitung hari libur dan pengecualian."
        )
        % settings.LEAST_AVAILABILITY,
    )


def _rank_row(row: Place) -> tuple[Cell, ...]:
    code, name, province = office(row.satker)
    return (
        province,
        row.place,
        code,
        name,
        row.sums.own_on_topic,
        row.sums.own,
        row.sums.central,
        row.sums.provincial,
        row.sums.announcements,
        row.sums.active_days,
        row.longest_gap,
        row.before.own_on_topic,
        row.change,
        row.availability,
        _remark(row),
    )


def _remark(row: Place) -> str:
    if row.availability is None:
        return _("tidak dinilai: umpan tidak pernah diperiksa")
    if not row.is_judged:
        return _("tidak dinilai: umpan sering tidak terbaca")
    if not row.sums.posts:
        return _("tanpa berita")
    return _("hanya muat ulang") if not row.sums.own and row.sums.posts >= LEAST_POSTS else ""


def own_and_reposts(asked: Asked) -> Table:
    """Those with the least of their own first; who has none decided last."""
    found, sources = sums(asked.satker, asked.period), mix.sources(asked.satker, asked.period)
    known = [(satker, found.get(satker.pk, NOTHING)) for satker in ordered(asked.satker)]
    known.sort(key=lambda pair: (pair[1].own_share is None, pair[1].own_share or 0.0, pair[0].code))
    rows: list[tuple[Cell, ...]] = []
    for satker, its in known:
        source = sources.get(satker.pk)
        origins = (its.posts, its.own, its.central, its.provincial, its.peer, its.child, its.undecided)
        rows.append((*office(satker), *origins, its.own_share, source.name if source else None))
    only = sum(its.own_share == 0 and its.posts >= LEAST_POSTS for _satker, its in known)
    posts, own = totals(rows, (3, 4))
    columns = [
        *office_columns(),
        Column(_("Berita"), "number"),
        Column(_("Sendiri"), "number"),
        Column(_("Muat ulang pusat"), "number"),
        Column(_("Muat ulang provinsi"), "number"),
        Column(_("Muat ulang satker lain"), "number"),
        Column(_("Berita bawahan"), "number"),
        Column(_("Belum ditentukan"), "number"),
        Column(_("Bagian sendiri %"), "percent"),
        Column(_("Sumber tersering")),
    ]
    summary = _("%(own)s dari %(posts)s berita adalah karya sendiri; %(only)d satker hanya memuat ulang.")
    return table(
        asked,
        _("sendiri dan muat ulang"),
        _("Karya sendiri dan muat ulang"),
        columns,
        rows,
        summary=summary % {"own": shown(own), "posts": shown(posts), "only": only},
        counted=_(
            "Bagian sendiri dihitung dari berita yang asalnya sudah ditentukan. “Hanya memuat ulang” disebut "
            "mulai %d berita. Berita bawahan: kantor provinsi memuat berita kabupaten/kota. Sumber tersering "
            "menurut bulan penuh yang tersentuh masa ini."
        )
        % LEAST_POSTS,
    )


def _outside_columns() -> dict[str, frozenset[int]]:
    """Columns of posts outside of all stages, with the keys of their topics."""
    keys = dict(Topic.objects.values_list("name", "pk"))
    names = {
        _("PDPB"): ("Data Pemilih",),
        _("Pendidikan pemilih"): ("Sosialisasi & Pendidikan Pemilih",),
        _("Kelembagaan"): ("Kelembagaan/Rapat",),
        _("PPID/JDIH"): ("PPID/Informasi Publik", "Hukum/JDIH"),
        _("SDM"): ("SDM & Badan Adhoc",),
    }
    return {head: frozenset(keys[name] for name in its if name in keys) for head, its in names.items()}


def stage_mix(asked: Asked) -> Table:
    found = mix.stage_mix(asked.satker, asked.period)
    seen = {key for row in found for key in row.stages}
    stages = sorted(Stage.objects.filter(pk__in=seen), key=lambda stage: stage.position)
    keys = [stage.pk for stage in stages]
    provinces, outside = Province.objects.in_bulk(), _outside_columns()
    rows: list[tuple[Cell, ...]] = [
        (
            month_name(month_of(row.month)),
            provinces[row.province].name if row.province in provinces else _("KPU RI"),
            row.posts,
            row.within,
            *[row.stages.get(key, 0) for key in keys],
            *_outside(row.outside, outside),
            row.corrected,
        )
        for row in found
    ]
    posts, within = totals(rows, (2, 3))
    columns = [
        Column(_("Bulan"), "name"),
        Column(_("Provinsi"), "name"),
        Column(_("Berita"), "number"),
        Column(_("Tahapan"), "number"),
        *(Column(stage.name, "number") for stage in stages),
        *(Column(name, "number") for name in outside),
        Column(_("Non-tahapan lain"), "number"),
        Column(_("Belum ditentukan"), "number"),
        Column(_("Dikoreksi petugas"), "number"),
    ]
    summary = _("%(within)s dari %(posts)s berita dalam tahapan, selebihnya non-tahapan.")
    return table(
        asked,
        _("tahapan"),
        _("Tahapan dan non-tahapan"),
        columns,
        rows,
        summary=summary % {"within": shown(within), "posts": shown(posts)},
        counted=_(
            "Bulan penuh yang tersentuh masa ini, menurut tanggal terbit pada jam setempat. Tiap berita "
            "dihitung sekali: pada tahapannya, atau di luar tahapan pada topik terkuatnya. “Belum "
            "ditentukan”: di luar tahapan dan tanpa topik. Aturan yang memutuskan terlihat pada halaman "
            "klasifikasi tiap berita."
        ),
    )


def _outside(topics: dict[int, int], columns: dict[str, frozenset[int]]) -> tuple[int, ...]:
    """By the columns, then others, then those without a topic."""
    named = [sum([topics.get(key, 0) for key in keys]) for keys in columns.values()]
    without = topics.get(0, 0)
    return (*named, sum(topics.values()) - sum(named) - without, without)
