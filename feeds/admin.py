"""The hub's subscriptions, to look at and to end."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from aggregator.admin.actions import RowAdmin
from feeds.models import Intent, Lease


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
