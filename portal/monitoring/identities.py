"""Whose account it is that an identity provider has seen: the one bound to its subject, or before that the
one with its verified official address. No account is made here and no role given: invitations do that."""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, transaction

from aggregator.errors import PortalError
from portal.models import User
from portal.monitoring import audit
from portal.monitoring.audit import Action
from portal.monitoring.models import Identity
from portal.monitoring.provider import Proven


class Unmatched(PortalError):
    """Codes: `unverified` no verified address, `unknown` no account has it, `ambiguous` several have, `taken`
    the account is bound to another subject, `inactive`. For the log; `user` is the account in question."""

    code = "unknown"

    def __init__(self, message: str, *, code: str, user: User | None = None) -> None:
        super().__init__(message, code=code)
        self.user = user


def account_of(proven: Proven) -> User:
    """The active account. Raises Unmatched."""
    bound = _bound(proven)
    user = bound.user if bound else _by_address(proven)
    if not user.is_active:
        raise Unmatched("Akun ini mati.", code="inactive", user=user)
    return user


def of(user: User) -> Identity | None:
    """Whom the present provider knows this account as."""
    if not settings.OIDC_ISSUER:
        return None
    return Identity.objects.filter(user=user, issuer=settings.OIDC_ISSUER).first()


@transaction.atomic
def bind(user: User, proven: Proven) -> None:
    """Once everything is proven: from now on the subject decides. Raises Unmatched when, since the look-up,
    the subject or the account was bound elsewhere."""
    bound = _bound(proven)
    if bound is None:
        try:
            with transaction.atomic():
                bound = Identity.objects.create(
                    user=user, issuer=proven.issuer, subject=proven.subject, email=proven.email
                )
        except IntegrityError as error:
            raise _taken(user) from error
        audit.record(
            Action.IDENTITY_BOUND,
            user.get_username(),
            thing=bound,
            issuer=proven.issuer,
            subject=proven.subject,
        )
    if bound.user != user:
        raise _taken(user)


def _bound(proven: Proven) -> Identity | None:
    found = Identity.objects.filter(issuer=proven.issuer, subject=proven.subject)
    return found.select_related("user").first()


def _by_address(proven: Proven) -> User:
    if not proven.email:
        raise Unmatched("Penyedia tidak menyebut surel yang terverifikasi.", code="unverified")
    wanted = proven.email.lower()
    # The database may take letters for alike that are not; a second look holds them to what is plain.
    found = [one for one in User.objects.filter(email__iexact=wanted) if one.email.lower() == wanted]
    if not found:
        raise Unmatched("Tidak ada akun dengan surel ini.", code="unknown")
    if len(found) > 1:
        raise Unmatched("Lebih dari satu akun memakai surel ini.", code="ambiguous")
    if Identity.objects.filter(user=found[0], issuer=proven.issuer).exists():
        raise _taken(found[0])
    return found[0]


def _taken(user: User) -> Unmatched:
    return Unmatched("Akun ini terikat pada identitas lain.", code="taken", user=user)
