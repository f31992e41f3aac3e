"""Inbound WebSub: what hubs promised to push to us, and what they pushed."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models.feeds import Feed


class HubSubscription(models.Model):
    """Our subscription to one feed at its hub. Polling goes on, rarer, whatever the hub does."""

    class State(models.TextChoices):
        WANTED = "wanted", _("akan diminta")
        ASKED = "asked", _("diminta, menunggu pengesahan")
        ACTIVE = "active", _("berlaku")
        REFUSED = "refused", _("ditolak hub")

    feed = models.OneToOneField(Feed, on_delete=models.CASCADE, related_name="subscription")
    hub_url = models.CharField(max_length=1000)
    topic = models.CharField(max_length=1000)
    token = models.CharField(max_length=64, unique=True)  # the secret part of our callback's address
    secret = models.CharField(max_length=64)  # shared with the hub: signs what it pushes
    state = models.CharField(_("keadaan"), max_length=7, choices=State.choices, default=State.WANTED)
    next_try_at = models.DateTimeField(default=timezone.now)  # to ask, ask again or renew
    expires_at = models.DateTimeField(_("berlaku sampai"), null=True, blank=True)
    last_push_at = models.DateTimeField(_("dorongan terakhir"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("kegagalan beruntun"), default=0)
    problem = models.CharField(_("kendala"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("langganan hub")
        verbose_name_plural = _("langganan hub")
        indexes = [models.Index(fields=["next_try_at"], name="hubsubscription_due")]

    def __str__(self) -> str:
        return f"{self.feed_id} {self.hub_url}"


class PushedBody(models.Model):
    """A signed body as a hub pushed it, until the worker has read it."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="pushed_bodies")
    received_at = models.DateTimeField(default=timezone.now)
    media_type = models.CharField(max_length=100, blank=True)
    charset = models.CharField(max_length=40, blank=True)
    body = models.BinaryField()  # zlib

    class Meta:
        ordering = ["id"]
        verbose_name = _("dorongan hub")
        verbose_name_plural = _("dorongan hub")

    def __str__(self) -> str:
        return f"{self.feed_id} {self.received_at:%Y-%m-%d %H:%M}"
