"""One's own account: password, second factor, sessions."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from portal.monitoring import audit, factors, gate, identities, sessions
from portal.monitoring.access import staff, staff_user
from portal.monitoring.audit import Action
from portal.monitoring.forms import ChangePasswordForm, CodeForm


@sensitive_post_parameters("present", "password", "again")
@staff()
def account(request: HttpRequest) -> HttpResponse:
    user = staff_user(request)
    form = ChangePasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        _change_password(request, form.cleaned_data["password"])
        messages.success(request, _("Sandi diganti; sesi lain sudah diakhiri."))
        return redirect("monitoring:account")
    facts = {
        "form": form,
        "sessions": sessions.of(user),
        "this_session": request.session.session_key,
        "identity": identities.of(user),
        "has_factor": factors.has_factor(user),
        "must_have_factor": factors.must_have_factor(user),
        "codes_left": factors.codes_left(user),
        "code_form": CodeForm(auto_id="kode_%s"),
    }
    return render(request, "monitoring/account.html", facts)


def _change_password(request: HttpRequest, password: str) -> None:
    user, former = staff_user(request), request.session.session_key
    user.set_password(password)
    user.save(update_fields=["password"])
    expiry = request.session.get_expiry_date()
    update_session_auth_hash(request, user)
    request.session.set_expiry(expiry)
    sessions.renew(request, former)
    sessions.end(sessions.of(user).exclude(key=request.session.session_key or ""))
    audit.record(Action.PASSWORD_CHANGED, user.get_username(), thing=user)


@require_POST
@staff()
def end_sessions(request: HttpRequest) -> HttpResponse:
    """One of one's own sessions, or with no number all others."""
    user, number = staff_user(request), request.POST.get("sesi", "")
    rows = sessions.of(user).exclude(key=request.session.session_key or "")
    ended = sessions.end(rows.filter(pk=int(number)) if number.isdigit() else rows)
    if ended:
        audit.record(Action.SESSIONS_ENDED, user.get_username(), thing=user, count=ended)
    messages.success(request, _("%d sesi diakhiri.") % ended)
    return redirect("monitoring:account")


@require_POST
@staff()
def renew_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes; asked with a code of the app, for a session left open must not give them away."""
    return _with_code(request, _renew)


@require_POST
@staff()
def remove_factor(request: HttpRequest) -> HttpResponse:
    return _with_code(request, _remove)


def _with_code(request: HttpRequest, do: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    form = CodeForm(request.POST)
    code = form.cleaned_data["code"] if form.is_valid() else ""
    refused = gate.check_code(staff_user(request), code)
    if refused is not None:
        messages.error(request, refused.message)
        return redirect("monitoring:account")
    return do(request)


def _renew(request: HttpRequest) -> HttpResponse:
    user = staff_user(request)
    codes = factors.new_recovery_codes(user)
    audit.record(Action.RECOVERY_RENEWED, user.get_username(), thing=user)
    return render(request, "monitoring/recovery_codes.html", {"codes": codes, "goal": "/pantauan/akun"})


def _remove(request: HttpRequest) -> HttpResponse:
    user = staff_user(request)
    factors.remove(user)
    audit.record(Action.FACTOR_REMOVED, user.get_username(), thing=user)
    if factors.must_have_factor(user):
        messages.info(request, _("Pasang aplikasi yang baru: peran Anda mewajibkan faktor kedua."))
        return redirect("monitoring:set_up_factor")
    messages.success(request, _("Faktor kedua dicabut."))
    return redirect("monitoring:account")
