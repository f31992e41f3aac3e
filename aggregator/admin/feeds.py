"""Inbound feeds, every attempt to read them, and what is known to be missing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aggregator import approve, links
from aggregator.admin.actions import ReadOnlyAdmin, ReasonForm, RowAdmin, RowForm, by, each, reason
from aggregator.models import Feed, FetchLog, Gap


class FeedForm(RowForm):
    def clean_url(self) -> str:
        url = links.absolute(self.cleaned_data["url"])
        if not url:
            raise forms.ValidationError(_("Hanya alamat http dan https yang dapat menjadi umpan."))
        return url


@admin.register(Feed)
class FeedAdmin(RowAdmin):
    """A feed that is added here is a candidate; “Pakai umpan” approves its host and takes it into use."""

    list_display = (
        *("url", "satker", "state", "replaces", "last_success_at", "failures", "error_code", "next_check_at"),
        "moved_to",
    )
    list_filter = ("state", "error_code", "satker__level", "satker__province")
    list_select_related = ("satker", "replaces")
    search_fields = ("url", "satker__name", "=satker__code")
    search_help_text = gettext_lazy("Alamat, nama satker, atau kode")
    autocomplete_fields = ("satker",)
    show_full_result_count = False
    form = FeedForm
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    action_form = ReasonForm
    actions = ("confirm", "move", "check_now", "disable")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ["satker", "url"]
        return [
            f.name for f in Feed._meta.fields if f.name not in ("id", "lease", "body_sha256", "moved_seen")
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj) if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Feed, form: Any, change: bool) -> None:
        if not change:
            obj.state = Feed.State.CANDIDATE
            super().save_model(request, obj, form, change)

    @admin.action(description=gettext_lazy("Pakai umpan (menyetujui hostnya)"))
    def confirm(self, request: HttpRequest, rows: QuerySet[Feed]) -> None:
        each(
            self,
            request,
            rows.select_related("satker"),
            lambda feed: approve.confirm_feed(feed, by(request)),
            _("%d umpan dipakai."),
        )

    @admin.action(description=gettext_lazy("Pindahkan ke alamat yang dinyatakan situs"))
    def move(self, request: HttpRequest, rows: QuerySet[Feed]) -> None:
        def one(feed: Feed) -> None:
            approve.move_feed(feed, by(request))

        each(self, request, rows, one, _("%d umpan dipindahkan."))

    @admin.action(description=gettext_lazy("Periksa sekarang"))
    def check_now(self, request: HttpRequest, rows: QuerySet[Feed]) -> None:
        due = rows.active().filter(lease="").update(next_check_at=timezone.now())  # type: ignore[attr-defined]
        self.message_user(request, _("%d umpan akan segera diperiksa.") % due)

    @admin.action(description=gettext_lazy("Matikan umpan"))
    def disable(self, request: HttpRequest, rows: QuerySet[Feed]) -> None:
        def one(feed: Feed) -> None:
            approve.disable_feed(feed, by(request), reason(request))

        each(self, request, rows, one, _("%d umpan dimatikan."))


@admin.register(FetchLog)
class FetchLogAdmin(ReadOnlyAdmin):
    list_display = ("feed", "started_at", "outcome", "status", "new", "changed", "error_code", "message")
    list_filter = ("outcome", "error_code")
    list_select_related = ("feed",)
    search_fields = ("feed__url", "=feed__satker__code")


@admin.register(Gap)
class GapAdmin(ReadOnlyAdmin):
    list_display = ("feed", "from_at", "to_at", "about", "found_at", "filled_at", "tries", "next_try_at")
    list_filter = (("filled_at", admin.EmptyFieldListFilter), "feed__satker__province")
    list_select_related = ("feed",)
    search_fields = ("feed__url", "=feed__satker__code")
