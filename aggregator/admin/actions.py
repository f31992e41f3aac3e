"""Actions on many rows that ask for a reason, and rows that only can be looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aggregator.errors import PortalError

if TYPE_CHECKING:  # Django's own classes take no type parameter at run time
    RowAdmin = admin.ModelAdmin[Any]
    RowInline = admin.TabularInline[Any, Any]
    RowForm = forms.ModelForm[Any]
else:
    RowAdmin, RowInline, RowForm = admin.ModelAdmin, admin.TabularInline, forms.ModelForm


class ReasonForm(ActionForm):
    """Beside the choice of an action: why."""

    reason = forms.CharField(label=gettext_lazy("Alasan:"), required=False, max_length=500)


class ReadOnlyAdmin(RowAdmin):
    """Rows that the pipeline or a decision writes, never a form."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.model._meta.fields if not field.primary_key]


def by(request: HttpRequest) -> str:
    """The name under which a decision is recorded."""
    return request.user.get_username()


def reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "")


def each(
    model_admin: RowAdmin,
    request: HttpRequest,
    rows: Iterable[Any],
    decide: Callable[[Any], object],
    done: str,
) -> None:
    """Take one decision on every chosen row; each that is refused says why, the others stand. `done` is a
    sentence with one %d."""
    count = 0
    for row in rows:
        try:
            decide(row)
        except PortalError as refused:
            model_admin.message_user(request, refused.message, messages.ERROR)
        else:
            count += 1
            _log(model_admin, request, row)
    if count:
        model_admin.message_user(request, done % count, messages.SUCCESS)


def _log(model_admin: RowAdmin, request: HttpRequest, row: Model) -> None:
    words = _("%(action)s. Alasan: %(reason)s") % {
        "action": request.POST.get("action", ""),
        "reason": reason(request) or "-",
    }
    model_admin.log_change(request, row, words)
