"""Inbound feeds: their state and schedule, every attempt, what was received, and what is missing."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models.registry import Satker
from aggregator.querysets import FeedQuerySet


class Feed(models.Model):
    """One inbound URL of a satker. What is due is said here and nowhere else."""

    class State(models.TextChoices):
        ACTIVE = "active", _("aktif")
        CANDIDATE = "candidate", _("calon, menunggu persetujuan")
        STOPPED = "stopped", _("berhenti: situs menyatakan umpan tidak ada lagi")
        DISABLED = "disabled", _("dimatikan petugas")

    class Identity(models.TextChoices):
        """What tells the posts of this feed apart; degraded to `link` when guids turn out unreliable."""

        GUID = "guid", _("guid")
        LINK = "link", _("tautan")

    satker = models.ForeignKey(Satker, on_delete=models.PROTECT, related_name="feeds")
    url = models.URLField(_("alamat"), max_length=1000, unique=True)
    state = models.CharField(_("keadaan"), max_length=9, choices=State.choices, default=State.ACTIVE)
    identity = models.CharField(max_length=4, choices=Identity.choices, default=Identity.GUID)
    created_at = models.DateTimeField(default=timezone.now)

    # The schedule. A lease is next_check_at moved to the lease's end, under a token of its holder.
    next_check_at = models.DateTimeField(_("pemeriksaan berikut"), default=timezone.now)
    lease = models.CharField(max_length=100, blank=True)  # host, process, and a random part
    interval = models.PositiveIntegerField(_("jarak (detik)"), default=3600)

    # What the last answers told.
    title = models.CharField(_("judul"), max_length=300, blank=True)
    media_type = models.CharField(max_length=100, blank=True)
    generator = models.CharField(max_length=200, blank=True)
    generator_changed_at = models.DateTimeField(null=True, blank=True)  # to another software, not version
    etag = models.CharField(max_length=1000, blank=True)
    last_modified = models.CharField(max_length=200, blank=True)
    body_sha256 = models.CharField(max_length=64, blank=True)
    hub_url = models.CharField(max_length=1000, blank=True)
    hub_topic = models.CharField(max_length=1000, blank=True)  # what the feed calls itself (rel=self)
    # {"ttl": seconds, "skip_hours": [0–23 GMT], "skip_days": ["Sunday"]}: what the feed itself asks for
    wishes = models.JSONField(default=dict, blank=True)
    last_checked_at = models.DateTimeField(_("terakhir diperiksa"), null=True, blank=True)
    last_success_at = models.DateTimeField(_("terakhir berhasil"), null=True, blank=True)
    last_new_at = models.DateTimeField(_("berita baru terakhir"), null=True, blank=True)
    first_success_at = models.DateTimeField(null=True, blank=True)  # null: the next success is an import
    failures = models.PositiveIntegerField(_("kegagalan beruntun"), default=0)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error_code = models.CharField(_("kode galat"), max_length=40, blank=True)
    error_message = models.CharField(_("galat"), max_length=500, blank=True)

    # Where a backfill goes on; "" when none is under way.
    backfill_url = models.CharField(max_length=1000, blank=True)

    # A permanent redirect must be seen stable before the feed moves.
    moved_to = models.CharField(_("pindah ke"), max_length=1000, blank=True)
    moved_seen = models.PositiveSmallIntegerField(default=0)

    # How often all guids were new while the posts were known: once is a migration, twice is a habit.
    guid_resets = models.PositiveSmallIntegerField(default=0)
    # When another address was last looked for in place of one that fails; on a candidate, in place of which.
    searched_at = models.DateTimeField(null=True, blank=True)
    replaces = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="replacements",
        verbose_name=_("pengganti untuk"),
    )

    objects = FeedQuerySet.as_manager()

    class Meta:
        ordering = ["satker", "url"]
        verbose_name = _("umpan")
        verbose_name_plural = _("umpan")
        indexes = [
            models.Index(fields=["next_check_at"], name="feed_due", condition=Q(state="active")),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def is_failing(self) -> bool:
        return bool(self.error_code)

    @property
    def interval_delta(self) -> timedelta:
        return timedelta(seconds=self.interval)


class RawFeed(models.Model):
    """A changed body as received, compressed (zlib), so that it can be parsed again after a fix."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="raw_feeds", db_index=False)
    received_at = models.DateTimeField(db_index=True)
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=100, blank=True)
    charset = models.CharField(max_length=40, blank=True)
    final_url = models.CharField(max_length=1000)
    body = models.BinaryField()

    class Meta:
        verbose_name = _("umpan mentah")
        verbose_name_plural = _("umpan mentah")
        constraints = [models.UniqueConstraint(fields=["feed", "sha256"], name="rawfeed_unique")]

    def __str__(self) -> str:
        return f"{self.feed_id} {self.sha256[:12]}"


class FetchLog(models.Model):
    """One attempt to read a feed: when, how it ended, what it brought."""

    class Outcome(models.TextChoices):
        FETCHED = "fetched", _("diterima")
        NOT_MODIFIED = "not_modified", _("tidak berubah (304)")
        SAME_BODY = "same_body", _("isi sama")
        FAILED = "failed", _("gagal")

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="fetch_logs", db_index=False)
    started_at = models.DateTimeField(_("mulai"))
    duration_ms = models.PositiveIntegerField(_("lama (ms)"), default=0)
    outcome = models.CharField(_("hasil"), max_length=12, choices=Outcome.choices)
    status = models.PositiveSmallIntegerField(_("status HTTP"), null=True, blank=True)
    bytes = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(_("baru"), default=0)
    changed = models.PositiveIntegerField(_("berubah"), default=0)
    unchanged = models.PositiveIntegerField(_("tetap"), default=0)
    rejected = models.PositiveIntegerField(_("ditolak"), default=0)
    error_code = models.CharField(_("kode galat"), max_length=40, blank=True)
    message = models.CharField(_("keterangan"), max_length=500, blank=True)
    final_url = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        verbose_name = _("catatan pengambilan")
        verbose_name_plural = _("catatan pengambilan")
        indexes = [models.Index(fields=["feed", "-started_at"], name="fetchlog_feed")]

    def __str__(self) -> str:
        return f"{self.feed_id} {self.started_at:%Y-%m-%d %H:%M} {self.outcome}"


class Gap(models.Model):
    """Posts that left a feed's window between two fetches: known to be missing, never silent."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="gaps")
    from_at = models.DateTimeField(_("dari"))
    to_at = models.DateTimeField(_("sampai"))
    about = models.PositiveIntegerField(_("kira-kira"), null=True, blank=True)
    found_at = models.DateTimeField(default=timezone.now)
    filled_at = models.DateTimeField(_("terisi pada"), null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("percobaan"), default=0)  # of backfill
    next_try_at = models.DateTimeField(_("coba lagi pada"), null=True, blank=True, default=timezone.now)

    class Meta:
        ordering = ["-found_at"]
        verbose_name = _("celah")
        verbose_name_plural = _("celah")

    def __str__(self) -> str:
        return f"{self.feed_id} {self.from_at:%Y-%m-%d}–{self.to_at:%Y-%m-%d}"


class HostPause(models.Model):
    """A host that asked (Retry-After) to be left alone until a time."""

    hostname = models.CharField(max_length=253, unique=True)
    until = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("jeda host")
        verbose_name_plural = _("jeda host")

    def __str__(self) -> str:
        return f"{self.hostname} {self.until:%Y-%m-%d %H:%M}"

    @classmethod
    def ask(cls, hostname: str, until: datetime, reason: str) -> None:
        """Leave this host alone until then; an earlier, longer wish stands."""
        pause, made = cls.objects.get_or_create(
            hostname=hostname, defaults={"until": until, "reason": reason[:200]}
        )
        if not made and pause.until < until:
            cls.objects.filter(pk=pause.pk).update(until=until, reason=reason[:200])
