"""The change sequence that the index, caches, hub and alerts follow, and the portal's own state."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import connection, models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator import holders
from aggregator.models.entries import Entry


def beyond(xact: int, number: int) -> Q:
    """What lies after a place of the sequence, put so that its index leads there: of "a later transaction, or
    the same one and a higher number" a database walks through all marks."""
    if connection.vendor == "postgresql":
        return Q(xact__gte=xact) & (Q(xact__gt=xact) | Q(id__gt=number))
    return Q(xact=xact, id__gt=number)  # SQLite has one writer, and all marks the same


def after(xact: int, number: int) -> tuple[str, list[int]]:
    """The same as SQL with its values."""
    if connection.vendor == "postgresql":
        return "xact >= %s AND (xact > %s OR id > %s)", [xact, xact, number]
    return "xact = %s AND id > %s", [xact, number]


class ChangeManager(models.Manager["Change"]):
    def mark(self, entry_ids: list[int]) -> None:
        """Give these entries a new place at the end of the sequence. Call inside the transaction that
        makes, changes or ends their public face."""
        if not entry_ids:
            return
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(
                    "INSERT INTO aggregator_change (entry_id, xact)"
                    " SELECT unnest(%s::bigint[]), pg_current_xact_id()::text::bigint"
                    " ON CONFLICT (entry_id) DO UPDATE SET id = EXCLUDED.id, xact = EXCLUDED.xact",
                    [entry_ids],
                )
            else:
                cursor.executemany(
                    "INSERT OR REPLACE INTO aggregator_change (entry_id, xact) VALUES (%s, 0)",
                    [(entry_id,) for entry_id in entry_ids],
                )
        PortalState.bump()

    def after(self, xact: int, number: int, limit: int) -> list[tuple[int, int, int]]:
        """The next marks as (xact, id, entry id), oldest first.

        On PostgreSQL a number can be taken before and committed after a higher one, so followers read
        only below `pg_snapshot_xmin`: every transaction there has ended, and (xact, id) is the order.
        SQLite has one writer, so xact is 0 and the AUTOINCREMENT id is the order.
        """
        marks = self.filter(beyond(xact, number))
        if connection.vendor == "postgresql":
            marks = marks.extra(where=["xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"])
        return list(marks.order_by("xact", "id").values_list("xact", "id", "entry_id")[:limit])

    def newest(self) -> tuple[int, int]:
        """(xact, id) of the newest mark that `after` would give: where a follower begins that has just
        looked at everything. (0, 0) when there is none."""
        marks = self.all()
        if connection.vendor == "postgresql":
            marks = marks.extra(where=["xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"])
        return marks.order_by("-xact", "-id").values_list("xact", "id").first() or (0, 0)


class Change(models.Model):
    """One mark an entry: the newest event of its public life. The next event gives it a new number at the
    end, so that a follower's cursor meets it again."""

    id = models.BigAutoField(primary_key=True)  # AUTOINCREMENT on SQLite: numbers are never used again
    entry = models.OneToOneField(Entry, on_delete=models.CASCADE, related_name="+")
    xact = models.BigIntegerField(default=0)  # pg_current_xact_id() on PostgreSQL

    objects = ChangeManager()

    class Meta:
        ordering = ["xact", "id"]
        indexes = [models.Index(fields=["xact", "id"], name="change_order")]

    def __str__(self) -> str:
        return f"{self.xact}/{self.pk}: {self.entry_id}"


class PortalState(models.Model):
    """The one row of facts about the whole database.

    `epoch` names this history: `restore` renews it, and a follower with another epoch starts from
    nothing. `generation` is part of every cache key and moves with every public change.
    """

    epoch = models.UUIDField(default=uuid.uuid4)
    generation = models.PositiveBigIntegerField(default=1)

    class Meta:
        verbose_name = _("keadaan portal")
        verbose_name_plural = _("keadaan portal")

    def __str__(self) -> str:
        return f"{self.epoch} #{self.generation}"

    @classmethod
    def get(cls) -> PortalState:
        return cls.objects.get_or_create(pk=1)[0]

    @classmethod
    def bump(cls) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE aggregator_portalstate SET generation = generation + 1 WHERE id = 1")
            is_there = cursor.rowcount == 1
        if not is_there:
            cls.objects.get_or_create(pk=1)


class Duty(models.Model):
    """Work that only one process of all nodes may do at a time, held for a while and renewed.

    A holder that dies loses the duty when `until` has passed. Holding is an optimisation: what is done
    under a duty is safe to do twice.
    """

    name = models.CharField(max_length=40, unique=True)
    holder = models.CharField(max_length=80, blank=True)
    until = models.DateTimeField()

    class Meta:
        verbose_name = _("tugas tetap")
        verbose_name_plural = _("tugas tetap")

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"

    @classmethod
    def take(cls, name: str, holder: str, seconds: float, now: datetime | None = None) -> bool:
        """Take or renew the duty; false when another holder has it. It is then held for three quarters of
        `seconds` at least: whoever asks every second need not write every second."""
        now = now or timezone.now()
        until = now + timedelta(seconds=seconds)
        free = (
            Q(holder=holder) | Q(until__lte=now) | Q(until__gt=now + timedelta(days=1))
        )  # clock jumped back
        held_by, held_until = cls.objects.filter(name=name).values_list("holder", "until").first() or (
            "",
            now,
        )
        if held_by == holder and until - timedelta(seconds=seconds / 4) < held_until <= until:
            return True
        if held_by and holders.is_dead(held_by):
            free |= Q(holder=held_by)
        if cls.objects.filter(free, name=name).update(holder=holder, until=until):
            return True
        return cls.objects.get_or_create(name=name, defaults={"holder": holder, "until": until})[1]

    @classmethod
    def release(cls, name: str, holder: str) -> None:
        cls.objects.filter(name=name, holder=holder).update(until=timezone.now())
