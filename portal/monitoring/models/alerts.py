"""Alarms, the outbox by which people and machines hear of them, and the daily digest."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models import Entry, Satker


class Alert(models.Model):
    """One event that somebody should know of: open while its condition lasts. `level` grows when it becomes
    worse; `noticed_level` is the level of which people were told last. `reach` is how far up people were
    told, `waiting_since` since when those told last have been asked to take note."""

    class Reach(models.IntegerChoices):
        SATKER = 1, _("satker")
        PROVINCE = 2, _("provinsi")
        NATIONAL = 3, _("KPU RI")

    rule = models.CharField(max_length=20)
    key = models.CharField(max_length=200)
    satker = models.ForeignKey(Satker, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    title = models.CharField(_("kejadian"), max_length=300)
    detail = models.CharField(_("keterangan"), max_length=1000, blank=True)
    address = models.CharField(max_length=500, blank=True)  # of the staff page about it
    level = models.PositiveSmallIntegerField(default=0)
    opened_at = models.DateTimeField(_("mulai"), default=timezone.now)
    seen_at = models.DateTimeField(_("terakhir terlihat"), default=timezone.now)
    closed_at = models.DateTimeField(_("selesai"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("diketahui pada"), null=True, blank=True)
    acknowledged_by = models.CharField(_("diketahui oleh"), max_length=150, blank=True)
    note = models.CharField(_("catatan"), max_length=500, blank=True)
    noticed_at = models.DateTimeField(_("terakhir diberitahukan"), null=True, blank=True)
    noticed_level = models.PositiveSmallIntegerField(default=0)
    notices = models.PositiveSmallIntegerField(_("pemberitahuan"), default=0)
    reach = models.PositiveSmallIntegerField(choices=Reach.choices, default=Reach.NATIONAL)
    waiting_since = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(_("diteruskan pada"), null=True, blank=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        verbose_name = _("peringatan")
        verbose_name_plural = _("peringatan")
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "key"], condition=Q(closed_at__isnull=True), name="alert_open_once"
            )
        ]
        indexes = [models.Index(fields=["rule", "key", "-closed_at"], name="alert_former")]

    def __str__(self) -> str:
        return f"{self.rule} {self.key}"


class Webhook(models.Model):
    """A machine that is told of alarms: JSON, signed with the secret (HMAC-SHA256)."""

    name = models.CharField(_("nama"), max_length=80)
    url = models.URLField(_("alamat"), max_length=1000, unique=True)
    secret = models.CharField(max_length=100)
    rules = models.JSONField(_("aturan"), default=list, blank=True)  # of rule names; empty: all
    is_active = models.BooleanField(_("aktif"), default=True)
    created_by = models.CharField(_("oleh"), max_length=150)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        verbose_name = _("webhook")
        verbose_name_plural = _("webhook")

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """One message of the outbox to one recipient. Unique by what it is about: made twice, it is there once.

    A mail whose handing over was cut off by a crash is `unclear` and not sent again by itself: better one
    that people ask for than two. A webhook is repeated with its number, which receivers tell apart.
    """

    class Kind(models.TextChoices):
        ALERT = "alert", _("peringatan")
        DIGEST = "digest", _("ringkasan harian")

    class Channel(models.TextChoices):
        MAIL = "mail", _("surel")
        WEBHOOK = "webhook", _("webhook")

    class State(models.TextChoices):
        WAITING = "waiting", _("menunggu")
        SENDING = "sending", _("sedang dikirim")
        SENT = "sent", _("terkirim")
        FAILED = "failed", _("gagal")
        UNCLEAR = "unclear", _("tidak pasti terkirim")

    kind = models.CharField(max_length=6, choices=Kind.choices)
    key = models.CharField(max_length=100)
    channel = models.CharField(max_length=7, choices=Channel.choices)
    address = models.CharField(_("tujuan"), max_length=1000)  # a mail address, or a webhook's number
    subject = models.CharField(_("perihal"), max_length=300)
    body = models.TextField()
    state = models.CharField(_("keadaan"), max_length=7, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(_("dibuat"), default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(_("terkirim"), null=True, blank=True)
    error = models.CharField(_("galat"), max_length=300, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("pemberitahuan")
        verbose_name_plural = _("pemberitahuan")
        constraints = [
            models.UniqueConstraint(fields=["kind", "key", "channel", "address"], name="notice_once")
        ]
        indexes = [
            models.Index(fields=["due_at"], name="notice_due", condition=Q(state__in=["waiting", "sending"]))
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} → {self.address}"


class Digest(models.Model):
    """The digest of one day (WIB): that it was made, and the nation's numbers as they were told."""

    day = models.DateField(unique=True)
    numbers = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-day"]
        verbose_name = _("ringkasan harian")
        verbose_name_plural = _("ringkasan harian")

    def __str__(self) -> str:
        return f"{self.day}"


class DigestPick(models.Model):
    """A post that humas wants in the digest of a day."""

    day = models.DateField(db_index=True)
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="+")
    chosen_by = models.CharField(_("dipilih oleh"), max_length=150)
    chosen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["day", "id"]
        verbose_name = _("pilihan humas")
        verbose_name_plural = _("pilihan humas")
        constraints = [models.UniqueConstraint(fields=["day", "entry"], name="digestpick_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.entry_id}"
