"""What signing in needs to remember. Kept in the database, so it holds on every web node and does not
depend on a cache."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SecondFactor(models.Model):
    """The secret of an authenticator app (RFC 6238). `last_step` is the newest step that was used, so that
    a code that was seen over a shoulder is worth nothing."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="second_factor"
    )
    secret = models.CharField(max_length=64)
    last_step = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.user_id}"


class RecoveryCode(models.Model):
    """A code for the day when the telephone is lost; good once. Random enough that a plain hash is safe."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    sha256 = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "sha256"], name="recoverycode_unique")]

    def __str__(self) -> str:
        return f"{self.user_id}"


class Identity(models.Model):
    """Whom an identity provider calls `subject` is this account: bound at the first complete sign-in, good
    until it is released here. The address may change there; the subject does not."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="identities",
        db_index=False,
        verbose_name=_("akun petugas"),
    )
    issuer = models.CharField(_("penyedia"), max_length=300)
    subject = models.CharField(_("pengenal di penyedia"), max_length=255)
    email = models.EmailField(_("surel di penyedia"), max_length=254, blank=True)  # when it was bound
    bound_at = models.DateTimeField(_("diikat"), default=timezone.now)

    class Meta:
        verbose_name = _("ikatan identitas")
        verbose_name_plural = _("ikatan identitas")
        ordering = ["-bound_at"]
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_subject"),
            models.UniqueConstraint(fields=["user", "issuer"], name="identity_user"),
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.email or self.subject}"


class StaffSession(models.Model):
    """Where and when an account signed in, for its owner to see and to end."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=40, unique=True)  # of django_session
    started_at = models.DateTimeField(default=timezone.now)
    ends_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True, blank=True)
    agent = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.user_id} {self.started_at:%Y-%m-%d %H:%M}"


class Throttle(models.Model):
    """How often something was tried since `since`, and until when it is locked."""

    name = models.CharField(max_length=100, unique=True)
    tries = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(default=timezone.now)
    locks = models.PositiveSmallIntegerField(default=0)  # in a row: each lasts longer
    locked_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("pembatas percobaan")
        verbose_name_plural = _("pembatas percobaan")

    def __str__(self) -> str:
        return self.name
