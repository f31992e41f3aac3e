"""Addresses that feeds had before."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class FormerAddress(models.Model):
    """A slug that a province, topic or stage has or had. A feed address with a former one answers 301."""

    kind = models.CharField(max_length=10)  # provinsi, topik, tahapan
    slug = models.CharField(max_length=120)
    target = models.BigIntegerField()  # primary key of the province, topic or stage

    class Meta:
        verbose_name = _("alamat lama")
        verbose_name_plural = _("alamat lama")
        constraints = [models.UniqueConstraint(fields=["kind", "slug"], name="formeraddress_once")]

    def __str__(self) -> str:
        return f"{self.kind}/{self.slug}"
