"""What django-q2 runs for the staff pages. Plain arguments, safe to run twice."""

from __future__ import annotations

from portal.models import User
from portal.monitoring import audit, letters, sessions, throttle

SCHEDULES = {"tidy": 24 * 60}  # minutes between two runs


def send_reset(email: str) -> None:
    """The letter for a new password, if one active account has this address."""
    for user in User.objects.filter(email__iexact=email, is_active=True)[:1]:
        audit.record(audit.Action.PASSWORD_ASKED, user.get_username(), thing=user)
        letters.send(user, letters.RESET)


def send_invitation(user_id: int, by: str) -> None:
    """The letter of invitation, unless a password was set meanwhile."""
    for user in User.objects.filter(pk=user_id, is_active=True):
        letters.send(user, letters.INVITATION, by)


def tidy() -> None:
    """Drop sessions and locks that have run out."""
    sessions.tidy()
    throttle.tidy()
