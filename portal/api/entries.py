"""Posts: found by the filters of `/cari`, one with its text, its versions."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Path, Query, Router

from aggregator.models import Entry
from aggregator.search import search
from portal.api import rows, schemas
from portal.api.app import Gone
from portal.api.asked import Listed, filters_of
from portal.api.schemas import EntryId

router = Router(tags=["entries"])
Refused = {400: schemas.Problem, 404: schemas.Problem}
Absent = {404: schemas.Problem, 410: schemas.Problem}


@router.get("/entries", response={200: schemas.EntryPage, **Refused}, summary="Search and list posts")
def entries(request: HttpRequest, asked: Query[Listed]) -> schemas.EntryPage:
    """The same posts, in the same order, as `/cari` with the same parameters."""
    filters = filters_of(request, Listed)
    found = search(filters, size=asked.batas, anchor=asked.sebelum, facets=False)
    return schemas.EntryPage(
        items=rows.listed(found.entry_ids),
        total=found.total,
        total_is_exact=found.total_is_exact,
        next=_next(filters.query_string(sebelum=found.next_anchor), asked) if found.next_anchor else None,
        notes=found.notes,
    )


@router.get("/entries/{entry_id}", response={200: schemas.FullEntry, **Absent}, summary="One post, whole")
def entry(request: HttpRequest, entry_id: Path[EntryId]) -> schemas.FullEntry:
    """410 for a post that was public once and is no longer: delete your copy."""
    return rows.full_of(_public(entry_id))


@router.get(
    "/entries/{entry_id}/versions",
    response={200: list[schemas.Version], **Absent},
    summary="The public versions of a post",
)
def versions(request: HttpRequest, entry_id: Path[EntryId]) -> list[schemas.Version]:
    """Newest first; more than one means that the post was corrected."""
    shown = _public(entry_id).revisions.filter(public_at__isnull=False).order_by("-number")
    return [
        schemas.Version(
            number=row.number, public_at=row.public_at, title=row.title, text_sha256=row.content_sha256
        )
        for row in shown
        if row.public_at
    ]


def _public(entry_id: int) -> Entry:
    if found := rows.whole(Entry.objects.public_of(pk=entry_id)).first():
        return found
    if Entry.objects.filter(pk=entry_id, released_at__isnull=False).exists():
        raise Gone(_("Berita ini tidak lagi terbit."))
    raise Http404(_("Tidak ada berita dengan nomor ini."))


def _next(query: str, asked: Listed) -> str:
    tail = f"&batas={asked.batas}" if asked.batas != Listed.model_fields["batas"].default else ""
    return f"{settings.BASE_URL}/api/v1/entries?{query}{tail}"
