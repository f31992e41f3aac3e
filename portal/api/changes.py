"""The change sequence for copies: everything that became public, changed or left, each once, in order."""

from __future__ import annotations

import re

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema

from aggregator.errors import BadParameter
from aggregator.models import Change, Entry, PortalState
from portal.api import rows, schemas
from portal.api.app import Gone

router = Router(tags=["changes"])
PAGE = 100
_CURSOR = re.compile(r"([0-9a-f]{8})-([0-9]{1,18})-([0-9]{1,18})")


class Follower(Schema):
    cursor: str = Field("", description="Leave it to `next`; none: from the beginning", max_length=60)


@router.get(
    "/changes",
    response={200: schemas.ChangePage, 400: schemas.Problem, 410: schemas.Problem},
    summary="Keep a copy that misses nothing",
)
def changes(request: HttpRequest, asked: Query[Follower]) -> schemas.ChangePage:
    """Posts in the order in which they became public, changed or were withdrawn. A post that changes again
    moves to the end, so each is told as it is now. 410: the portal was restored, begin anew."""
    epoch = str(PortalState.get().epoch)[:8]
    xact, number = _read(asked.cursor, epoch)
    marks = Change.objects.after(xact, number, PAGE + 1)
    shown = marks[:PAGE]
    if shown:
        xact, number, _entry = shown[-1]
    return schemas.ChangePage(
        items=_told([entry_id for _xact, _number, entry_id in shown]),
        next=f"{settings.BASE_URL}/api/v1/changes?cursor={epoch}-{xact}-{number}",
        has_more=len(marks) > PAGE,
    )


def _read(cursor: str, epoch: str) -> tuple[int, int]:
    if not cursor:
        return 0, 0
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise BadParameter("cursor", _("“cursor” bukan penanda dari portal ini."))
    if match[1] != epoch:
        raise Gone(_("Basis data portal telah dipulihkan. Mulailah lagi tanpa cursor."))
    return int(match[2]), int(match[3])


def _told(ids: list[int]) -> list[schemas.Change]:
    """The posts as they are; a trace of those that were public; nothing of those that never were."""
    public = rows.whole(Entry.objects.public_of(pk__in=ids)).order_by().in_bulk()
    left = Entry.objects.filter(pk__in=ids, released_at__isnull=False)
    known = set(left.values_list("pk", flat=True)) | public.keys()
    return [
        schemas.Change(id=pk, public=pk in public, entry=rows.full_of(public[pk]) if pk in public else None)
        for pk in ids
        if pk in known
    ]
