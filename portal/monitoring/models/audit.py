"""The audit log: every decision and every change, once written never changed."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AuditRow(models.Model):
    """One thing that somebody did. Triggers of the database refuse UPDATE and DELETE; a later migration
    that rebuilds this table must make them anew (see migration 0003)."""

    class Action(models.TextChoices):
        SIGN_IN = "sign_in", _("masuk")
        SIGN_IN_FAILED = "sign_in.failed", _("gagal masuk")
        SIGN_IN_LOCKED = "sign_in.locked", _("percobaan masuk dikunci")
        SIGN_OUT = "sign_out", _("keluar")
        PASSWORD_ASKED = "password.asked", _("meminta sandi baru")
        PASSWORD_CHANGED = "password.changed", _("mengganti sandi")
        FACTOR_SET = "factor.set", _("memasang faktor kedua")
        FACTOR_REMOVED = "factor.removed", _("mencabut faktor kedua")
        RECOVERY_USED = "factor.recovery", _("memakai kode pemulihan")
        RECOVERY_RENEWED = "factor.renewed", _("membuat kode pemulihan baru")
        IDENTITY_BOUND = "identity.bound", _("mengikat identitas")
        SESSIONS_ENDED = "sessions.ended", _("mengakhiri sesi")
        INVITED = "account.invited", _("mengundang petugas")
        ACCOUNT_CHANGED = "account.changed", _("mengubah akun")
        ENTRY_QUARANTINE = "entry.quarantine", _("menahan berita")
        ENTRY_RELEASE = "entry.release", _("melepas berita")
        ENTRY_REJECT = "entry.reject", _("menolak berita")
        ENTRY_WITHDRAW = "entry.withdraw", _("menarik berita")
        CASE_REPORT = "case.report", _("menandai dilaporkan ke CSIRT")
        SATKER_HOLD = "satker.hold", _("menahan satker")
        SATKER_HIDE = "satker.hide", _("menyembunyikan satker")
        SATKER_RELEASE = "satker.release", _("melepas satker")
        STORY_JOIN = "story.join", _("menyatukan cerita")
        STORY_SPLIT = "story.split", _("memisahkan cerita")
        CORRECT_TOPICS = "correct.topics", _("membetulkan topik")
        CORRECT_STAGE = "correct.stage", _("membetulkan tahapan")
        CORRECT_ORIGIN = "correct.origin", _("membetulkan asal")
        CORRECT_UNDO = "correct.undo", _("mengembalikan ke aturan")
        HOST_APPROVE = "host.approve", _("menyetujui host")
        HOST_REVOKE = "host.revoke", _("mencabut host")
        FEED_CONFIRM = "feed.confirm", _("memakai umpan")
        FEED_DISABLE = "feed.disable", _("mematikan umpan")
        FEED_MOVE = "feed.move", _("memindahkan umpan")
        FEED_FETCH = "feed.fetch", _("mengambil umpan sekarang")
        FEED_REPLAY = "feed.replay", _("membaca ulang umpan mentah")
        FEED_BACKFILL = "feed.backfill", _("mengisi celah")
        MIGRATION = "migration", _("mengubah data migrasi")
        CONTACT = "contact", _("mengubah kontak satker")
        FOLLOW_UP = "follow_up", _("mencatat tindak lanjut")
        REPORT_CLOSED = "report.closed", _("menutup laporan kesalahan")
        ADMIN_ADD = "admin.add", _("menambah data")
        ADMIN_CHANGE = "admin.change", _("mengubah data")
        ADMIN_DELETE = "admin.delete", _("menghapus data")
        ADMIN_ACTION = "admin.action", _("tindakan di admin data")
        EXPORT = "export", _("mengekspor")
        SETTING = "setting", _("mengubah pengaturan pantauan")

    at = models.DateTimeField(_("waktu"), default=timezone.now, db_index=True)
    actor = models.CharField(_("petugas"), max_length=150, db_index=True)
    role = models.CharField(_("peran"), max_length=8, blank=True)
    action = models.CharField(_("tindakan"), max_length=24, choices=Action.choices)
    satker = models.ForeignKey(
        "aggregator.Satker",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("satker"),
    )
    kind = models.CharField(_("jenis"), max_length=40, blank=True)  # of the thing: entry, feed, user …
    number = models.BigIntegerField(_("nomor"), null=True, blank=True)  # its primary key
    name = models.CharField(_("nama"), max_length=300, blank=True)  # what it was called at the time
    reason = models.CharField(_("alasan"), max_length=500, blank=True)
    details = models.JSONField(_("rincian"), default=dict, blank=True)
    address = models.GenericIPAddressField(_("alamat IP"), null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("catatan audit")
        verbose_name_plural = _("catatan audit")
        indexes = [
            models.Index(fields=["action", "-id"], name="audit_action"),
            models.Index(fields=["satker", "-id"], name="audit_satker"),
            models.Index(fields=["kind", "number"], name="audit_thing"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor} {self.action} {self.name}"
