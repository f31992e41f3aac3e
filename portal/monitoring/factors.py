"""The second factor: an authenticator app (TOTP, RFC 6238, by pyotp), and recovery codes for its loss."""

from __future__ import annotations

import base64
import hashlib
import io
import secrets

import pyotp
import segno
from django.db import transaction
from django.utils import timezone

from portal.models import User
from portal.monitoring.models import RecoveryCode, SecondFactor

ISSUER = "Pantauan KPU"
STEP = 30  # seconds
DRIFT = 1  # steps that a clock may be off, either way
RECOVERY_CODES = 10
RECOVERY_BYTES = 10  # 80 bits each


def new_secret() -> str:
    return pyotp.random_base32()


def address_of(user: User, secret: str) -> str:
    """What the QR code holds: otpauth://totp/…"""
    return pyotp.TOTP(secret).provisioning_uri(name=user.get_username(), issuer_name=ISSUER)


def qr_svg(text: str) -> bytes:
    """The text as a QR code, an SVG of its own without styles and sizes: a long name makes finer squares."""
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", omitsize=True, border=4, dark="#000", light="#fff")
    return out.getvalue()


def step_of(secret: str, code: str, after: int = 0) -> int | None:
    """The time step whose code this is, if it is near now and later than `after`."""
    digits = "".join(code.split())
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return None
    totp, now = pyotp.TOTP(secret), int(timezone.now().timestamp()) // STEP
    for step in range(now - DRIFT, now + DRIFT + 1):
        if step > after and secrets.compare_digest(totp.at(step * STEP), digits):
            return step
    return None


def has_factor(user: User) -> bool:
    return SecondFactor.objects.filter(user=user).exists()


def must_have_factor(user: User) -> bool:
    """Whoever decides or administers; others may."""
    return user.role == User.Role.ADMIN or user.is_superuser or user.is_staff


@transaction.atomic
def install(user: User, secret: str, step: int) -> list[str]:
    """Take this secret into use; returns the recovery codes, which are shown once."""
    SecondFactor.objects.update_or_create(user=user, defaults={"secret": secret, "last_step": step})
    return new_recovery_codes(user)


@transaction.atomic
def remove(user: User) -> None:
    SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()


@transaction.atomic
def accept(user: User, code: str) -> bool:
    """Whether this is the present code of the app. Each is good once."""
    factor = SecondFactor.objects.select_for_update().filter(user=user).first()
    step = step_of(factor.secret, code, factor.last_step) if factor else None
    if factor is None or step is None:
        return False
    factor.last_step = step
    factor.save(update_fields=["last_step"])
    return True


def accept_recovery(user: User, code: str) -> bool:
    """Whether this is one of the recovery codes that is still good. It is not any more."""
    unused = RecoveryCode.objects.filter(user=user, used_at=None, sha256=_hash(code))
    return bool(unused.update(used_at=timezone.now()))


@transaction.atomic
def new_recovery_codes(user: User) -> list[str]:
    """New codes in place of all former ones."""
    RecoveryCode.objects.filter(user=user).delete()
    codes = [_code() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, sha256=_hash(code)) for code in codes)
    return codes


def codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def _code() -> str:
    text = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _hash(code: str) -> str:
    plain = "".join(c for c in code.lower() if c.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
