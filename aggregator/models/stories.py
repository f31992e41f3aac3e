"""Stories: entries that tell the same thing, with one lead; and what staff decided about them."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models.entries import Entry


class Story(models.Model):
    """A fold of entries. `lead` is the original: central, or first published."""

    lead = models.ForeignKey(Entry, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("cerita")
        verbose_name_plural = _("cerita")

    def __str__(self) -> str:
        return f"#{self.pk}"


class Signature(models.Model):
    """One band of an entry's MinHash signature, or another look-up key, so that candidates are found by
    one indexed query on any node."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.BigIntegerField()  # 64-bit hash of (kind, band number, band rows)
    published_at = models.DateTimeField()

    class Meta:
        verbose_name = _("sidik")
        verbose_name_plural = _("sidik")
        indexes = [
            models.Index(fields=["key", "published_at"], name="signature_lookup"),
            models.Index(fields=["entry"], name="signature_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.key}"


class StoryDecision(models.Model):
    """Staff said that two entries are, or are not, the same story. Survives recluster and re-ingest."""

    class Verdict(models.TextChoices):
        SAME = "same", _("cerita yang sama")
        DIFFERENT = "different", _("bukan cerita yang sama")

    low = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="+")  # the smaller id of the two
    high = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="+")
    verdict = models.CharField(max_length=9, choices=Verdict.choices)
    reason = models.CharField(_("alasan"), max_length=500)
    decided_by = models.CharField(_("oleh"), max_length=150)
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("keputusan cerita")
        verbose_name_plural = _("keputusan cerita")
        constraints = [
            models.UniqueConstraint(fields=["low", "high"], name="storydecision_unique"),
            models.CheckConstraint(condition=models.Q(low__lt=models.F("high")), name="storydecision_order"),
        ]

    def __str__(self) -> str:
        return f"{self.low_id} {self.verdict} {self.high_id}"
