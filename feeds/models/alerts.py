"""E-mail alerts: who is told of which channel, what came into it, and the letters that go out."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def new_token() -> str:
    """Nobody guesses it; whoever has it may end the alert."""
    return secrets.token_urlsafe(24)


class Watched(models.Model):
    """A channel that somebody is told of by mail."""

    path = models.CharField(_("umpan"), max_length=1000, unique=True)  # canonical, without an ending
    since = models.DateTimeField(_("sejak"), default=timezone.now)
    error = models.CharField(_("galat"), max_length=300, blank=True)  # why it cannot be read any more

    class Meta:
        verbose_name = _("umpan yang diikuti lewat surel")
        verbose_name_plural = _("umpan yang diikuti lewat surel")

    def __str__(self) -> str:
        return self.path


class Noticed(models.Model):
    """A post that came into a watched channel. The numbers are the order in which alerts tell them."""

    watched = models.ForeignKey(Watched, on_delete=models.CASCADE, related_name="noticed")
    entry_id = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("berita untuk surel")
        verbose_name_plural = _("berita untuk surel")
        constraints = [models.UniqueConstraint(fields=["watched", "entry_id"], name="noticed_once")]

    def __str__(self) -> str:
        return f"{self.entry_id} → {self.watched_id}"


class Alert(models.Model):
    """One confirmed subscription by mail. Deleted when it is ended: nothing is kept of who left.

    `seen` is the number up to which what was noticed has been told, or was there before.
    """

    class Rhythm(models.TextChoices):
        NOW = "now", _("segera")
        DAILY = "daily", _("harian")
        WEEKLY = "weekly", _("mingguan")

    address = models.EmailField(_("alamat surel"), max_length=254)  # in lower case
    watched = models.ForeignKey(Watched, on_delete=models.PROTECT, related_name="alerts")
    rhythm = models.CharField(_("irama"), max_length=6, choices=Rhythm.choices)
    language = models.CharField(max_length=5, default="id")
    token = models.CharField(max_length=40, unique=True, default=new_token)
    confirmed_at = models.DateTimeField(_("dikonfirmasi"), default=timezone.now)
    seen = models.BigIntegerField(default=0)
    due_at = models.DateTimeField(_("surel berikutnya"), null=True, blank=True)  # null: nothing is due
    told_at = models.DateTimeField(_("surel terakhir"), null=True, blank=True)
    bounces = models.PositiveSmallIntegerField(_("pantulan"), default=0)
    stopped_at = models.DateTimeField(_("dihentikan"), null=True, blank=True)  # mails came back
    error = models.CharField(_("galat"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("langganan surel")
        verbose_name_plural = _("langganan surel")
        constraints = [models.UniqueConstraint(fields=["address", "watched"], name="alert_once")]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="alert_due",
                condition=models.Q(due_at__isnull=False, stopped_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.address} ← {self.watched_id}"


class Letter(models.Model):
    """A mail that is to go out once. It is taken (SENDING) before it is handed to the mail server and SENT
    afterwards; where a process dies between the two, nobody knows whether it went: UNCLEAR, for staff."""

    class State(models.TextChoices):
        WAITING = "waiting", _("menunggu")
        SENDING = "sending", _("sedang dikirim")
        SENT = "sent", _("terkirim")
        FAILED = "failed", _("gagal")
        UNCLEAR = "unclear", _("tidak pasti terkirim")

    key = models.CharField(max_length=80, unique=True)  # one digest, one letter
    alert = models.ForeignKey(
        Alert,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="letters",
        verbose_name=_("langganan"),
    )
    address = models.EmailField(_("alamat surel"), max_length=254)
    entry_ids = models.JSONField(default=list, blank=True)
    request = models.JSONField(default=dict, blank=True)  # of a question for consent: path, rhythm, language
    state = models.CharField(_("keadaan"), max_length=8, choices=State.choices, default=State.WAITING)
    made_at = models.DateTimeField(_("dibuat"), default=timezone.now)
    due_at = models.DateTimeField(_("dikirim sejak"), default=timezone.now)
    taken_at = models.DateTimeField(null=True, blank=True)
    holder = models.CharField(max_length=80, blank=True)
    sent_at = models.DateTimeField(_("terkirim"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("percobaan"), default=0)
    error = models.CharField(_("galat"), max_length=300, blank=True)
    decided_by = models.CharField(_("diputus oleh"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("surel keluar")
        verbose_name_plural = _("surel keluar")
        indexes = [models.Index(fields=["state", "due_at"], name="letter_due")]

    def __str__(self) -> str:
        return self.key


class Asked(models.Model):
    """That somebody asked for an alert, as hashes: enough to refuse too many, too little to know who.
    Kept for a day."""

    address = models.CharField(max_length=32, db_index=True)
    subject = models.CharField(max_length=32)  # of address, channel and rhythm together
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("permintaan surel")
        verbose_name_plural = _("permintaan surel")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
