"""Sessions of staff: twelve hours from signing in and no longer, a new key at every step up, and a list from
which their owner can end them."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import login
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from portal.models import User
from portal.monitoring.audit import address_of
from portal.monitoring.models import StaffSession

BACKEND = "django.contrib.auth.backends.ModelBackend"


def begin(request: HttpRequest, user: User) -> StaffSession:
    """Sign the account in: its whole identity is proven. The end is a fixed time, whatever is done until."""
    login(request, user, backend=BACKEND)
    ends_at = timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    request.session.set_expiry(ends_at)
    request.session.save()
    return StaffSession.objects.create(
        user=user,
        key=request.session.session_key or "",
        ends_at=ends_at,
        address=address_of(request),
        agent=request.META.get("HTTP_USER_AGENT", "")[:200],
    )


def renew(request: HttpRequest, former: str | None) -> None:
    """The session has a new key; its line in the list follows."""
    StaffSession.objects.filter(key=former or "").update(key=request.session.session_key or "")


def of(user: User) -> QuerySet[StaffSession]:
    """Sessions that are still good."""
    living = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return StaffSession.objects.filter(user=user, ends_at__gt=timezone.now(), key__in=living)


def end(rows: QuerySet[StaffSession]) -> int:
    """End these sessions at once, on every node."""
    keys = list(rows.values_list("key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    StaffSession.objects.filter(key__in=keys).delete()
    return len(keys)


def tidy() -> None:
    """Drop what has run out."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    StaffSession.objects.filter(ends_at__lt=now).delete()
