"""What the search takes for the same, as staff edit it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from aggregator.admin.actions import RowAdmin, by
from aggregator.models import PortalState, Synonym
from aggregator.search import synonyms


@admin.register(Synonym)
class SynonymAdmin(RowAdmin):
    """Works from the next question on: here at once, on other nodes within a minute. No new index."""

    list_display = ("__str__", "note", "changed_by", "changed_at")
    list_filter = ("is_off",)
    search_fields = ("forms", "note")
    search_help_text = gettext_lazy("Salah satu bentuk, atau kata dalam catatan")
    readonly_fields = ("changed_by", "changed_at")

    def save_model(self, request: HttpRequest, obj: Synonym, form: Any, change: bool) -> None:
        obj.changed_by = by(request)
        super().save_model(request, obj, form, change)
        _noticed()

    def delete_model(self, request: HttpRequest, obj: Synonym) -> None:
        super().delete_model(request, obj)
        _noticed()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Synonym]) -> None:
        super().delete_queryset(request, queryset)
        _noticed()


def _noticed() -> None:
    synonyms.forget()
    PortalState.bump()  # pages kept by the old table are made anew
