"""Who answers for the news of a satker, and what was talked over with it."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models import Satker


class Contact(models.Model):
    """A person of a satker whom staff may call: in office, never private."""

    satker = models.ForeignKey(Satker, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(_("nama"), max_length=120)
    position = models.CharField(_("jabatan"), max_length=120, blank=True)
    phone = models.CharField(_("telepon kantor"), max_length=40, blank=True)
    email = models.EmailField(_("surel kedinasan"), blank=True)
    changed_by = models.CharField(_("dicatat oleh"), max_length=150)
    changed_at = models.DateTimeField(_("dicatat"), default=timezone.now)

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("kontak")
        verbose_name_plural = _("kontak")

    def __str__(self) -> str:
        return f"{self.name}, {self.position}" if self.position else self.name


class FollowUp(models.Model):
    """One talk with a satker, or what was agreed in it. `due_on`: by when; `settled_at`: when it was done."""

    class Way(models.TextChoices):
        CALL = "call", _("telepon")
        MAIL = "mail", _("surel")
        MESSAGE = "message", _("pesan")
        MEETING = "meeting", _("rapat atau kunjungan")
        NOTE = "note", _("catatan saja")

    satker = models.ForeignKey(Satker, on_delete=models.CASCADE, related_name="follow_ups")
    at = models.DateTimeField(_("waktu"), default=timezone.now)
    by = models.CharField(_("oleh"), max_length=150)
    way = models.CharField(_("cara"), max_length=8, choices=Way.choices, default=Way.CALL)
    note = models.CharField(_("isi"), max_length=1000)
    due_on = models.DateField(_("dijanjikan sampai"), null=True, blank=True)
    settled_at = models.DateTimeField(_("selesai"), null=True, blank=True)
    settled_by = models.CharField(_("diselesaikan oleh"), max_length=150, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("tindak lanjut")
        verbose_name_plural = _("tindak lanjut")
        indexes = [models.Index(fields=["satker", "-at"], name="followup_satker")]

    def __str__(self) -> str:
        return f"{self.get_way_display()}: {self.note[:60]}"
