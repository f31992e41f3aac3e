"""Who is at the door: a password or the word of an identity provider, then a code. Nobody is signed in
before everything is proven."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.models import User
from portal.monitoring import audit, factors, identities, throttle
from portal.monitoring.audit import Action
from portal.monitoring.identities import Unmatched
from portal.monitoring.provider import Proven
from portal.templatetags.berita import clock

HALF = "half"  # session key of whoever has given the password, or was proven, and still owes the code
HALF_SECONDS = 600
VIA = "oidc"  # in the log: not by password


@dataclass(frozen=True, slots=True)
class Refused:
    """A sentence for the form; it never tells whether the account exists."""

    message: str


@dataclass(frozen=True, slots=True)
class Half:
    """Who still owes the code, where they want to go, and whom the provider saw if they came from there."""

    user: User
    goal: str
    proven: Proven | None = None


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


def check_proven(proven: Proven) -> User | Refused:
    """The account of whom the provider has seen, unless it is locked. Raises Unmatched."""
    try:
        user = identities.account_of(proven)
    except Unmatched as error:
        refuse(error, proven)
        raise
    verdict = throttle.count(throttle.ACCOUNT, user.get_username())
    if not verdict.allowed:
        audit.record(
            Action.SIGN_IN_LOCKED, user.get_username(), thing=user, limit=throttle.ACCOUNT.name, via=VIA
        )
        return _locked(verdict.until)
    throttle.forget(throttle.ACCOUNT, user.get_username())
    return user


def refuse(error: Unmatched, proven: Proven) -> None:
    """Who was seen stands in the log, so that an admin can help; the person is not told why."""
    audit.record(
        Action.SIGN_IN_FAILED,
        proven.email or _("(akun tidak dikenal)"),
        thing=error.user,
        reason=str(error),
        via=VIA,
        code=error.code,
        subject=proven.subject,
    )


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


def remember(request: HttpRequest, half: Half) -> None:
    """The first proof was right; what is still owed must come soon, in a session with a new key."""
    request.session.flush()
    request.session[HALF] = {
        "user": half.user.pk,
        "at": timezone.now().timestamp(),
        "goal": half.goal,
        "proven": half.proven and asdict(half.proven),
    }
    request.session.set_expiry(HALF_SECONDS)


def remembered(request: HttpRequest) -> Half | None:
    """Who gave the first proof a moment ago."""
    half = request.session.get(HALF)
    if not half or timezone.now().timestamp() - half["at"] > HALF_SECONDS:
        return None
    user = User.objects.filter(pk=half["user"], is_active=True).first()
    proven = half.get("proven")
    return Half(user, half["goal"], Proven(**proven) if proven else None) if user else None


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
