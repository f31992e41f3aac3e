"""What the client can read and already has: encodings, validators, media types (RFC 9110 §§8, 12, 13)."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.utils.http import parse_etags, parse_http_date_safe

from feeds.caching import Prepared

CODINGS = ("br", "gzip")  # as we prefer them


def coding(request: HttpRequest) -> str:
    """`br`, `gzip` or "" (as it is), by Accept-Encoding; `q=0` is a refusal."""
    weights = _weights(request.headers.get("Accept-Encoding", ""))
    best, best_weight = "", 0.0
    for name in CODINGS:
        weight = weights.get(name, weights.get("*", 0.0))
        if weight > best_weight:
            best, best_weight = name, weight
    return "" if weights.get("identity", 0.0) > best_weight else best


def prefers_html(request: HttpRequest) -> bool:
    """Whether a page is wanted rather than a feed: a browser is at the other end."""
    weights = _weights(request.headers.get("Accept", ""))
    feed = max((weights.get(name, 0.0) for name in FEED_TYPES), default=0.0)
    return weights.get("text/html", 0.0) >= feed


FEED_TYPES = {
    "application/atom+xml": "atom",
    "application/rss+xml": "rss",
    "application/feed+json": "json",
    "application/json": "json",
}


def wanted_format(request: HttpRequest) -> str:
    """The feed format an Accept header names before HTML; "" when a page is wanted."""
    if prefers_html(request):
        return ""
    weights = _weights(request.headers.get("Accept", ""))
    return max(FEED_TYPES.items(), key=lambda pair: weights.get(pair[0], 0.0))[1]


def is_navigation(request: HttpRequest) -> bool:
    """Whether a person opens this address in a browser. Feed readers, and scripts in pages, never send
    `Sec-Fetch-Dest: document` (https://www.w3.org/TR/fetch-metadata/). Who comes from the page that
    explains the feed has seen it, and wants the feed itself."""
    if request.headers.get("Sec-Fetch-Dest") != "document" or not prefers_html(request):
        return False
    came_from = urlsplit(request.headers.get("Referer", ""))
    return not (came_from.netloc == request.headers.get("Host") and came_from.path.startswith("/feeds/"))


def is_known(request: HttpRequest, answer: Prepared) -> bool:
    """Whether the client's copy is still good: 304. If-None-Match decides alone where it is given."""
    tags = request.headers.get("If-None-Match")
    if tags is not None:
        ours = {answer.etag(name) for name in ("", *CODINGS)}
        return any(tag == "*" or tag.removeprefix("W/") in ours for tag in parse_etags(tags))
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and is_settled(answer) and answer.modified_at.timestamp() <= since


def is_settled(answer: Prepared) -> bool:
    """A date of whole seconds tells nothing of a document that may change again within this one."""
    return (datetime.now(UTC) - answer.modified_at).total_seconds() >= 2


def _weights(header: str) -> dict[str, float]:
    """Names with their q values; what cannot be read counts as q=0."""
    found = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if not name:
            continue
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        found[name] = weight if 0.0 <= weight <= 1.0 else 0.0
    return found
