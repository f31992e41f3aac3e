"""Who is at the door: a password, then a code. Nobody is signed in before everything is proven."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.models import User
from portal.monitoring import audit, factors, throttle
from portal.monitoring.audit import Action
from portal.templatetags.berita import clock

HALF = "half"  # session key of whoever has given the password and still owes the code
HALF_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Refused:
    """A sentence for the form; it never tells whether the account exists."""

    message: str


def check_password(request: HttpRequest, username: str, password: str) -> User | Refused:
    """The account, if the password is its own and it is not locked. (How much one network address may try
    is limited for all pages alike, in portal/limits.py.)"""
    verdict = throttle.count(throttle.ACCOUNT, username)
    if not verdict.allowed:
        if verdict.just_locked:
            audit.record(Action.SIGN_IN_LOCKED, _known(username), limit=throttle.ACCOUNT.name)
        return _locked(verdict.until)
    user = authenticate(request, username=_username(username), password=password)
    if not isinstance(user, User):
        audit.record(Action.SIGN_IN_FAILED, _known(username))
        return Refused(_("Nama akun atau sandi keliru."))
    throttle.forget(throttle.ACCOUNT, username)
    return user


def check_code(user: User, code: str) -> Refused | None:
    """None if the code is good: of the app, or one for recovery."""
    verdict = throttle.count(throttle.FACTOR, str(user.pk))
    if not verdict.allowed:
        if verdict.just_locked:
            audit.record(Action.SIGN_IN_LOCKED, user.get_username(), thing=user, limit=throttle.FACTOR.name)
        return _locked(verdict.until)
    if factors.accept(user, code):
        throttle.forget(throttle.FACTOR, str(user.pk))
        return None
    if factors.accept_recovery(user, code):
        throttle.forget(throttle.FACTOR, str(user.pk))
        left = factors.codes_left(user)
        audit.record(Action.RECOVERY_USED, user.get_username(), thing=user, left=left)
        return None
    audit.record(Action.SIGN_IN_FAILED, user.get_username(), thing=user, at="kode")
    return Refused(_("Kode keliru atau sudah dipakai. Tunggu kode berikutnya, lalu coba lagi."))


def remember(request: HttpRequest, user: User, goal: str) -> None:
    """The password was right; what is still owed must come soon, in a session with a new key."""
    request.session.flush()
    request.session[HALF] = {"user": user.pk, "at": timezone.now().timestamp(), "goal": goal}
    request.session.set_expiry(HALF_SECONDS)


def remembered(request: HttpRequest) -> tuple[User, str] | None:
    """Who gave the password a moment ago, and where they want to go."""
    half = request.session.get(HALF)
    if not half or timezone.now().timestamp() - half["at"] > HALF_SECONDS:
        return None
    user = User.objects.filter(pk=half["user"], is_active=True).first()
    return (user, half["goal"]) if user else None


def _locked(until: datetime | None) -> Refused:
    return Refused(
        _("Terlalu banyak percobaan. Coba lagi setelah pukul %s.") % clock(until or timezone.now())
    )


def _username(typed: str) -> str:
    """Accounts are found by name, or by an e-mail address that only one of them has."""
    if "@" in typed and not User.objects.filter(username=typed).exists():
        found = list(User.objects.filter(email__iexact=typed).values_list("username", flat=True)[:2])
        if len(found) == 1:
            return found[0]
    return typed


def _known(typed: str) -> str:
    """What was typed, if it is an account: a password in the wrong field must not be kept."""
    name = _username(typed)
    return name if User.objects.filter(username=name).exists() else _("(akun tidak dikenal)")
