"""The lead pictures of posts, as this portal shows them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from aggregator.models.entries import Entry


class Picture(models.Model):
    """What became of a post's lead picture. Its files lie under PICTURES_DIR; without a name it has none."""

    entry = models.OneToOneField(Entry, on_delete=models.CASCADE, primary_key=True, related_name="picture")
    source_url = models.CharField(_("alamat asal"), max_length=2000)
    name = models.CharField(max_length=32, blank=True)  # of its bytes
    width = models.PositiveSmallIntegerField(default=0)
    height = models.PositiveSmallIntegerField(default=0)
    bytes = models.PositiveIntegerField(default=0)  # of both renditions
    tried_at = models.DateTimeField(_("terakhir dicoba"))
    tries = models.PositiveSmallIntegerField(default=1)
    next_try_at = models.DateTimeField(null=True, blank=True)  # null: never again, unless the post changes
    error_code = models.CharField(_("kode galat"), max_length=40, blank=True)
    error_message = models.CharField(_("galat"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("gambar")
        verbose_name_plural = _("gambar")
        indexes = [
            models.Index(
                fields=["next_try_at"], name="picture_retry", condition=models.Q(next_try_at__isnull=False)
            ),
            models.Index(fields=["tried_at"], name="picture_age"),
        ]

    def __str__(self) -> str:
        return self.name or self.error_code

    @property
    def address(self) -> str:
        """Path of the larger rendition; it changes with the picture."""
        return f"/gambar/{self.entry_id}/{self.name}.webp"

    @property
    def small_address(self) -> str:
        return f"/gambar/{self.entry_id}/{self.name}-kecil.webp"
