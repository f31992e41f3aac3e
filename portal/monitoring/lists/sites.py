"""Feeds, hosts and sites: attempts, gaps, what waits for approval, what was seen, what changed."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from aggregator.models import Feed, FetchLog, Gap, RawFeed, SatkerHost, SatkerMove
from portal.monitoring.models import MigrationChange, SiteCheck
from portal.monitoring.plain_words import error_in_words
from portal.monitoring.tables import Moment, State, Table, columns, moment


def attempts(feed: Feed, rows: Iterable[FetchLog]) -> Table:
    zone = feed.satker.timezone
    return Table(
        _("percobaan umpan %d") % feed.pk,
        _("Setiap percobaan"),
        columns(
            *((_("Waktu"), "moment"), _("Hasil"), ("HTTP", "number"), (_("ms"), "number")),
            *((_("Bita"), "number"), (_("Baru"), "number"), (_("Berubah"), "number")),
            *((_("Tetap"), "number"), (_("Ditolak"), "number"), _("Sebab"), _("Kode"), _("Keterangan")),
            _("Alamat akhir"),
        ),
        [
            (
                Moment(row.started_at, zone),
                State(row.get_outcome_display(), "bad" if row.outcome == "failed" else "good"),
                row.status,
                row.duration_ms,
                row.bytes,
                row.new,
                row.changed,
                row.unchanged,
                row.rejected,
                error_in_words(row.error_code),
                row.error_code,
                row.message,
                row.final_url,
            )
            for row in rows
        ],
    )


def gaps(feed: Feed, rows: Iterable[Gap]) -> Table:
    zone = feed.satker.timezone
    return Table(
        _("celah umpan %d") % feed.pk,
        _("Celah"),
        columns(
            *((_("Dari"), "moment"), (_("Sampai"), "moment"), (_("Kira-kira"), "number")),
            *(_("Keadaan"), (_("Terisi pada"), "moment"), (_("Coba lagi"), "moment")),
            (_("Percobaan"), "number"),
        ),
        [
            (
                Moment(row.from_at, zone),
                Moment(row.to_at, zone),
                row.about,
                State(_("terisi"), "good") if row.filled_at else State(_("belum terisi"), "bad"),
                moment(row.filled_at, zone),
                moment(row.next_try_at, zone) if row.filled_at is None else None,
                row.tries,
            )
            for row in rows
        ],
    )


def raw_feeds(feed: Feed, rows: Iterable[RawFeed]) -> Table:
    return Table(
        _("umpan mentah %d") % feed.pk,
        _("Umpan mentah yang tersimpan"),
        columns((_("Diterima"), "moment"), _("Jenis"), _("Alamat akhir"), "SHA-256"),
        [
            (Moment(row.received_at, feed.satker.timezone), row.media_type, row.final_url, row.sha256)
            for row in rows
        ],
    )


def candidates(rows: Iterable[Feed]) -> Table:
    return Table(
        _("calon umpan"),
        _("Calon umpan"),
        columns(_("Kode"), _("Satker"), _("Alamat"), _("Judul"), _("Pengganti untuk")),
        [(*_office(row), row.url, row.title, row.replaces.url if row.replaces else None) for row in rows],
    )


def hosts(rows: Iterable[SatkerHost]) -> Table:
    return Table(
        _("host menunggu"),
        _("Host"),
        columns(_("Kode"), _("Satker"), _("Host"), _("Keterangan")),
        [(*_office(row), row.hostname, row.reason) for row in rows],
    )


def moved(rows: Iterable[Feed]) -> Table:
    return Table(
        _("umpan dialihkan"),
        _("Umpan yang dialihkan"),
        columns(_("Kode"), _("Satker"), _("Dari"), _("Ke"), (_("Terlihat"), "number")),
        [(*_office(row), row.url, row.moved_to, row.moved_seen) for row in rows],
    )


def moves(rows: Iterable[SatkerMove]) -> Table:
    return Table(
        _("perpindahan"),
        _("Perpindahan situs"),
        columns(
            *(_("Kode"), _("Satker"), _("Host baru"), _("Keadaan"), (_("Diumumkan"), "moment"), _("Oleh")),
            *((_("Berita baru"), "number"), (_("Dikenali"), "number"), _("Kendala")),
        ),
        [
            (
                *_office(row),
                row.hostname,
                row.get_state_display(),
                Moment(row.announced_at),
                row.announced_by,
                row.new,
                row.known,
                row.problem,
            )
            for row in rows
        ],
    )


def checks(rows: Iterable[SiteCheck]) -> Table:
    """What the front page of each host told."""
    return Table(
        _("bukti migrasi"),
        _("Bukti"),
        columns(
            *(_("Host"), (_("HTTP"), "number"), _("Galat"), _("Alamat akhir"), _("Peladen")),
            *(_("Teknologi"), _("Generator"), _("Judul"), "TLS", _("Penerbit"), (_("Sampai"), "moment")),
            *(_("Galat sertifikat"), (_("Dilihat"), "moment")),
        ),
        [
            (
                row.hostname,
                row.status,
                f"{row.error_code} {row.error_message}".strip(),
                row.final_url,
                row.server,
                row.powered_by,
                row.generator,
                row.title,
                row.tls_version,
                row.tls_issuer,
                moment(row.tls_expires_at),
                row.tls_error,
                Moment(row.checked_at),
            )
            for row in rows
        ],
    )


def steps(rows: Iterable[MigrationChange]) -> Table:
    """The history of one satker's way to the common platform."""
    names = {"status": _("kondisi"), "target": _("target"), "note": _("catatan")}
    return Table(
        _("riwayat migrasi"),
        _("Riwayat"),
        columns((_("Pada"), "moment"), _("Oleh"), _("Bagian"), _("Semula"), _("Menjadi")),
        [
            (Moment(row.at), row.by, names.get(row.field, row.field), row.before or None, row.after or None)
            for row in rows
        ],
    )


def _office(row: Feed | SatkerHost | SatkerMove) -> tuple[str, str]:
    return row.satker.code, str(row.satker)
