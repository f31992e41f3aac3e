"""Links that are mailed to staff: an invitation, a new password. Signed, expiring, and good once, because
what they sign includes the password that they replace."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from portal.models import User

SALT = "pantauan.sandi"
INVITATION = "undangan"
RESET = "sandi"
AGES = {INVITATION: timedelta(days=7), RESET: timedelta(hours=1)}


def token_of(user: User, kind: str) -> str:
    return signing.dumps({"u": user.pk, "k": kind, "f": _fingerprint(user)}, salt=SALT)


def user_of(token: str) -> tuple[User, str] | None:
    """Whose link this is, and of which kind; None when it is not ours, has run out, or was used."""
    try:
        said = signing.loads(token, salt=SALT, max_age=max(AGES.values()))
        signing.loads(token, salt=SALT, max_age=AGES[said["k"]])
        user = User.objects.get(pk=said["u"], is_active=True)
    except (signing.BadSignature, User.DoesNotExist, KeyError, TypeError):
        return None
    return (user, said["k"]) if constant_time_compare(said["f"], _fingerprint(user)) else None


def send(user: User, kind: str, by: str = "") -> None:
    """Mail the link. Raises what the mail server raises."""
    subject = _("Undangan ke Pantauan KPU") if kind == INVITATION else _("Sandi baru untuk Pantauan KPU")
    link = settings.BASE_URL + reverse("monitoring:set_password", args=[token_of(user, kind)])
    facts = {
        "user": user,
        "link": link,
        "by": by,
        "kind": kind,
        "hours": int(AGES[kind].total_seconds() / 3600),
    }
    send_mail(subject, render_to_string("monitoring/letter.txt", facts), None, [user.email])


def _fingerprint(user: User) -> str:
    """Changes with the password, the address, and each time somebody signs in."""
    said = f"{user.pk}|{user.password}|{user.email}|{user.last_login}"
    return salted_hmac(SALT, said, algorithm="sha256").hexdigest()[:32]
