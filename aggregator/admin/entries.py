"""Posts and the quarantine: to be read and decided on, never to be edited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aggregator import decide
from aggregator.admin.actions import ReadOnlyAdmin, ReasonForm, RowInline, by, each, reason
from aggregator.models import Entry, Quarantine, Revision


class RevisionInline(RowInline):
    """Every version, as plain text: what is held stays readable and harmless."""

    model = Revision
    fk_name = "entry"
    extra = 0
    can_delete = False
    fields = readonly_fields = ("number", "state", "seen_at", "public_at", "title", "text", "signals")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("id", "title", "satker", "state", "published_at", "first_seen_at", "released_at")
    list_display_links = ("id", "title")
    list_filter = (
        "state",
        ("gone_at", admin.EmptyFieldListFilter),
        "date_status",
        "origin",
        "satker__level",
        "province",
    )
    list_select_related = ("satker", "public_revision")
    search_fields = ("=id", "=guid", "=url", "=satker__code", "public_revision__title")
    search_help_text = gettext_lazy("Nomor, guid, alamat, kode satker, atau kata dalam judul yang terbit")
    ordering = ("-id",)
    inlines = (RevisionInline,)
    action_form = ReasonForm
    actions = ("quarantine", "release", "withdraw")

    @admin.display(description=gettext_lazy("judul"))
    def title(self, entry: Entry) -> str:
        return entry.public_revision.title if entry.public_revision else f"({entry.get_state_display()})"

    @admin.action(description=gettext_lazy("Tahan"))
    def quarantine(self, request: HttpRequest, rows: QuerySet[Entry]) -> None:
        each(
            self,
            request,
            rows,
            lambda entry: decide.quarantine_entry(entry, by(request), reason(request)),
            _("%d berita ditahan."),
        )

    @admin.action(description=gettext_lazy("Lepaskan"))
    def release(self, request: HttpRequest, rows: QuerySet[Entry]) -> None:
        each(
            self,
            request,
            rows,
            lambda entry: decide.release_entry(entry, by(request), reason(request)),
            _("%d berita dilepas."),
        )

    @admin.action(description=gettext_lazy("Tarik"))
    def withdraw(self, request: HttpRequest, rows: QuerySet[Entry]) -> None:
        each(
            self,
            request,
            rows,
            lambda entry: decide.withdraw_entry(entry, by(request), reason(request)),
            _("%d berita ditarik."),
        )


@admin.register(Quarantine)
class QuarantineAdmin(ReadOnlyAdmin):
    list_display = (
        "title",
        "satker",
        "points",
        "why",
        "held_at",
        "state",
        "decided_by",
        "decided_at",
        "reason",
    )
    list_filter = ("state", ("reported_at", admin.EmptyFieldListFilter), "entry__satker__province")
    list_select_related = ("entry__satker", "revision")
    search_fields = ("revision__title", "=entry__id", "=entry__satker__code", "decided_by", "reason")
    search_help_text = gettext_lazy("Judul, nomor berita, kode satker, petugas, atau alasan")
    action_form = ReasonForm
    actions = ("release", "reject", "report")

    @admin.display(description=gettext_lazy("judul"), ordering="revision__title")
    def title(self, row: Quarantine) -> str:
        return row.revision.title

    @admin.display(description=gettext_lazy("satker"), ordering="entry__satker__code")
    def satker(self, row: Quarantine) -> str:
        return row.entry.satker.name

    @admin.display(description=gettext_lazy("tanda"))
    def why(self, row: Quarantine) -> str:
        return "; ".join(f"{signal.get('code')} {signal.get('points', 0):g}" for signal in row.signals)

    @admin.action(description=gettext_lazy("Lepaskan"))
    def release(self, request: HttpRequest, rows: QuerySet[Quarantine]) -> None:
        each(
            self,
            request,
            _held(rows),
            lambda row: decide.release_entry(row.entry, by(request), reason(request)),
            _("%d berita dilepas."),
        )

    @admin.action(description=gettext_lazy("Tolak"))
    def reject(self, request: HttpRequest, rows: QuerySet[Quarantine]) -> None:
        each(
            self,
            request,
            _held(rows),
            lambda row: decide.reject_entry(row.entry, by(request), reason(request)),
            _("%d berita ditolak."),
        )

    @admin.action(description=gettext_lazy("Tandai dilaporkan ke CSIRT"))
    def report(self, request: HttpRequest, rows: QuerySet[Quarantine]) -> None:
        try:
            marked = decide.mark_reported(rows, by(request), reason(request))
        except decide.DecisionRefused as refused:
            self.message_user(request, refused.message, messages.ERROR)
        else:
            self.message_user(request, _("%d kasus ditandai sudah dilaporkan.") % marked)


def _held(rows: QuerySet[Quarantine]) -> list[Quarantine]:
    """Open rows only, one an entry: a decision closes all rows of its entry."""
    held = rows.filter(state=Quarantine.State.HELD).select_related("entry").order_by("id")
    return list({row.entry_id: row for row in held}.values())
