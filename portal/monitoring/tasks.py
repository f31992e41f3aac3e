"""What django-q2 runs for the staff pages. Plain arguments, safe to run twice."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django_q.models import Schedule

from portal.models import User
from portal.monitoring import audit, letters, sessions, throttle

# name → minutes between two runs
SCHEDULES = {
    "tidy": 24 * 60,
}


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


def ensure_schedules() -> None:
    """Make or mend the rows by which django-q2 starts these tasks. Safe to repeat, on every node."""
    now = timezone.now()
    for name, minutes in SCHEDULES.items():
        row, _ = Schedule.objects.update_or_create(
            name=f"monitoring.{name}",
            defaults={
                "func": f"portal.monitoring.tasks.{name}",
                "schedule_type": Schedule.MINUTES,
                "minutes": minutes,
                "repeats": -1,
            },
        )
        if row.next_run > now + timedelta(minutes=minutes + 5):
            Schedule.objects.filter(pk=row.pk).update(next_run=now)
