"""People of KPU who sign in."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A staff account. The role says what may be done, `satker` whose rows may be seen: a province's
    account sees its regencies, a satker's account itself, KPU-RI everything."""

    class Role(models.TextChoices):
        ADMIN = "admin", _("admin KPU RI")
        VIEWER = "viewer", _("pemantau KPU RI")
        PROVINCE = "province", _("provinsi")
        SATKER = "satker", _("satker")

    role = models.CharField(_("peran"), max_length=8, choices=Role.choices, default=Role.SATKER)
    satker = models.ForeignKey(
        "aggregator.Satker", on_delete=models.PROTECT, null=True, blank=True, related_name="users"
    )

    class Meta:
        verbose_name = _("akun petugas")
        verbose_name_plural = _("akun petugas")
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=["admin", "viewer"]) | Q(satker__isnull=False) | Q(is_superuser=True),
                name="user_scope_needs_satker",
            )
        ]
