"""How far each follower of the change sequence has come."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from aggregator.models import Change, PortalState


class Follower(models.Model):
    """A follower (hub, alerts) and its cursor: the history it is of, the last mark it took, and the entries
    that wait for what is derived."""

    name = models.CharField(max_length=20, unique=True)
    cursor = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("pengikut")
        verbose_name_plural = _("pengikut")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def get(cls, name: str) -> tuple[Follower, bool]:
        """The follower, and whether it begins in this history: at the first start and after a restore, when
        what is there already is no news."""
        found = cls.objects.get_or_create(name=name)[0]
        epoch = str(PortalState.get().epoch)
        if found.cursor.get("epoch") == epoch:
            return found, False
        last = Change.objects.order_by("xact", "id").values_list("xact", "id").last() or (0, 0)
        found.cursor = {"epoch": epoch, "xact": last[0], "id": last[1], "waiting": []}
        found.save(update_fields=["cursor"])
        return found, True

    @property
    def position(self) -> dict[str, Any]:
        return dict(self.cursor)
