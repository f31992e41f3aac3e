"""The migration of satker sites to the common platform: what was seen, what is planned, what changed."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models import Satker


class SiteCheck(models.Model):
    """What a host answered when it was last looked at: evidence, never a judgement."""

    satker = models.ForeignKey(Satker, on_delete=models.CASCADE, related_name="site_checks")
    hostname = models.CharField(_("host"), max_length=253)
    checked_at = models.DateTimeField(_("diperiksa pada"), default=timezone.now)
    status = models.PositiveSmallIntegerField(_("status HTTP"), null=True, blank=True)
    final_url = models.CharField(_("alamat akhir"), max_length=1000, blank=True)
    server = models.CharField(_("peladen"), max_length=200, blank=True)
    powered_by = models.CharField(_("teknologi"), max_length=200, blank=True)
    generator = models.CharField(_("generator"), max_length=200, blank=True)
    title = models.CharField(_("judul"), max_length=200, blank=True)
    error_code = models.CharField(_("kode galat"), max_length=40, blank=True)
    error_message = models.CharField(_("galat"), max_length=500, blank=True)
    tls_version = models.CharField(_("versi TLS"), max_length=20, blank=True)
    tls_issuer = models.CharField(_("penerbit sertifikat"), max_length=200, blank=True)
    tls_expires_at = models.DateTimeField(_("sertifikat berlaku sampai"), null=True, blank=True)
    tls_error = models.CharField(_("galat sertifikat"), max_length=500, blank=True)

    class Meta:
        ordering = ["satker", "hostname"]
        verbose_name = _("pemeriksaan situs")
        verbose_name_plural = _("pemeriksaan situs")
        constraints = [models.UniqueConstraint(fields=["satker", "hostname"], name="sitecheck_unique")]

    def __str__(self) -> str:
        return f"{self.hostname} {self.checked_at:%Y-%m-%d}"


class MigrationPlan(models.Model):
    """When a satker is to have moved, and what staff noted about it."""

    satker = models.OneToOneField(Satker, on_delete=models.CASCADE, related_name="migration_plan")
    target_on = models.DateField(_("target"), null=True, blank=True)
    note = models.CharField(_("catatan"), max_length=1000, blank=True)

    class Meta:
        verbose_name = _("rencana migrasi")
        verbose_name_plural = _("rencana migrasi")

    def __str__(self) -> str:
        return f"{self.satker_id} {self.target_on}"


class MigrationChange(models.Model):
    """One step of a satker's way: status, target or note before and after."""

    satker = models.ForeignKey(Satker, on_delete=models.CASCADE, related_name="migration_changes")
    at = models.DateTimeField(_("waktu"), default=timezone.now)
    by = models.CharField(_("oleh"), max_length=150)
    field = models.CharField(_("bagian"), max_length=20)
    before = models.CharField(_("semula"), max_length=1000, blank=True)
    after = models.CharField(_("menjadi"), max_length=1000, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("riwayat migrasi")
        verbose_name_plural = _("riwayat migrasi")
        indexes = [models.Index(fields=["satker", "-id"], name="migrationchange_satker")]

    def __str__(self) -> str:
        return f"{self.satker_id} {self.field}: {self.after}"
