"""The one way in: password (or the identity provider, see provider.py), then code; and the way out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from portal.models import User
from portal.monitoring import audit, factors, gate, identities, provider, sessions
from portal.monitoring.audit import Action
from portal.monitoring.forms import AppCodeForm, CodeForm, SignInForm
from portal.monitoring.gate import Half
from portal.monitoring.identities import Unmatched
from portal.monitoring.models import StaffSession

NEW_SECRET = "new_secret"  # noqa: S105 - session key of a secret that is not yet in use


@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    goal = goal_of(request)
    if request.user.is_authenticated:
        return redirect(goal)
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with audit.acting(request):
            found = gate.check_password(request, form.cleaned_data["username"], form.cleaned_data["password"])
            if isinstance(found, User):
                return next_step(request, Half(found, goal))
        form.add_error(None, found.message)
    facts = {"form": form, "goal": goal, "provider": settings.OIDC_NAME if provider.is_on() else ""}
    return render(request, "monitoring/sign_in.html", facts)


@never_cache
def second_factor(request: HttpRequest) -> HttpResponse:
    """The code of whoever has given the first proof."""
    half = gate.remembered(request)
    if half is None:
        return _begin_again(request)
    form = CodeForm(request.POST or None)
    form.fields["code"].widget.attrs["autofocus"] = True
    if request.method == "POST" and form.is_valid():
        with audit.acting(request):
            refused = gate.check_code(half.user, form.cleaned_data["code"])
            if refused is None:
                return _enter(request, half)
        form.add_error("code", refused.message)
    return render(request, "monitoring/second_factor.html", {"form": form})


@never_cache
def set_up_factor(request: HttpRequest) -> HttpResponse:
    """A new authenticator app: at the door for those who must have one, later for those who want to."""
    half = None if request.user.is_authenticated else gate.remembered(request)
    user = request.user if isinstance(request.user, User) else half.user if half else None
    if user is None:
        return _begin_again(request)
    if factors.has_factor(user):
        return redirect("monitoring:account" if half is None else "monitoring:second_factor")
    secret = request.session.setdefault(NEW_SECRET, factors.new_secret())
    form = AppCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        step = factors.step_of(secret, form.cleaned_data["code"])
        if step is not None:
            return _install(request, half or Half(user, ""), secret, step)
        form.add_error("code", _("Kode tidak cocok. Periksa jam telepon Anda, lalu ketik kode yang terbaru."))
    svg = factors.qr_svg(factors.address_of(user, secret)).decode()
    picture = mark_safe(svg[svg.index("<svg") :])
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return render(
        request, "monitoring/set_up_factor.html", {"form": form, "picture": picture, "secret": groups}
    )


@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        with audit.acting(request):
            audit.record(Action.SIGN_OUT, request.user.get_username(), thing=request.user)
        StaffSession.objects.filter(key=request.session.session_key or "").delete()
    logout(request)
    return redirect(settings.LOGIN_URL)


def next_step(request: HttpRequest, half: Half) -> HttpResponse:
    """After the first proof: the code, unless the provider has proven a second factor of its own."""
    if half.proven and half.proven.has_second_factor:
        return _enter(request, half)
    if factors.has_factor(half.user):
        gate.remember(request, half)
        return redirect("monitoring:second_factor")
    if factors.must_have_factor(half.user):
        gate.remember(request, half)
        return redirect("monitoring:set_up_factor")
    return _enter(request, half)


def unmatched(request: HttpRequest, email: str) -> HttpResponse:
    """One page for every reason: it tells nobody which accounts there are."""
    facts = {"provider": settings.OIDC_NAME, "email": email}
    return render(request, "monitoring/unmatched.html", facts, status=403)


def _enter(request: HttpRequest, half: Half) -> HttpResponse:
    user, proven = half.user, half.proven
    if proven is not None:
        try:
            identities.bind(user, proven)
        except Unmatched as error:
            gate.refuse(error, proven)
            request.session.flush()
            return unmatched(request, proven.email)
    sessions.begin(request, user)
    how: dict[str, Any] = {"via": gate.VIA} if proven else {}
    audit.record(Action.SIGN_IN, user.get_username(), thing=user, **how)
    return redirect(half.goal)


def _install(request: HttpRequest, half: Half, secret: str, step: int) -> HttpResponse:
    """The codes are on the answer itself: they are nowhere else."""
    user, goal = half.user, half.goal
    with audit.acting(request):
        codes = factors.install(user, secret, step)
        audit.record(Action.FACTOR_SET, user.get_username(), thing=user)
        if request.user.is_authenticated:
            former = request.session.session_key
            request.session.pop(NEW_SECRET, None)
            request.session.cycle_key()
            sessions.renew(request, former)
        else:
            entered = _enter(request, half)
            if entered.status_code == 403:
                return entered
    return render(
        request,
        "monitoring/recovery_codes.html",
        {"codes": codes, "goal": goal or reverse("monitoring:account")},
    )


def _begin_again(request: HttpRequest) -> HttpResponse:
    messages.info(request, _("Masukkan nama akun dan sandi Anda lebih dahulu."))
    return redirect(settings.LOGIN_URL)


def goal_of(request: HttpRequest) -> str:
    """Where the reader wanted to go, if that is a staff page here."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe and wanted.startswith("/pantauan") else reverse("monitoring:today")
