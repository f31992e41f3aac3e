"""Reports on sites and feeds: failures, migration, the quality of data, and who reads ours."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from aggregator.models import Feed, SatkerHost
from portal.models import User
from portal.monitoring.asked import Asked
from portal.monitoring.figures.audience import audience
from portal.monitoring.figures.quality import quality
from portal.monitoring.figures.reading import FeedReading, feed_readings
from portal.monitoring.figures.sums import ordered
from portal.monitoring.models import MigrationPlan, SiteCheck
from portal.monitoring.reports.cells import office, office_columns, office_link, table
from portal.monitoring.tables import Cell, Column, Moment, State, Table, shown


def failures(asked: Asked) -> Table:
    found = feed_readings(asked.satker, asked.period)
    checks = _checks()
    found.sort(key=lambda row: (-row.feed.failures, row.polls.availability or 0.0, row.feed.satker.code))
    columns = [
        Column(_("Kode")),
        Column(_("Satker"), "name"),
        Column(_("Alamat umpan")),
        Column(_("Keadaan")),
        Column(_("Diperiksa"), "number"),
        Column(_("Berhasil"), "number"),
        Column(_("Tidak berubah (304)"), "number"),
        Column(_("Gagal"), "number"),
        Column(_("Gagal menurut jenis")),
        Column(_("Ketersediaan %"), "percent"),
        Column(_("Selang terbit–portal, median (menit)"), "decimal"),
        Column(_("Selang, p95 (menit)"), "decimal"),
        Column(_("Terakhir terbaca"), "moment"),
        Column(_("Gagal beruntun"), "number"),
        Column(_("Sertifikat sampai"), "day"),
        Column(_("Pengalihan")),
    ]
    failing = sum(bool(row.feed.error_code) for row in found)
    summary = _("%(failing)d dari %(all)d umpan sedang gagal dibaca.")
    return table(
        asked,
        _("kegagalan umpan"),
        _("Kegagalan dan ketersediaan umpan"),
        columns,
        [_failure_row(row, checks) for row in found],
        summary=summary % {"failing": failing, "all": len(found)},
        counted=_(
            "Ketersediaan: bagian pemeriksaan yang dijawab baik (termasuk 304 dan isi sama). Selang dihitung "
            "dari waktu terbit menurut situs sampai terlihat oleh portal, per satker, tanpa impor pertama, "
            "atas bulan penuh yang tersentuh masa ini."
        ),
    )


class Look(NamedTuple):
    """What the last look at a host found."""

    tls_expires_at: datetime | None
    generator: str
    powered_by: str
    checked_at: datetime


def _checks() -> dict[str, Look]:
    rows = SiteCheck.objects.values_list("hostname", *Look._fields)
    return {host: Look(*found) for host, *found in rows}


def _failure_row(row: FeedReading, checks: dict[str, Look]) -> tuple[Cell, ...]:
    feed, polls = row.feed, row.polls
    check = checks.get(feed.url.split("/")[2].partition(":")[0])
    kinds = ", ".join(f"{code} {count}" for code, count in polls.kinds.most_common())
    return (
        feed.satker.code,
        office_link(feed.satker),
        feed.url,
        feed_state(feed),
        polls.polls,
        polls.fetched + polls.same_body,
        polls.unmodified,
        polls.failed,
        kinds,
        polls.availability,
        row.delay.median,
        row.delay.p95,
        Moment(feed.last_success_at, feed.satker.timezone) if feed.last_success_at else None,
        feed.failures,
        check.tls_expires_at.date() if check and check.tls_expires_at else None,
        feed.moved_to,
    )


def feed_state(feed: Feed) -> State:
    if feed.state != Feed.State.ACTIVE:
        return State(feed.get_state_display(), "off")
    if feed.error_code:
        return State(_("gagal: %s") % feed.error_code, "bad")
    return State(_("terbaca"), "good") if feed.last_success_at else State(_("belum terbaca"), "unknown")


def migration(asked: Asked) -> Table:
    """Every satker of the registry once, so that the conditions add up."""
    hosts, feeds, checks = _other_hosts(), _feeds(), _checks()
    plans = {plan.satker_id: plan for plan in MigrationPlan.objects.all()}
    rows: list[tuple[Cell, ...]] = []
    for satker in ordered(asked.satker):
        check, plan = checks.get(satker.hostname), plans.get(satker.pk)
        rows.append(
            (
                *office(satker),
                satker.migration_status or None,
                satker.get_migration_status_display(),
                satker.hostname,
                ", ".join(hosts.get(satker.pk, [])),
                (check.generator or check.powered_by) if check else "",
                feeds.get(satker.pk, ""),
                plan.target_on if plan else None,
                Moment(check.checked_at) if check else None,
                plan.note if plan else "",
            )
        )
    moved = sum(str(row[3]).startswith("M") for row in rows)
    columns = [
        *office_columns(),
        Column(_("Kondisi")),
        Column(_("Arti")),
        Column(_("Host sekarang")),
        Column(_("Host lain")),
        Column(_("CMS terlihat")),
        Column(_("Umpan terlihat")),
        Column(_("Target"), "day"),
        Column(_("Diperiksa"), "moment"),
        Column(_("Catatan")),
    ]
    return table(
        asked,
        _("migrasi"),
        _("Migrasi situs"),
        columns,
        rows,
        summary=_("%(moved)d dari %(all)d satker sudah pindah.") % {"moved": moved, "all": len(rows)},
        counted=_(
            "K1 belum ada situs atau di luar hosting KPU; K2 situs lama di hosting KPU; K3 templat KPU versi "
            "lama; M sudah migrasi; M! host sudah migrasi, CMS lain. Tiap satker registri tepat satu baris."
        ),
    )


def _other_hosts() -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for host in SatkerHost.objects.select_related("satker").order_by("hostname"):
        if host.hostname != host.satker.hostname:
            found[host.satker_id].append(f"{host.hostname} ({host.get_state_display()})")
    return found


def _feeds() -> dict[int, str]:
    found: dict[int, str] = {}
    for key, url, generator in Feed.objects.order_by("url").values_list("satker", "url", "generator"):
        found.setdefault(key, f"{url} ({generator})" if generator else url)
    return found


def data_quality(asked: Asked) -> Table:
    found = quality(asked.satker, asked.period)
    columns = [
        *office_columns(),
        Column(_("Berita"), "number"),
        Column(_("Tanggal mustahil"), "number"),
        Column(_("Tanggal di masa depan"), "number"),
        Column(_("Tanpa tanggal"), "number"),
        Column(_("Judul kosong"), "number"),
        Column(_("Judul umum"), "number"),
        Column(_("Isi kosong"), "number"),
        Column(_("Alamat kembar"), "number"),
        Column(_("Aksara rusak"), "number"),
        Column(_("Cacat seluruhnya"), "number"),
    ]
    rows = [
        (
            *office(row.satker),
            row.posts,
            row.impossible,
            row.future,
            row.undated,
            row.empty_title,
            row.generic_title,
            row.empty_body,
            row.double_slug,
            row.encoding,
            row.faults,
        )
        for row in found
    ]
    faulty = sum(row.faults > 0 for row in found)
    summary = _("%(faulty)d dari %(all)d satker yang memuat berita mempunyai cacat data.")
    return table(
        asked,
        _("mutu data"),
        _("Mutu data situs"),
        columns,
        rows,
        summary=summary % {"faulty": faulty, "all": len(found)},
        counted=_(
            "Berita terbit dalam bulan penuh yang tersentuh masa ini; yang tanpa tanggal pasti menurut saat "
            "pertama terlihat. Judul umum: misalnya “Berita” atau “Dokumentasi” saja. Alamat kembar: dua "
            "berita sebulan dengan ekor alamat yang sama."
        ),
    )


def readers(asked: Asked) -> Table:
    """Feeds of the places that the account sees; those of the whole nation only for the nation's staff."""
    seen = _channels(asked)
    found = [row for row in audience(asked.period) if seen is None or row.channel in seen]
    columns = [
        Column(_("Umpan")),
        Column(_("Permintaan"), "number"),
        Column(_("Di antaranya tanpa perubahan (304)"), "number"),
        Column(_("Program berbeda"), "number"),
        Column(_("Pelanggan menurut layanan"), "number"),
        Column(_("Langganan WebSub"), "number"),
    ]
    rows = [(r.channel, r.requests, r.unmodified, r.agents, r.subscribers, r.leases) for r in found]
    summary = _("%(feeds)d umpan diminta %(requests)s kali.")
    return table(
        asked,
        _("akses umpan"),
        _("Pembaca umpan"),
        columns,
        rows,
        summary=summary % {"feeds": len(found), "requests": shown(sum(row.requests for row in found))},
        counted=_(
            "Permintaan yang dijawab, per umpan tanpa melihat formatnya. Program: nama produk pembaca umpan; "
            "alamat IP dan apa pun tentang orang tidak dicatat. “Pelanggan menurut layanan”: jumlah yang "
            "disebut layanan pembaca umpan tentang dirinya."
        ),
    )


def _channels(asked: Asked) -> set[str] | None:
    """The feeds of the places asked for; None stands for all."""
    if asked.user.role in (User.Role.ADMIN, User.Role.VIEWER) and asked.province is None:
        return None
    found = {f"/feeds/satker/{code}" for code in asked.satker.order_by().values_list("code", flat=True)}
    if asked.user.role != User.Role.SATKER:
        places = [asked.province] if asked.province else asked.provinces
        found |= {f"/feeds/provinsi/{place.slug}" for place in places}
    return found
