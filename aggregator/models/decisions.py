"""What was held back, why, and who decided."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models.entries import Entry, Revision
from aggregator.models.registry import Satker


class Quarantine(models.Model):
    """A revision held back: by which signals, with how many points, and what became of it."""

    class State(models.TextChoices):
        HELD = "held", _("ditahan")
        RELEASED = "released", _("dilepas")
        REJECTED = "rejected", _("ditolak")

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="quarantines")
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="quarantines")
    state = models.CharField(max_length=8, choices=State.choices, default=State.HELD)
    points = models.FloatField(_("poin"), default=0)
    signals = models.JSONField(default=list)  # of {"code", "points", "detail"}
    held_at = models.DateTimeField(_("ditahan pada"), default=timezone.now)
    public_minutes = models.PositiveIntegerField(null=True, blank=True)  # how long it was out before the hold
    decided_at = models.DateTimeField(_("diputus pada"), null=True, blank=True)
    decided_by = models.CharField(_("diputus oleh"), max_length=150, blank=True)
    reason = models.CharField(_("alasan"), max_length=500, blank=True)
    reported_at = models.DateTimeField(_("dilaporkan ke CSIRT"), null=True, blank=True)

    class Meta:
        ordering = ["-held_at", "-id"]
        verbose_name = _("karantina")
        verbose_name_plural = _("karantina")
        indexes = [models.Index(fields=["state", "-held_at"], name="quarantine_queue")]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.state}"


class SatkerHold(models.Model):
    """A satker whose new posts wait; with `hide_all` its older ones are hidden too."""

    satker = models.ForeignKey(Satker, on_delete=models.CASCADE, related_name="holds")
    hide_all = models.BooleanField(_("sembunyikan semua"), default=False)
    reason = models.CharField(_("alasan"), max_length=500)
    started_at = models.DateTimeField(_("mulai"), default=timezone.now)
    started_by = models.CharField(_("oleh"), max_length=150)
    ended_at = models.DateTimeField(_("selesai"), null=True, blank=True)
    ended_by = models.CharField(_("diakhiri oleh"), max_length=150, blank=True)
    end_reason = models.CharField(_("alasan berakhir"), max_length=500, blank=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        verbose_name = _("penahanan satker")
        verbose_name_plural = _("penahanan satker")
        constraints = [
            models.UniqueConstraint(
                fields=["satker"], condition=Q(ended_at__isnull=True), name="satkerhold_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.satker_id} {self.started_at:%Y-%m-%d}"
