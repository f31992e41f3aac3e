"""How far each follower of the change sequence has come."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models import Change, PortalState


class Follower(models.Model):
    """A follower (hub, alerts) and its cursor: the history it is of, the last mark it took, and the entries
    that wait for what is derived."""

    name = models.CharField(max_length=20, unique=True)
    cursor = models.JSONField(default=dict, blank=True)
    moved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("pengikut")
        verbose_name_plural = _("pengikut")

    def is_first(self, cursor: dict[str, Any]) -> bool:
        """Whether a step to there is the first in this history."""
        return bool(self.cursor.get("epoch") != cursor["epoch"])

    def move(self, cursor: dict[str, Any]) -> None:
        """Stand there from now on."""
        self.cursor, self.moved_at = dict(cursor), timezone.now()
        self.save(update_fields=["cursor", "moved_at"])

    def __str__(self) -> str:
        return self.name

    @classmethod
    def position(cls, name: str) -> tuple[Follower, dict[str, Any]]:
        """The follower, and where it stands in this history. In a new one (first start, restore) that is
        the present: what is there already is no news."""
        found = cls.objects.get_or_create(name=name)[0]
        epoch = str(PortalState.get().epoch)
        if found.cursor.get("epoch") == epoch:
            return found, dict(found.cursor)
        last = Change.objects.order_by("xact", "id").values_list("xact", "id").last() or (0, 0)
        return found, {"epoch": epoch, "xact": last[0], "id": last[1], "waiting": []}
