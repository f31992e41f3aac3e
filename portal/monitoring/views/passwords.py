"""A password by a mailed link: the first one of an invited account, and a new one for a forgotten one."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_q.tasks import async_task

from portal.models import User
from portal.monitoring import audit, letters, sessions, throttle
from portal.monitoring.audit import Action
from portal.monitoring.forms import ForgotForm, NewPasswordForm


@never_cache
def forgot(request: HttpRequest) -> HttpResponse:
    """Always the same answer, and the worker looks the account up: nothing tells whether there is one."""
    form = ForgotForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        if throttle.count(throttle.LETTERS, email).allowed:
            async_task("portal.monitoring.tasks.send_reset", email)
        messages.info(request, _("Jika ada akun dengan surel itu, tautan untuk sandi baru sudah dikirim."))
        return redirect(settings.LOGIN_URL)
    return render(request, "monitoring/forgot.html", {"form": form})


@never_cache
@sensitive_post_parameters("password", "again")
def set_password(request: HttpRequest, token: str) -> HttpResponse:
    found = letters.user_of(token)
    if found is None:
        return _no_referrer(render(request, "monitoring/stale_link.html", status=410))
    user, kind = found
    form = NewPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        _store(request, user, form.cleaned_data["password"])
        messages.success(request, _("Sandi tersimpan. Silakan masuk."))
        return redirect(settings.LOGIN_URL)
    facts = {"form": form, "account": user, "is_invitation": kind == letters.INVITATION}
    return _no_referrer(render(request, "monitoring/set_password.html", facts))


def _store(request: HttpRequest, user: User, password: str) -> None:
    """A new password ends every session, and every lock that somebody else's guesses brought."""
    user.set_password(password)
    user.save(update_fields=["password"])
    sessions.end(sessions.of(user))
    throttle.forget(throttle.ACCOUNT, user.get_username())
    with audit.acting(request):
        audit.record(Action.PASSWORD_CHANGED, user.get_username(), thing=user)


def _no_referrer(response: HttpResponse) -> HttpResponse:
    response.headers["Referrer-Policy"] = "no-referrer"  # the address is the secret
    return response
