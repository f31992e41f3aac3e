"""Addresses that provinces, topics and stages had before they were renamed.

No renaming tells us: every slug there is today is remembered, so that it is known when it is gone.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, QueryDict

from aggregator.models import Province, Stage, Topic
from feeds.models import FormerAddress

KINDS: dict[str, Any] = {"provinsi": Province, "topik": Topic, "tahapan": Stage}


def remember() -> None:
    """Note the slugs of today. Cheap: one query a kind, and a write only for new ones."""
    for kind, model in KINDS.items():
        slugs = dict(model.objects.values_list("slug", "pk"))
        known = dict(FormerAddress.objects.filter(kind=kind).values_list("slug", "target"))
        FormerAddress.objects.bulk_create(
            [
                FormerAddress(kind=kind, slug=slug, target=pk)
                for slug, pk in slugs.items()
                if known.get(slug) != pk
            ],
            update_conflicts=True,
            unique_fields=["kind", "slug"],
            update_fields=["target"],
        )


def renewed(kind: str, key: str, params: QueryDict) -> tuple[str, QueryDict] | None:
    """Key and parameters of a channel with the slugs of today in place of former ones; None when there is
    no former one among them."""
    slug = present_slug(kind, key)
    changed = params.copy()
    for name in KINDS:
        values = params.getlist(name)
        if values:
            changed.setlist(name, [present_slug(name, value) or value for value in values])
    return (slug or key, changed) if slug or changed != params else None


def moved(request: HttpRequest, kind: str, key: str) -> HttpResponse | None:
    """301 from a slug that a province, topic or stage had before it was renamed."""
    now = renewed(kind, key, request.GET)
    if now is None:
        return None
    slug, params = now
    path = request.path_info.replace(f"/{kind}/{key}", f"/{kind}/{slug}", 1)
    query = request.META.get("QUERY_STRING", "") if params == request.GET else params.urlencode()
    response = HttpResponsePermanentRedirect(path + (f"?{query}" if query else ""))
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def present_slug(kind: str, slug: str) -> str:
    """The slug of today for a former one; "" when it was never ours, or what bore it is gone."""
    model = KINDS.get(kind)
    if model is None or len(slug) > 120 or not slug.isprintable():
        return ""
    target = FormerAddress.objects.filter(kind=kind, slug=slug).values_list("target", flat=True).first()
    found = model.objects.filter(pk=target).values_list("slug", flat=True).first() if target else None
    return str(found) if found and found != slug else ""
