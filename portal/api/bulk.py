"""Bulk download: all public posts of a month in one file."""

from __future__ import annotations

import base64

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Path, Router

from portal import bulk
from portal.api import schemas
from portal.models import BulkMonth

router = Router(tags=["bulk"])


@router.get("/bulk", response=schemas.Months, summary="The files of all months, with checksums")
def months(request: HttpRequest) -> schemas.Months:
    """Newest month first. A file is made anew within the hour when posts of its month come or change, and
    at once when one is withdrawn; it is missing here for that moment."""
    ready = BulkMonth.objects.filter(is_withheld=False, made_at__isnull=False).order_by("-month")
    return schemas.Months(
        items=[
            schemas.Month(
                month=row.month,
                url=f"{settings.BASE_URL}/api/v1/bulk/{row.month}.jsonl.gz",
                entries=row.entries,
                bytes=row.bytes,
                sha256=row.sha256,
                made_at=row.made_at,
            )
            for row in ready
            if row.made_at
        ]
    )


@router.get(
    "/bulk/{month}.jsonl.gz",
    response={200: None, 404: schemas.Problem},
    summary="One month as gzipped JSON Lines",
)
def month(request: HttpRequest, month: Path[str]) -> HttpResponse | FileResponse:
    row = BulkMonth.objects.filter(month=month, is_withheld=False, made_at__isnull=False).first()
    try:
        if row is None:
            raise FileNotFoundError
        response = FileResponse(bulk.path_of(row).open("rb"), content_type="application/gzip")
    except FileNotFoundError:
        raise Http404(_("Tidak ada berkas untuk bulan ini; lihat /api/v1/bulk.")) from None
    response.headers["ETag"] = f'"{row.sha256}"'
    response.headers["Content-Disposition"] = f'attachment; filename="berita-kpu-{row.month}.jsonl.gz"'
    response.headers["Repr-Digest"] = _digest(row.sha256)
    response.headers["Cache-Control"] = "public, no-cache"  # a recall makes the file anew
    return response


def _digest(sha256: str) -> str:
    """RFC 9530."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"
