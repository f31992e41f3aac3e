"""The pictures of posts: only as long as their post is public."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from aggregator import images
from aggregator.models import Entry, Picture

# The name changes with the bytes, so a reader's own copy is good for long; shared caches ask again soon, for
# a recall must be gone everywhere within a minute.
FRESHNESS = "public, max-age=86400, s-maxage=20, stale-while-revalidate=30"


def picture(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One rendition."""
    base, small = name.removesuffix("-kecil"), name.endswith("-kecil")
    shown = Picture.objects.filter(pk=pk, name=base, entry__state=Entry.State.PUBLIC)
    if not base or not shown.exists():
        raise Http404(_("Tidak ada gambar di sini."))
    try:
        body = images.path_of(base, small=small).read_bytes()
    except FileNotFoundError:
        raise Http404(_("Tidak ada gambar di sini.")) from None
    response = HttpResponse(body, content_type="image/webp")
    response.headers["Cache-Control"] = FRESHNESS
    return response
