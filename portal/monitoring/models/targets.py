"""What is expected of satker, and when less is: targets by level, days off, and views that people keep."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models import Satker


class Target(models.Model):
    """Own posts and active days a month that are expected of a level, from a month on until the next row."""

    level = models.CharField(_("tingkat"), max_length=8, choices=Satker.Level.choices)
    since = models.DateField(_("berlaku sejak"))  # the first of a month
    posts = models.PositiveSmallIntegerField(_("berita sendiri sebulan"))
    active_days = models.PositiveSmallIntegerField(_("hari aktif sebulan"))

    class Meta:
        ordering = ["level", "-since"]
        verbose_name = _("target")
        verbose_name_plural = _("target")
        constraints = [models.UniqueConstraint(fields=["level", "since"], name="target_unique")]

    def __str__(self) -> str:
        return f"{self.level} {self.since:%Y-%m}: {self.posts}/{self.active_days}"


class Exemption(models.Model):
    """Days on which nothing is expected beyond public holidays: of one satker, a whole province, or all."""

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", _("hari libur setempat")
        DISASTER = "disaster", _("bencana")
        OTHER = "other", _("lainnya")

    kind = models.CharField(_("jenis"), max_length=8, choices=Kind.choices)
    first = models.DateField(_("dari"))
    last = models.DateField(_("sampai"))
    satker = models.ForeignKey(
        "aggregator.Satker", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    province = models.ForeignKey(
        "aggregator.Province", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(_("alasan"), max_length=300)
    created_by = models.CharField(_("oleh"), max_length=150)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-first", "-id"]
        verbose_name = _("pengecualian")
        verbose_name_plural = _("pengecualian")
        constraints = [
            models.CheckConstraint(condition=Q(first__lte=F("last")), name="exemption_order"),
            models.CheckConstraint(
                condition=Q(satker__isnull=True) | Q(province__isnull=True), name="exemption_one_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.first}–{self.last}"


class SavedView(models.Model):
    """A page with its filters that somebody wants to find again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(_("nama"), max_length=80)
    address = models.CharField(max_length=1000)  # path and query, always under /pantauan
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        verbose_name = _("tampilan tersimpan")
        verbose_name_plural = _("tampilan tersimpan")
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="savedview_unique")]

    def __str__(self) -> str:
        return self.name
