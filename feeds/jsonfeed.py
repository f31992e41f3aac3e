"""Documents as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from feeds import addresses
from feeds.documents import LANGUAGE, PUBLISHER, Document, rights
from feeds.items import Item
from feeds.media import File
from feeds.render import pieces


def json_feed(document: Document) -> bytes:
    """The document as JSON Feed 1.1, UTF-8. `next_url` leads to the archive of what is older."""
    links = {rel: href for rel, href, _media in document.links("json")}
    frame: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": document.title,
        "home_page_url": document.channel.home,
        "feed_url": links["self"],
        "description": document.channel.description,
        "language": LANGUAGE,
        "authors": [{"name": PUBLISHER, "url": addresses.absolute("/")}],
    }
    if "prev-archive" in links:
        frame["next_url"] = links["prev-archive"]
    if "hub" in links:
        frame["hubs"] = [{"type": "WebSub", "url": links["hub"]}]
    frame["_kpu"] = {
        "about": addresses.absolute("/api/"),
        "id": document.identifier,
        "rights": rights(),
        "updated": document.updated_at.isoformat(),
        "archive": document.window.archive is not None,
    }
    head = _text(frame)[:-1]
    return b'%s, "items": [\n%s\n]}\n' % (head, b",\n".join(pieces(document, "json", _fragments)))


def _fragments(items: Sequence[tuple[Item, str]]) -> list[bytes]:
    return [_fragment(item, body) for item, body in items]


def _fragment(item: Item, body: str) -> bytes:
    fields: dict[str, Any] = {
        "id": item.identifier,
        "url": item.url,
        "title": item.title,
        "summary": item.excerpt,
        "date_published": item.published_at.isoformat(),
        "date_modified": item.updated_at.isoformat(),
        "authors": [{"name": item.satker, "url": item.satker_url}],
        "tags": list(dict.fromkeys(category.label for category in item.categories)),
        "language": item.language,
    }
    if body:
        fields["content_html"] = body
    else:
        fields["content_text"] = item.excerpt
    if item.picture:
        fields["image"] = item.picture.url
    if item.files:
        fields["attachments"] = [_attachment(file) for file in item.files]
    fields["_kpu"] = {
        "rights": item.rights,
        "page": item.page,
        "source": item.source_url,
        "carriers": item.carriers,
        "byline": item.byline,
        "categories": [category._asdict() for category in item.categories],
    }
    return _text(fields)


def _attachment(file: File) -> dict[str, Any]:
    found: dict[str, Any] = {"url": file.url, "mime_type": file.media_type}
    return found | {"size_in_bytes": file.length} if file.length else found


def _text(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()
