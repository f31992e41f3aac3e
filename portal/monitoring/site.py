"""The Django admin as one more staff page: our sign-in, our audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from portal.models import User
from portal.monitoring import audit
from portal.monitoring.audit import Action

LONGEST = 300  # characters of a value that the log keeps


class Audited:
    """Mixed into every ModelAdmin: what a form changed goes to the audit log, old value and new."""

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        names = [] if add else form.changed_data
        request.audit_changes = {name: _before_after(form, name) for name in names}  # type: ignore[attr-defined]
        return super().construct_change_message(request, form, formsets, add)  # type: ignore[misc]

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        audit.record(Action.ADMIN_ADD, request.user.get_username(), thing=obj)
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        if "action" not in request.POST or not _was_told(request):
            changes = getattr(request, "audit_changes", {})
            said = {"done": request.POST["action"]} if "action" in request.POST else {"changes": changes}
            reason = request.POST.get("reason", "")
            audit.record(Action.ADMIN_CHANGE, request.user.get_username(), thing=obj, reason=reason, **said)
            request.audit_told = audit.written()  # type: ignore[attr-defined]
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Model]) -> Any:
        for obj in queryset:
            audit.record(Action.ADMIN_DELETE, request.user.get_username(), thing=obj)
        return super().log_deletions(request, queryset)  # type: ignore[misc]


class StaffSite(admin.AdminSite):
    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        base = admin_class or admin.ModelAdmin
        audited = type(base.__name__, (Audited, base), {"__module__": base.__module__})
        super().register(model_or_iterable, audited, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return isinstance(user, User) and user.role == User.Role.ADMIN and super().has_permission(request)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if request.user.is_authenticated:
            return redirect("monitoring:today")
        return redirect_to_login(request.GET.get("next") or request.get_full_path())

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        from portal.monitoring.views.entrance import sign_out

        return sign_out(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("monitoring:account")

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        def audited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with audit.acting(request) as who:
                response: HttpResponseBase = inner(request, *args, **kwargs)
                if request.method == "POST" and response.status_code == 302 and not who.written:
                    _record_action(request)
            return response

        audited.admin_site = self  # type: ignore[attr-defined]
        return audited


def _record_action(request: HttpRequest) -> None:
    """What changed rows without a form: an action on a list, an import."""
    if request.user.is_authenticated:
        chosen = request.POST.getlist("_selected_action")
        audit.record(
            Action.ADMIN_ACTION,
            request.user.get_username(),
            name=request.path,
            reason=request.POST.get("reason", ""),
            done=request.POST.get("action", ""),
            rows=chosen[:100],
        )


def _was_told(request: HttpRequest) -> bool:
    """Whether the decision itself has already written its row for this object."""
    now, before = audit.written(), getattr(request, "audit_told", 0)
    request.audit_told = now  # type: ignore[attr-defined]
    return now > before


def _before_after(form: Any, name: str) -> list[str]:
    if "password" in name:
        return ["…", "…"]
    return [str(form.initial.get(name, ""))[:LONGEST], str(form.cleaned_data.get(name, ""))[:LONGEST]]
