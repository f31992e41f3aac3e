"""What people decide about: stories, posts, reports of readers; and what they decided."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from aggregator.decide import Toll
from aggregator.models import Correction, Entry, Quarantine, Revision, SatkerHold, StoryDecision
from portal.models import ErrorReport
from portal.monitoring.models import AuditRow
from portal.monitoring.signs import Sign
from portal.monitoring.tables import Moment, Table, columns, moment


def stories(rows: Iterable[Entry]) -> Table:
    """Leads of stories that several satker tell."""
    return Table(
        _("duplikat"),
        _("Duplikat"),
        columns(
            *((_("Cerita"), "number"), (_("Berita"), "number"), _("Judul"), _("Kode"), _("Asal")),
            *((_("Terbit"), "moment"), (_("Dimuat juga"), "number"), _("Alamat")),
        ),
        [
            (row.story_id, row.pk, _title(row), *_office(row), _published(row), row.carriers, row.url)
            for row in rows
        ],
    )


def members(rows: Iterable[tuple[Entry, int | None]]) -> Table:
    """Of one story; `None` per cent stands for its lead."""
    return Table(
        _("cerita"),
        _("Berita dalam cerita"),
        columns(
            *((_("Berita"), "number"), _("Kode"), _("Satker"), _("Judul"), (_("Terbit"), "moment")),
            *(_("Asal"), (_("Kata yang sama (%)"), "number"), _("Alamat")),
        ),
        [
            (
                row.pk,
                *_office(row),
                _title(row),
                _published(row),
                _("asal cerita") if alike is None else row.get_origin_display(),
                alike,
                row.url,
            )
            for row, alike in rows
        ],
    )


def story_decisions(rows: Iterable[StoryDecision]) -> Table:
    return Table(
        _("keputusan cerita"),
        _("Keputusan petugas"),
        columns(
            *((_("Berita"), "number"), _("Satker"), (_("Dengan"), "number"), _("Satker")),
            *(_("Putusan"), _("Oleh"), (_("Pada"), "moment"), _("Alasan")),
        ),
        [
            (
                row.low_id,
                str(row.low.satker),
                row.high_id,
                str(row.high.satker),
                row.get_verdict_display(),
                row.decided_by,
                Moment(row.decided_at),
                row.reason,
            )
            for row in rows
        ],
    )


def error_reports(rows: Iterable[ErrorReport]) -> Table:
    """Without the addresses of those who reported: they are for the answer alone."""
    return Table(
        _("laporan pembaca"),
        _("Laporan pembaca"),
        columns(
            *((_("Nomor"), "number"), (_("Masuk"), "moment"), (_("Berita"), "number"), _("Judul")),
            *(_("Kode"), _("Satker"), _("Tentang"), _("Keterangan"), _("Keadaan"), _("Oleh")),
            *((_("Selesai"), "moment"), _("Catatan")),
        ),
        [
            (
                row.pk,
                Moment(row.created_at),
                row.entry_id,
                _title(row.entry),
                *_office(row.entry),
                row.get_subject_display(),
                row.message,
                row.get_state_display(),
                row.settled_by,
                moment(row.settled_at),
                row.note,
            )
            for row in rows
        ],
    )


def deeds(rows: Iterable[AuditRow]) -> Table:
    return Table(
        _("keputusan"),
        _("Keputusan"),
        columns((_("Waktu"), "moment"), _("Petugas"), _("Tindakan"), _("Terhadap"), _("Alasan")),
        [(Moment(row.at), row.actor, row.get_action_display(), row.name, row.reason) for row in rows],
    )


def signs(rows: Iterable[Sign]) -> Table:
    return Table(
        _("tanda"),
        _("Tanda"),
        columns((_("Poin"), "decimal"), _("Tanda"), _("Terlihat"), _("Kode")),
        [(row.points, row.words, row.detail, row.code) for row in rows],
    )


def cases(rows: Iterable[Quarantine]) -> Table:
    """The cases of one post."""
    return Table(
        _("kasus"),
        _("Kasus lain berita ini"),
        columns(
            *((_("Kasus"), "number"), (_("Versi"), "number"), _("Keadaan"), (_("Poin"), "decimal")),
            *(_("Oleh"), (_("Pada"), "moment"), _("Alasan")),
        ),
        [
            (
                row.pk,
                row.revision.number,
                row.get_state_display(),
                row.points,
                row.decided_by,
                moment(row.decided_at),
                row.reason,
            )
            for row in rows
        ],
    )


def versions(rows: Iterable[Revision]) -> Table:
    return Table(
        _("versi"),
        _("Versi"),
        columns(
            *((_("Nomor"), "number"), _("Judul"), (_("Terlihat"), "moment"), (_("Terbit"), "moment")),
            _("Keadaan"),
        ),
        [
            (row.number, row.title, Moment(row.seen_at), moment(row.public_at), row.get_state_display())
            for row in rows
        ],
    )


def corrections(rows: Iterable[Correction]) -> Table:
    return Table(
        _("koreksi"),
        _("Koreksi petugas"),
        columns((_("Pada"), "moment"), _("Oleh"), _("Bagian"), _("Semula"), _("Menjadi"), _("Alasan")),
        [
            (
                Moment(row.decided_at),
                row.decided_by,
                row.get_kind_display(),
                str(row.before or ""),
                _("kembali ke aturan") if row.by_rules else str(row.after or ""),
                row.reason,
            )
            for row in rows
        ],
    )


def holds(rows: Iterable[tuple[SatkerHold, Toll]]) -> Table:
    return Table(
        _("penahanan"),
        _("Riwayat penahanan"),
        columns(
            *((_("Mulai"), "moment"), _("Oleh"), _("Alasan"), _("Lingkup"), (_("Kasus"), "number")),
            *((_("Sempat terbit"), "number"), (_("Menit"), "number"), (_("Berakhir"), "moment")),
            *(_("Diakhiri oleh"), _("Alasan berakhir")),
        ),
        [
            (
                Moment(row.started_at),
                row.started_by,
                row.reason,
                _("semua disembunyikan") if row.hide_all else _("kiriman baru"),
                toll.held,
                toll.got_out,
                toll.minutes,
                moment(row.ended_at),
                row.ended_by,
                row.end_reason,
            )
            for row, toll in rows
        ],
    )


def _title(entry: Entry) -> str:
    return entry.public_revision.title if entry.public_revision else ""


def _office(entry: Entry) -> tuple[str, str]:
    return entry.satker.code, str(entry.satker)


def _published(entry: Entry) -> Moment:
    return Moment(entry.published_at, entry.satker.timezone)
