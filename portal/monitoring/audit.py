"""Writing the audit log. Called inside the transaction of what is recorded: neither happens alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.http import HttpRequest

from aggregator.journal import Deed
from aggregator.models import Entry, Satker
from portal.models import User
from portal.monitoring.models import AuditRow

Action = AuditRow.Action


@dataclass(slots=True)
class Acting:
    """Who acts in the request under way, and how many rows it has written."""

    role: str
    address: str | None
    written: int = 0


_acting: ContextVar[Acting | None] = ContextVar("acting", default=None)


@contextmanager
def acting(request: HttpRequest) -> Iterator[Acting]:
    """What is recorded in this block gets the role and address of the request."""
    who = Acting(role_of(request.user), address_of(request))
    token = _acting.set(who)
    try:
        yield who
    finally:
        _acting.reset(token)


def record(
    action: str,
    actor: str,
    *,
    thing: Model | None = None,
    satker: Satker | None = None,
    name: str = "",
    reason: str = "",
    **details: Any,
) -> AuditRow:
    """Write one row. `thing` is what it was done to; its satker is found where `satker` is not given."""
    who = _acting.get()
    if who is not None:
        who.written += 1
    return AuditRow.objects.create(
        action=action,
        actor=actor[:150],
        role=who.role if who else "",
        address=who.address if who else None,
        satker=satker or _satker_of(thing),
        kind=thing._meta.model_name or "" if thing is not None else "",
        number=thing.pk if thing is not None and isinstance(thing.pk, int) else None,
        name=(name or _name_of(thing))[:300],
        reason=reason[:500],
        details=details,
    )


def keep(deed: Deed) -> None:
    """What aggregator tells of decisions, whether they were taken on a page, in the admin or in a shell."""
    record(deed.action, deed.by, thing=deed.thing, name=deed.name, reason=deed.reason, **deed.details)


def role_of(user: User | AnonymousUser) -> str:
    return user.role if isinstance(user, User) else ""


def address_of(request: HttpRequest) -> str | None:
    return request.META.get("REMOTE_ADDR") or None


def _satker_of(thing: Model | None) -> Satker | None:
    """The office that a thing belongs to: itself, its own, or that of its entry or feed."""
    if thing is None or isinstance(thing, Satker):
        return thing
    if isinstance(thing, User):  # who signs in is nobody's business but the nation's
        return None
    for path in ("satker", "entry", "feed"):
        found = getattr(thing, path, None)
        if isinstance(found, Model):
            return _satker_of(found)
    return None


def _name_of(thing: Model | None) -> str:
    if isinstance(thing, Entry):
        newest = thing.public_revision or thing.revisions.order_by("-number").first()
        return newest.title if newest else thing.guid
    return "" if thing is None else str(thing)


def written() -> int:
    """Rows that the request under way has written so far."""
    who = _acting.get()
    return who.written if who else 0
