"""Moves of satker to new sites: announced by a form, carried out by the worker."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aggregator import moves
from aggregator.admin.actions import ReadOnlyAdmin, RowForm, by, each
from aggregator.errors import PortalError
from aggregator.models import SatkerMove


class MoveForm(RowForm):
    """Announcing is one decision; what it refuses is told on the form."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                data["hostname"] = moves.checked(data["satker"], data["hostname"], data.get("feed_url") or "")
            except PortalError as refused:
                raise forms.ValidationError(refused.message) from refused
        return data


@admin.register(SatkerMove)
class SatkerMoveAdmin(ReadOnlyAdmin):
    """Adding a row announces a move. “Alihkan” lets the worker carry it out within minutes."""

    list_display = ("satker", "hostname", "state", "announced_at", "ended_at", "known", "new", "problem")
    list_filter = ("state", "satker__province")
    list_select_related = ("satker",)
    search_fields = ("hostname", "satker__name", "=satker__code")
    autocomplete_fields = ("satker",)
    form = MoveForm
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    actions = ("cut_over", "cancel")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("aggregator.add_satkermove"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fields(request, obj) if obj else ["satker", "hostname", "feed_url", "reason"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return super().get_readonly_fields(request, obj) if obj else []

    def save_model(self, request: HttpRequest, obj: SatkerMove, form: Any, change: bool) -> None:
        if not change:
            made = moves.announce(
                obj.satker, obj.hostname, by(request), feed_url=obj.feed_url, reason=obj.reason
            )
            obj.__dict__.update(made.__dict__)

    @admin.action(description=gettext_lazy("Alihkan ke situs baru"))
    def cut_over(self, request: HttpRequest, rows: QuerySet[SatkerMove]) -> None:
        each(
            self,
            request,
            rows.select_related("satker"),
            lambda move: moves.order(move, by(request)),
            _("%d perpindahan akan dijalankan dalam beberapa menit."),
        )

    @admin.action(description=gettext_lazy("Batalkan"))
    def cancel(self, request: HttpRequest, rows: QuerySet[SatkerMove]) -> None:
        each(
            self,
            request,
            rows.select_related("satker"),
            lambda move: moves.cancel(move, by(request)),
            _("%d perpindahan dibatalkan."),
        )
