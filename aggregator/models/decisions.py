"""What was held back, why, and who decided; and what staff corrected in the place of a post."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

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
    reported_by = models.CharField(_("dilaporkan oleh"), max_length=150, blank=True)
    report_number = models.CharField(_("nomor laporan"), max_length=100, blank=True)

    class Meta:
        ordering = ["-held_at", "-id"]
        verbose_name = _("karantina")
        verbose_name_plural = _("karantina")
        indexes = [models.Index(fields=["state", "-held_at"], name="quarantine_queue")]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.state}"

    @staticmethod
    def minutes_out(entry: Entry, revision: Revision, now: datetime) -> int | None:
        """How long this version has stood in public, for `public_minutes`; None if it has not. An import is
        dated back, so it counts from when it was first seen; what a hidden satker hides, until then."""
        if revision.state != Revision.State.PUBLIC or revision.public_at is None:
            return None
        since = max(revision.public_at, entry.first_seen_at)
        until = entry.withdrawn_at if entry.state == Entry.State.HELD and entry.withdrawn_at else now
        return max(0, round((until - since).total_seconds() / 60))


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


class CorrectionManager(models.Manager["Correction"]):
    def in_force(self, entry_ids: Iterable[int], kind: str) -> dict[int, str]:
        """By entry, what staff said last and did not give back to the rules."""
        said = self.filter(entry__among=list(entry_ids), kind=kind).order_by("id")
        last = {
            entry: (by_rules, after)
            for entry, by_rules, after in said.values_list("entry", "by_rules", "after")
        }
        return {entry: after for entry, (by_rules, after) in last.items() if not by_rules}


class Correction(models.Model):
    """Staff said what a post is about, which stage it belongs to, or whose it is. The newest of a kind goes
    before the rules; rows are never changed, so they are the record too."""

    class Kind(models.TextChoices):
        TOPICS = "topics", _("topik")
        STAGE = "stage", _("tahapan")
        ORIGIN = "origin", _("asal")

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="corrections")
    kind = models.CharField(_("jenis"), max_length=6, choices=Kind.choices)
    before = models.CharField(_("semula"), max_length=500, blank=True)  # slugs, or an origin
    after = models.CharField(_("menjadi"), max_length=500, blank=True)
    by_rules = models.BooleanField(_("kembali ke aturan"), default=False)
    reason = models.CharField(_("alasan"), max_length=500)
    decided_by = models.CharField(_("oleh"), max_length=150)
    decided_at = models.DateTimeField(_("pada"), default=timezone.now)

    objects = CorrectionManager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("koreksi")
        verbose_name_plural = _("koreksi")
        indexes = [models.Index(fields=["entry", "kind"], name="correction_entry")]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.kind}: {self.after}"
