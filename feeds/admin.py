"""Subscriptions of the hub and by mail, to look at and to end; letters whose fate staff decide."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aggregator.admin.actions import RowAdmin, by
from feeds.models import Alert, Intent, Lease, Letter


class _ToLookAt(RowAdmin):
    """Only a callback can confirm what it wants; staff may end it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Lease)
class LeaseAdmin(_ToLookAt):
    list_display = ("callback", "topic", "started_at", "ends_at", "delivered_at", "failures", "error")
    list_filter = (("failing_since", admin.EmptyFieldListFilter),)
    search_fields = ("callback", "topic")
    exclude = ("secret", "key")
    ordering = ("-started_at",)


@admin.register(Intent)
class IntentAdmin(_ToLookAt):
    list_display = ("callback", "topic", "mode", "asked_at", "error")
    search_fields = ("callback", "topic")
    exclude = ("secret", "key")
    ordering = ("-asked_at",)


@admin.register(Alert)
class AlertAdmin(_ToLookAt):
    list_display = (
        "address",
        "watched",
        "rhythm",
        "confirmed_at",
        "told_at",
        "due_at",
        "stopped_at",
        "error",
    )
    list_filter = ("rhythm", ("stopped_at", admin.EmptyFieldListFilter))
    list_select_related = ("watched",)
    search_fields = ("address", "watched__path")
    exclude = ("token",)
    ordering = ("-confirmed_at",)
    actions = ("resume",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_change_permission(self, request, obj) if obj is None else False

    @admin.action(description=gettext_lazy("Teruskan langganan yang dihentikan karena pantulan"))
    def resume(self, request: HttpRequest, rows: QuerySet[Alert]) -> None:
        count = rows.exclude(stopped_at=None).update(stopped_at=None, bounces=0, error="")
        self.message_user(request, _("%d langganan diteruskan.") % count)


@admin.register(Letter)
class LetterAdmin(_ToLookAt):
    """What is UNCLEAR comes first: its sender died, or the connection broke, in the middle of sending."""

    list_display = (
        "address",
        "alert",
        "state",
        "made_at",
        "due_at",
        "sent_at",
        "attempts",
        "error",
        "decided_by",
    )
    list_filter = ("state",)
    list_select_related = ("alert__watched",)
    search_fields = ("address",)
    exclude = ("request", "holder")
    ordering = ("-state", "-made_at")
    actions = ("send_again", "count_as_sent")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_change_permission(self, request, obj) if obj is None else False

    @admin.action(description=gettext_lazy("Kirim lagi (penerima mungkin mendapatnya dua kali)"))
    def send_again(self, request: HttpRequest, rows: QuerySet[Letter]) -> None:
        changes = {"state": Letter.State.WAITING, "due_at": timezone.now(), "error": ""}
        self._decide(request, rows, **changes)

    @admin.action(description=gettext_lazy("Anggap sudah terkirim"))
    def count_as_sent(self, request: HttpRequest, rows: QuerySet[Letter]) -> None:
        self._decide(request, rows, state=Letter.State.SENT)

    def _decide(self, request: HttpRequest, rows: QuerySet[Letter], **changes: Any) -> None:
        open_ones = rows.filter(state__in=(Letter.State.UNCLEAR, Letter.State.FAILED))
        count = open_ones.update(decided_by=by(request), **changes)
        self.message_user(request, _("%d surel diputus.") % count, messages.SUCCESS)
