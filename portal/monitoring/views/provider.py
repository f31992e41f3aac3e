"""Signing in with the identity provider: off to it, and back."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from portal.monitoring import audit, gate, provider
from portal.monitoring.audit import Action
from portal.monitoring.gate import Half, Refused
from portal.monitoring.identities import Unmatched
from portal.monitoring.provider import Proven, ProviderFault
from portal.monitoring.views.entrance import goal_of, next_step, unmatched

log = logging.getLogger(__name__)


@never_cache
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """The way on is a page, not a redirect: what our forms may lead to (form-action) stays ourselves."""
    goal = _at_the_door(request)
    try:
        there = provider.begin(request, goal)
    except ProviderFault as fault:
        return _back(request, fault, goal)
    return render(request, "monitoring/leaving.html", {"there": there, "provider": settings.OIDC_NAME})


@never_cache
@require_GET
def come_back(request: HttpRequest) -> HttpResponse:
    _at_the_door(request)
    if request.user.is_authenticated:
        return redirect("monitoring:today")
    goal = request.session.get(provider.GOAL) or reverse("monitoring:today")
    try:
        proven = provider.finish(request)
    except ProviderFault as fault:
        return _back(request, fault, goal)
    with audit.acting(request):
        return _let_in(request, proven, goal)


def _at_the_door(request: HttpRequest) -> str:
    if not provider.is_on():
        raise Http404
    return goal_of(request)


def _let_in(request: HttpRequest, proven: Proven, goal: str) -> HttpResponse:
    try:
        found = gate.check_proven(proven)
    except Unmatched:
        return unmatched(request, proven.email)
    if isinstance(found, Refused):
        messages.error(request, found.message)
        return redirect(settings.LOGIN_URL)
    return next_step(request, Half(found, goal, proven))


def _back(request: HttpRequest, fault: ProviderFault, goal: str) -> HttpResponse:
    """To the first page, with what happened in words; there the password is still a way."""
    log.warning("sign-in by the identity provider: %s: %s", fault.code, fault)
    with audit.acting(request):
        audit.record(
            Action.SIGN_IN_FAILED,
            _("(akun tidak dikenal)"),
            reason=str(fault),
            via=gate.VIA,
            code=fault.code,
        )
    messages.error(request, _in_words(fault.code))
    return redirect(f"{settings.LOGIN_URL}?{urlencode({'next': goal})}")


def _in_words(code: str) -> str:
    said = {
        "denied": _("Anda tidak jadi masuk dengan %(provider)s."),
        "state": _(
            "Upaya masuk dengan %(provider)s ini sudah terpakai, kedaluwarsa, atau dimulai di peramban lain."
            " Mulai lagi dari halaman ini."
        ),
        "busy": _("Banyak orang sedang masuk dengan %(provider)s. Tunggu sebentar, lalu coba lagi."),
        **dict.fromkeys(
            ("token", "refused"),
            _(
                "Jawaban %(provider)s tidak dapat dibuktikan, jadi Anda belum masuk. Coba lagi, atau masuk"
                " dengan sandi; jika terulang, beri tahu admin KPU RI."
            ),
        ),
    }
    unreachable = _(
        "Penyedia %(provider)s sedang tidak dapat dihubungi. Coba lagi nanti, atau masuk dengan sandi."
    )
    return said.get(code, unreachable) % {"provider": settings.OIDC_NAME}
