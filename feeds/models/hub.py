"""What the hub keeps: WebSub leases, requests for them, and what was pushed."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Lease(models.Model):
    """One confirmed WebSub subscription: who gets which feed, until when, and what is still due to it.

    `pending` holds the entries that are to be delivered; at most one delivery of a lease is under way.
    """

    topic = models.CharField(_("umpan"), max_length=1000)  # the feed's self address
    callback = models.CharField(_("alamat tujuan"), max_length=2000)
    host = models.CharField(max_length=253, db_index=True)  # of the callback
    key = models.CharField(max_length=64, unique=True)  # of topic and callback together
    secret = models.CharField(max_length=200, blank=True)
    started_at = models.DateTimeField(_("mulai"), default=timezone.now)
    ends_at = models.DateTimeField(_("berakhir"))
    pending = models.JSONField(default=list, blank=True)  # of entry ids
    due_at = models.DateTimeField(null=True, blank=True)  # null: nothing is due
    failures = models.PositiveIntegerField(_("kegagalan beruntun"), default=0)
    failing_since = models.DateTimeField(_("gagal sejak"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("terakhir terkirim"), null=True, blank=True)
    error = models.CharField(_("galat"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("langganan WebSub")
        verbose_name_plural = _("langganan WebSub")
        indexes = [
            models.Index(fields=["topic"], name="lease_topic"),
            models.Index(fields=["due_at"], name="lease_due", condition=models.Q(due_at__isnull=False)),
            models.Index(fields=["ends_at"], name="lease_end"),
        ]

    def __str__(self) -> str:
        return f"{self.callback} ← {self.topic}"


class Intent(models.Model):
    """A request to subscribe or unsubscribe that its callback has yet to confirm, or has not confirmed:
    kept for an hour, so that nobody can aim our questions at a host that wants none."""

    class Mode(models.TextChoices):
        SUBSCRIBE = "subscribe", "subscribe"
        UNSUBSCRIBE = "unsubscribe", "unsubscribe"

    mode = models.CharField(max_length=11, choices=Mode.choices)
    topic = models.CharField(max_length=1000)
    callback = models.CharField(max_length=2000)
    host = models.CharField(max_length=253)
    key = models.CharField(max_length=64, unique=True)  # of topic and callback: a later request replaces it
    secret = models.CharField(max_length=200, blank=True)
    seconds = models.PositiveIntegerField()
    asked_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)  # null: it failed
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("permintaan WebSub")
        verbose_name_plural = _("permintaan WebSub")
        indexes = [models.Index(fields=["host", "asked_at"], name="intent_host")]

    def __str__(self) -> str:
        return f"{self.mode} {self.callback} ← {self.topic}"


class Pushed(models.Model):
    """A version of an entry that was handed to the leases; revision 0 stands for its recall. Kept for days:
    an entry is marked again for many reasons, and each version is pushed once."""

    entry_id = models.BigIntegerField()
    revision_id = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("kiriman")
        verbose_name_plural = _("kiriman")
        constraints = [models.UniqueConstraint(fields=["entry_id", "revision_id"], name="pushed_once")]

    def __str__(self) -> str:
        return f"{self.entry_id} v{self.revision_id}"
