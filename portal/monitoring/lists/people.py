"""What is expected, whom we told, who may sign in, what they did, and how searches went."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from aggregator.models import SearchDay, Unanswered
from portal.models import User
from portal.monitoring.models import AuditRow, Contact, Exemption, FollowUp, Notice, Target, Webhook
from portal.monitoring.tables import Moment, State, Table, columns, moment


def notices(rows: Iterable[tuple[Notice, str]]) -> Table:
    """Of the outbox, each with whom it goes to in words."""
    return Table(
        _("pemberitahuan"),
        _("Pemberitahuan"),
        columns(
            *((_("Nomor"), "number"), (_("Dibuat"), "moment"), _("Jenis"), _("Cara"), _("Tujuan")),
            *(_("Perihal"), _("Keadaan"), (_("Percobaan"), "number"), (_("Terkirim"), "moment"), _("Galat")),
        ),
        [
            (
                row.pk,
                Moment(row.created_at),
                row.get_kind_display(),
                row.get_channel_display(),
                address,
                row.subject,
                row.get_state_display(),
                row.attempts,
                moment(row.sent_at),
                row.error,
            )
            for row, address in rows
        ],
    )


def webhooks(rows: Iterable[Webhook]) -> Table:
    """Without their secrets."""
    return Table(
        _("webhook"),
        _("Webhook"),
        columns(_("Nama"), _("Alamat"), _("Aturan"), _("Keadaan"), _("Oleh"), (_("Dibuat"), "moment")),
        [
            (
                row.name,
                row.url,
                ", ".join(row.rules) or _("semua"),
                State(_("hidup"), "good") if row.is_active else State(_("mati"), "off"),
                row.created_by,
                Moment(row.created_at),
            )
            for row in rows
        ],
    )


def targets(rows: Iterable[Target]) -> Table:
    return Table(
        _("target berlaku"),
        _("Target yang berlaku"),
        columns(
            *(_("Tingkat"), (_("Sejak"), "day"), (_("Berita sendiri sebulan"), "number")),
            (_("Hari aktif sebulan"), "number"),
        ),
        [(row.get_level_display(), row.since, row.posts, row.active_days) for row in rows],
    )


def exemptions(rows: Iterable[Exemption]) -> Table:
    return Table(
        _("pengecualian"),
        _("Pengecualian"),
        columns(
            *((_("Dari"), "day"), (_("Sampai"), "day"), _("Jenis"), _("Berlaku untuk"), _("Alasan")),
            *(_("Oleh"), (_("Dicatat"), "moment")),
        ),
        [
            (
                row.first,
                row.last,
                row.get_kind_display(),
                str(row.satker or row.province or _("semua satker")),
                row.reason,
                row.created_by,
                Moment(row.created_at),
            )
            for row in rows
        ],
    )


def contacts(rows: Iterable[Contact]) -> Table:
    return Table(
        _("kontak"),
        _("Kontak"),
        columns(
            *(_("Kode"), _("Satker"), _("Nama"), _("Jabatan"), _("Telepon kantor"), _("Surel kedinasan")),
            *(_("Oleh"), (_("Dicatat"), "moment")),
        ),
        [
            (
                row.satker.code,
                str(row.satker),
                row.name,
                row.position,
                row.phone,
                row.email,
                row.changed_by,
                Moment(row.changed_at),
            )
            for row in rows
        ],
    )


def follow_ups(rows: Iterable[FollowUp]) -> Table:
    return Table(
        _("tindak lanjut"),
        _("Tindak lanjut"),
        columns(
            *(_("Kode"), _("Satker"), (_("Waktu"), "moment"), _("Cara"), _("Isi"), _("Oleh")),
            *((_("Dijanjikan sampai"), "day"), (_("Selesai"), "moment"), _("Diselesaikan oleh")),
        ),
        [
            (
                row.satker.code,
                str(row.satker),
                Moment(row.at),
                row.get_way_display(),
                row.note,
                row.by,
                row.due_on,
                moment(row.settled_at),
                row.settled_by,
            )
            for row in rows
        ],
    )


def accounts(rows: Iterable[Any]) -> Table:
    """Accounts with `has_factor`."""
    return Table(
        _("petugas"),
        _("Petugas"),
        columns(
            *(_("Akun"), _("Nama"), _("Surel"), _("Peran"), _("Wilayah"), _("Keadaan")),
            *(_("Faktor kedua"), (_("Masuk terakhir"), "moment")),
        ),
        [
            (
                row.username,
                row.get_full_name(),
                row.email,
                row.get_role_display(),
                str(row.satker or _("Indonesia")),
                _state(row),
                _("ya") if row.has_factor else _("tidak"),
                moment(row.last_login),
            )
            for row in rows
        ],
    )


def _state(user: User) -> State:
    if not user.is_active:
        return State(_("mati"), "off")
    came_in = user.has_usable_password() or user.last_login is not None
    return State(_("aktif"), "good") if came_in else State(_("diundang"), "wait")


def log(rows: Iterable[AuditRow], *, with_addresses: bool) -> Table:
    return Table(
        _("catatan audit"),
        _("Catatan audit"),
        columns(
            *((_("Waktu"), "moment"), _("Petugas"), _("Peran"), _("Tindakan"), _("Satker"), _("Jenis")),
            *((_("Nomor"), "number"), _("Terhadap"), _("Alasan"), _("Rincian"), _("Alamat IP")),
        ),
        [
            (
                Moment(row.at),
                row.actor,
                row.role,
                row.get_action_display(),
                row.satker.code if row.satker else None,
                row.kind,
                row.number,
                row.name,
                row.reason,
                str(row.details or ""),
                row.address if with_addresses else None,
            )
            for row in rows
        ],
    )


def unanswered(rows: Iterable[tuple[Unanswered, str]]) -> Table:
    """Each with its other filters in words."""
    return Table(
        _("pertanyaan tanpa jawaban"),
        _("Pertanyaan tanpa jawaban"),
        columns(
            *(_("Pertanyaan"), _("Saringan"), (_("Kali"), "number"), _("Yang diperlihatkan")),
            (_("Terakhir"), "day"),
        ),
        [
            (
                row.words,
                narrowed,
                row.times,
                _("tidak ada") if row.is_empty else _("yang mendekati"),
                row.last_on,
            )
            for row, narrowed in rows
        ],
    )


def search_days(rows: Iterable[SearchDay]) -> Table:
    return Table(
        _("pencarian per hari"),
        _("Per hari"),
        columns(
            *((_("Hari"), "day"), (_("Pencarian"), "number"), (_("Ejaan dibetulkan"), "number")),
            *((_("Sebagian kata"), "number"), (_("Tanpa hasil"), "number"), (_("Lambat"), "number")),
            (_("Tanpa indeks"), "number"),
        ),
        [
            (row.day, row.searches, row.respelled, row.widened, row.empty, row.slow, row.degraded)
            for row in rows
        ],
    )
