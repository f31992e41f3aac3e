"""The registry: provinces, the 553 satker, their approved hosts, and the subjects posts are about."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aggregator.querysets import SatkerQuerySet


class Zone(models.TextChoices):
    WIB = "Asia/Jakarta", "WIB"
    WITA = "Asia/Makassar", "WITA"
    WIT = "Asia/Jayapura", "WIT"


class Province(models.Model):
    """One of the 38 provinces. `code` is the Kemendagri code; the tile places it on the equal-area map."""

    code = models.CharField(_("kode"), max_length=2, unique=True)
    name = models.CharField(_("nama"), max_length=100, unique=True)
    slug = models.SlugField(_("slug"), max_length=100, unique=True)
    abbr = models.CharField(_("singkatan"), max_length=2, unique=True)
    tile_row = models.PositiveSmallIntegerField()
    tile_col = models.PositiveSmallIntegerField()
    timezone = models.CharField(_("zona waktu"), max_length=20, choices=Zone.choices)

    class Meta:
        ordering = ["code"]
        verbose_name = _("provinsi")
        verbose_name_plural = _("provinsi")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/provinsi/{self.slug}"


class Satker(models.Model):
    """One KPU work unit and its site."""

    class Level(models.TextChoices):
        NATIONAL = "national", _("nasional")
        PROVINCE = "province", _("provinsi")
        REGENCY = "regency", _("kabupaten/kota")

    class HostEvidence(models.TextChoices):
        SEEN = "seen", _("pernah terlihat")
        PATTERN = "pattern", _("turunan pola, belum dipastikan")
        CONFIRMED = "confirmed", _("dipastikan petugas")

    class Migration(models.TextChoices):
        """The three conditions before migration, and the two after. "No feed yet" is not stored: it is
        `SatkerQuerySet.with_feed_state()`, true or false of a satker whatever its site is."""

        UNKNOWN = "", _("belum dinilai")
        OUTSIDE = "K1", _("belum ada situs, atau di luar hosting KPU")
        OLD_SITE = "K2", _("situs lama di hosting KPU")
        OLD_TEMPLATE = "K3", _("templat KPU versi lama")
        MIGRATED = "M", _("sudah migrasi")
        MIGRATED_OTHER = "M!", _("host sudah migrasi, CMS lain")

    class Trust(models.TextChoices):
        """How long a new post waits for staff to have a look: see `store.entries.delay_of`."""

        WATCHED = "watched", _("diawasi")
        NORMAL = "normal", _("biasa")
        TRUSTED = "trusted", _("tepercaya")

    code = models.CharField(_("kode"), max_length=4, unique=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    level = models.CharField(_("tingkat"), max_length=8, choices=Level.choices)
    name = models.CharField(_("nama"), max_length=120)
    slug = models.SlugField(_("slug"), max_length=120)
    region_name = models.CharField(_("wilayah"), max_length=120)
    kind = models.CharField(_("jenis"), max_length=10)  # ri, provinsi, kabupaten, kota
    province = models.ForeignKey(
        Province, on_delete=models.PROTECT, null=True, blank=True, related_name="satker"
    )
    hostname = models.CharField(_("host"), max_length=253, blank=True)
    hostname_evidence = models.CharField(
        _("bukti host"), max_length=9, choices=HostEvidence.choices, default=HostEvidence.PATTERN
    )
    latitude = models.FloatField(_("lintang"), null=True, blank=True)
    longitude = models.FloatField(_("bujur"), null=True, blank=True)
    timezone = models.CharField(_("zona waktu"), max_length=20, choices=Zone.choices)
    migration_status = models.CharField(
        _("status migrasi"), max_length=2, choices=Migration.choices, default=Migration.UNKNOWN, blank=True
    )
    trust = models.CharField(_("kepercayaan"), max_length=8, choices=Trust.choices, default=Trust.NORMAL)
    is_hidden = models.BooleanField(_("disembunyikan"), default=False)  # a hold with hide_all is in force

    objects = SatkerQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("satker")
        verbose_name_plural = _("satker")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/satker/{self.code}/{self.slug}"

    @property
    def zone_label(self) -> str:
        """WIB, WITA or WIT."""
        return Zone(self.timezone).label


class SatkerHost(models.Model):
    """An exact host name that a satker may be fetched from, or that waits for staff to say so."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("menunggu persetujuan")
        APPROVED = "approved", _("disetujui")
        REVOKED = "revoked", _("dicabut")

    satker = models.ForeignKey(Satker, on_delete=models.CASCADE, related_name="hosts")
    hostname = models.CharField(_("host"), max_length=253)  # lower case, punycode; IPv6 without brackets
    state = models.CharField(_("keadaan"), max_length=8, choices=State.choices)
    reason = models.CharField(_("alasan"), max_length=200, blank=True)
    decided_by = models.CharField(_("oleh"), max_length=150, blank=True)
    decided_at = models.DateTimeField(_("pada"), null=True, blank=True)

    class Meta:
        ordering = ["satker", "hostname"]
        verbose_name = _("host satker")
        verbose_name_plural = _("host satker")
        constraints = [models.UniqueConstraint(fields=["satker", "hostname"], name="satkerhost_unique")]

    def __str__(self) -> str:
        return self.hostname


class Topic(models.Model):
    """What a post can be about."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(_("nama"), max_length=60, unique=True)
    description = models.TextField(_("penjelasan"), blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "slug"]
        verbose_name = _("topik")
        verbose_name_plural = _("topik")

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """Its name in the reader's language; as KPU names it where there is none."""
        return gettext(self.name)

    @property
    def explanation(self) -> str:
        return gettext(self.description)

    def get_absolute_url(self) -> str:
        return f"/topik/{self.slug}"


class Stage(models.Model):
    """One stage (tahapan) of one election. The slug carries the election: stages recur."""

    slug = models.SlugField(max_length=120, unique=True)
    election = models.CharField(_("pemilu"), max_length=40)  # pemilu-2024, pilkada-2024
    name = models.CharField(_("nama"), max_length=200)
    start = models.DateField(_("mulai"), null=True, blank=True)
    end = models.DateField(_("selesai"), null=True, blank=True)
    description = models.TextField(_("penjelasan"), blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "slug"]
        verbose_name = _("tahapan")
        verbose_name_plural = _("tahapan")

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """Its name in the reader's language; as KPU names it where there is none."""
        return gettext(self.name)

    def get_absolute_url(self) -> str:
        return f"/tahapan/{self.slug}"
