"""What a post is, told to machines: a schema.org `NewsArticle` that names the office as its publisher."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString

from aggregator.models import Entry, Revision, Satker

# Nothing in a text may end the element it stands in (https://html.spec.whatwg.org/#restrictions-for-contents-of-script-elements).
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def news_article(entry: Entry, revision: Revision) -> dict[str, Any]:
    """The public version of a post. Author and publisher is the office, never the portal."""
    page = f"{settings.BASE_URL}{entry.get_absolute_url()}"
    office = _office(entry.satker)
    picture = getattr(entry, "picture", None)
    topics: list[Any] = getattr(entry, "shown_topics", [])
    found = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": revision.title,
        "description": revision.summary,
        "url": page,
        "mainEntityOfPage": page,
        "isBasedOn": revision.url,
        "image": f"{settings.BASE_URL}{picture.address}" if picture and picture.name else "",
        "datePublished": (entry.published_at if entry.has_clear_date else entry.first_seen_at).isoformat(),
        "dateModified": revision.public_at.isoformat() if revision.public_at else "",
        "inLanguage": revision.language or "id",
        "author": office,
        "publisher": office,
        "about": [{"@type": "Thing", "name": tagged.topic.name} for tagged in topics],
        "contentLocation": (
            {"@type": "AdministrativeArea", "name": entry.province.name} if entry.province else {}
        ),
        "isAccessibleForFree": True,
    }
    return {name: value for name, value in found.items() if value not in ("", [], {})}


def _office(satker: Satker) -> dict[str, str]:
    return {
        "@type": "GovernmentOrganization",
        "name": satker.name,
        "url": f"{settings.BASE_URL}{satker.get_absolute_url()}",
    }


def data_block(found: dict[str, Any]) -> SafeString:
    """As a data block: a content policy against scripts does not concern it, no browser runs it."""
    text = json.dumps(found, ensure_ascii=False).translate(_ESCAPES)
    return SafeString(f'<script type="application/ld+json">{text}</script>')
