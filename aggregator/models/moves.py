"""A satker that moves to another site: announced, carried out, or called off; always by a person's word."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models.registry import Satker


class SatkerMove(models.Model):
    """While one is open, the flood of posts that a migration brings is no alarm (see screen.bursts)."""

    class State(models.TextChoices):
        ANNOUNCED = "announced", _("diumumkan")
        ORDERED = "ordered", _("siap dialihkan")  # the worker carries it out
        DONE = "done", _("selesai")
        CANCELLED = "cancelled", _("dibatalkan")

    OPEN = (State.ANNOUNCED, State.ORDERED)

    satker = models.ForeignKey(
        Satker, on_delete=models.CASCADE, related_name="moves", verbose_name=_("satker")
    )
    hostname = models.CharField(_("host baru"), max_length=253)  # lower case, punycode
    feed_url = models.URLField(_("umpan baru"), max_length=1000, blank=True)  # "": looked for on the host
    state = models.CharField(_("keadaan"), max_length=9, choices=State.choices, default=State.ANNOUNCED)
    reason = models.CharField(_("alasan"), max_length=500, blank=True)
    announced_at = models.DateTimeField(_("diumumkan pada"), default=timezone.now)
    announced_by = models.CharField(_("diumumkan oleh"), max_length=150)
    ordered_by = models.CharField(_("dialihkan oleh"), max_length=150, blank=True)
    calm_until = models.DateTimeField(_("tanda lonjakan padam sampai"))
    ended_at = models.DateTimeField(_("selesai pada"), null=True, blank=True)
    # After the swap the older pages are imported bit by bit; null once there are none left.
    importing_at = models.DateTimeField(_("arsip diimpor lagi pada"), null=True, blank=True)
    new = models.PositiveIntegerField(_("berita baru"), default=0)
    known = models.PositiveIntegerField(_("berita dikenali"), default=0)
    problem = models.CharField(_("kendala"), max_length=500, blank=True)

    class Meta:
        ordering = ["-announced_at", "-id"]
        verbose_name = _("perpindahan situs")
        verbose_name_plural = _("perpindahan situs")
        constraints = [
            models.UniqueConstraint(
                fields=["satker"],
                condition=Q(state__in=("announced", "ordered")),
                name="satkermove_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.satker_id} → {self.hostname}"
