"""Satker, their hosts, and the subjects of posts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.admin import ImportExportMixin

from aggregator import approve, decide, links
from aggregator.admin.actions import ReadOnlyAdmin, ReasonForm, RowAdmin, RowForm, RowInline, by, each, reason
from aggregator.admin.exchange import RegistryFile, RegistryImportForm, SatkerResource
from aggregator.errors import RegistryError
from aggregator.models import Feed, PortalState, Province, Satker, SatkerHold, SatkerHost, Stage, Topic
from aggregator.registry.reference import slug


def is_host(name: str) -> bool:
    """An exact host name as it is compared: lower case, punycode, without port."""
    return links.host(f"https://[{name}]/" if ":" in name else f"https://{name}/") == name


class HostnameForm(RowForm):
    def clean_hostname(self) -> str:
        hostname = str(self.cleaned_data["hostname"]).strip().lower()
        if hostname and not is_host(hostname):
            raise forms.ValidationError(
                _("“%s” bukan nama host; tulislah tanpa https:// dan tanpa port.") % hostname
            )
        return hostname


class HostInline(RowInline):
    model = SatkerHost
    extra = 0
    can_delete = False
    fields = readonly_fields = ("hostname", "state", "reason", "decided_by", "decided_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class FeedInline(RowInline):
    model = Feed
    extra = 0
    can_delete = False
    show_change_link = True
    fields = readonly_fields = ("url", "state", "last_success_at", "failures", "error_message")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Satker)
class SatkerAdmin(ImportExportMixin, RowAdmin):  # type: ignore[misc]
    """Rows are added and renamed by a registry file; a hold is a decision of its own."""

    list_display = ("code", "name", "hostname", "hostname_evidence", "migration_status", "trust", "is_hidden")
    list_filter = (
        "level",
        "hostname_evidence",
        "migration_status",
        "trust",
        "is_hidden",
        "timezone",
        "province",
    )
    search_fields = ("=code", "name", "hostname")
    search_help_text = gettext_lazy("Kode, nama, atau host")
    ordering = ("code",)
    form = HostnameForm
    readonly_fields = ("code", "parent", "level", "kind", "province", "slug", "is_hidden")
    inlines = (HostInline, FeedInline)
    action_form = ReasonForm
    actions = ("hold", "hide", "release")

    resource_classes = [SatkerResource]
    formats = [RegistryFile]
    import_form_class = RegistryImportForm
    from_encoding = "utf-8-sig"
    skip_export_form = True
    import_template_name = "aggregator/import_satker.html"
    import_export_change_list_template = "aggregator/satker_list.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().process_import(request, **kwargs)
        except (RegistryError, OSError) as error:  # the registry changed, or the kept file is gone
            self.message_user(request, _("Impor dibatalkan: %s") % error, messages.ERROR)
            return redirect("admin:aggregator_satker_import")
        return response

    def add_success_message(self, result: Any, request: HttpRequest) -> None:
        totals = result.totals
        self.message_user(
            request,
            _("Impor selesai: %(new)d satker baru, %(changed)d berubah, %(same)d tetap.")
            % {"new": totals["new"], "changed": totals["update"], "same": totals["skip"]},
            messages.SUCCESS,
        )

    def save_model(self, request: HttpRequest, obj: Satker, form: Any, change: bool) -> None:
        obj.slug = slug(obj.name)
        super().save_model(request, obj, form, change)
        if {"hostname", "hostname_evidence"} & set(form.changed_data) and obj.hostname:
            if obj.hostname_evidence != Satker.HostEvidence.PATTERN:
                approve.approve_host(obj, obj.hostname, by(request), _("dipastikan di data satker"))
            else:
                SatkerHost.objects.get_or_create(
                    satker=obj, hostname=obj.hostname, defaults={"state": SatkerHost.State.PROPOSED}
                )
        PortalState.bump()

    @admin.action(description=gettext_lazy("Tahan kiriman baru"))
    def hold(self, request: HttpRequest, rows: QuerySet[Satker]) -> None:
        each(
            self,
            request,
            rows,
            lambda one: decide.hold_satker(one, by(request), reason(request)),
            _("%d satker ditahan."),
        )

    @admin.action(description=gettext_lazy("Tahan dan sembunyikan semua berita"))
    def hide(self, request: HttpRequest, rows: QuerySet[Satker]) -> None:
        def one(satker: Satker) -> None:
            decide.hold_satker(satker, by(request), reason(request), hide_all=True)

        each(self, request, rows, one, _("%d satker ditahan dan disembunyikan."))

    @admin.action(description=gettext_lazy("Akhiri penahanan"))
    def release(self, request: HttpRequest, rows: QuerySet[Satker]) -> None:
        each(
            self,
            request,
            rows,
            lambda one: decide.release_satker(one, by(request), reason(request)),
            _("%d satker dilepas."),
        )


@admin.register(SatkerHost)
class SatkerHostAdmin(RowAdmin):
    """A new row waits; only the actions approve and revoke, so that each has a name."""

    list_display = ("hostname", "satker", "state", "reason", "decided_by", "decided_at")
    list_filter = ("state", "satker__level", "satker__province")
    list_select_related = ("satker",)
    search_fields = ("hostname", "satker__name", "=satker__code")
    autocomplete_fields = ("satker",)
    form = HostnameForm
    fields = ("satker", "hostname", "reason", "state", "decided_by", "decided_at")
    action_form = ReasonForm
    actions = ("approve", "revoke")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        decided = ("state", "decided_by", "decided_at")
        return (*decided, "satker", "hostname", "reason") if obj else decided

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: SatkerHost, form: Any, change: bool) -> None:
        if not change:
            obj.state = SatkerHost.State.PROPOSED
        super().save_model(request, obj, form, change)

    @admin.action(description=gettext_lazy("Setujui host"))
    def approve(self, request: HttpRequest, rows: QuerySet[SatkerHost]) -> None:
        def one(host: SatkerHost) -> None:
            approve.approve_host(host.satker, host.hostname, by(request), reason(request))

        each(self, request, rows.select_related("satker"), one, _("%d host disetujui."))

    @admin.action(description=gettext_lazy("Cabut persetujuan"))
    def revoke(self, request: HttpRequest, rows: QuerySet[SatkerHost]) -> None:
        each(
            self,
            request,
            rows,
            lambda one: approve.revoke_host(one, by(request), reason(request)),
            _("%d host dicabut."),
        )


@admin.register(SatkerHold)
class SatkerHoldAdmin(ReadOnlyAdmin):
    list_display = ("satker", "hide_all", "reason", "started_by", "started_at", "ended_by", "ended_at")
    list_filter = ("hide_all", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("satker",)
    search_fields = ("satker__name", "=satker__code", "reason", "started_by")


@admin.register(Province)
class ProvinceAdmin(ReadOnlyAdmin):
    list_display = ("code", "name", "abbr", "timezone")
    search_fields = ("name",)


class SubjectAdmin(RowAdmin):
    """The slug is an address that others hold: it is given once."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        PortalState.bump()


@admin.register(Topic)
class TopicAdmin(SubjectAdmin):
    list_display = ("position", "name", "slug")
    list_display_links = ("name",)


@admin.register(Stage)
class StageAdmin(SubjectAdmin):
    list_display = ("name", "election", "start", "end", "slug")
    list_filter = ("election",)
    search_fields = ("name",)
