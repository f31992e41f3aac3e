"""JSON Feed 1.0 and 1.1 → ParsedFeed (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import html
import json
from typing import Any

from aggregator.errors import ParseError
from aggregator.feed_fields import MAX_ENTRIES, plain_to_html
from aggregator.records import Enclosure, ParsedEntry, ParsedFeed


def read_json(text: str, url: str, warnings: list[str]) -> ParsedFeed:
    """Raises ParseError `not_a_feed` for JSON that is no JSON Feed, broken or nested too deep."""
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"JSON rusak: {str(error)[:200]}", code="not_a_feed") from error
    version = _text(feed.get("version")) if isinstance(feed, dict) else ""
    if "jsonfeed.org/version/" not in version:
        raise ParseError("Jawaban berupa JSON, tetapi bukan JSON Feed.", code="not_a_feed")
    items = [item for item in _list(feed.get("items")) if isinstance(item, dict)]
    if len(items) > MAX_ENTRIES:
        warnings.append("entries_capped")
    authors = _names(feed)
    return ParsedFeed(
        version="json" + version.rstrip("/").rpartition("/")[2].replace(".", "").ljust(2, "0")[:2],
        title=_plain(feed.get("title")),
        link=_text(feed.get("home_page_url")),
        language=_text(feed.get("language")),
        entries=tuple(_entry(item, authors, _text(feed.get("language"))) for item in items[:MAX_ENTRIES]),
        hub_links=tuple(_text(hub.get("url")) for hub in _list(feed.get("hubs")) if isinstance(hub, dict)),
        self_link=_text(feed.get("feed_url")),
        prev_archive=_text(feed.get("next_url")),
        warnings=tuple(warnings),
    )


def _entry(item: dict[str, Any], authors: str, language: str) -> ParsedEntry:
    content = _text(item.get("content_html")) or plain_to_html(_text(item.get("content_text")))
    return ParsedEntry(
        guid=_text(item.get("id")),
        link=_text(item.get("url")) or _text(item.get("external_url")),
        title=_plain(item.get("title")),
        author=_names(item) or authors,
        published=_text(item.get("date_published")),
        updated=_text(item.get("date_modified")),
        summary=_plain(item.get("summary")),
        content=content,
        categories=tuple(_plain(tag) for tag in _list(item.get("tags")) if tag),
        enclosures=tuple(
            _enclosure(part) for part in _list(item.get("attachments")) if isinstance(part, dict)
        ),
        image=_text(item.get("image")) or _text(item.get("banner_image")),
        language=_text(item.get("language")) or language,
    )


def _names(item: dict[str, Any]) -> str:
    authors = _list(item.get("authors")) or [item.get("author")]  # "author" alone is version 1.0
    names = (_plain(author.get("name")) for author in authors if isinstance(author, dict))
    return ", ".join(filter(None, names))


def _enclosure(part: dict[str, Any]) -> Enclosure:
    size = part.get("size_in_bytes")
    length = int(size) if isinstance(size, int | float) and 0 <= size < 2**63 else None
    return Enclosure(_text(part.get("url")), _text(part.get("mime_type")), length)


def _text(value: object) -> str:
    """A string as it is, a number as its digits (ids), anything else as nothing."""
    if isinstance(value, str):
        return value.encode("utf-8", "ignore").decode()  # \\ud800 alone is valid JSON and no character
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _plain(value: object) -> str:
    return html.escape(_text(value), quote=False)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
