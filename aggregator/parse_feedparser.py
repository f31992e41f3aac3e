"""RSS, Atom, RDF and CDF → ParsedFeed by feedparser, the most tolerant reader there is, and the reference.

It is given bytes in a stream (a string it might open as a path or address), never sanitises (its
sanitiser lets scripts through, and clean.py does it once for all) and never reads dates (it takes WIB for
UTC); the claims are kept as written.
"""

from __future__ import annotations

import io
import time
from typing import Any

import feedparser

from aggregator.errors import ParseError
from aggregator.feed_fields import (
    MAX_ENTRIES,
    entry_link,
    fullest,
    number,
    plain_to_html,
    skip_times,
    update_seconds,
)
from aggregator.records import Enclosure, ParsedEntry, ParsedFeed

_reading = False


def _no_dates(text: str) -> time.struct_time | None:
    """feedparser tries a dozen date formats on every date; while we read, none is wanted."""
    return time.struct_time((2000, 1, 1, 0, 0, 0, 5, 1, 0)) if _reading else None


feedparser.registerDateHandler(_no_dates)


def read_tolerantly(text: str, url: str, warnings: list[str]) -> ParsedFeed:
    """`text`: without XML declaration. Raises ParseError `not_a_feed`."""
    document = _fed(text, url)
    if not document["version"] and not document["entries"]:
        raise ParseError("Jawaban berupa XML, tetapi bukan RSS, RDF, atau Atom.", code="not_a_feed")
    entries = document["entries"]
    if len(entries) > MAX_ENTRIES:
        warnings.append("entries_capped")
    return _feed(document, text, [_entry(e, document) for e in entries[:MAX_ENTRIES]], warnings)


def _fed(text: str, url: str) -> Any:
    """feedparser's view. It does raise on some ill-formed input, in its own code and in sgmllib's."""
    global _reading
    # With a location it resolves links against xml:base, and numeric guids too, so only where there is one.
    headers = {"content-location": url} if "xml:base" in text else {}
    _reading = True
    try:
        return feedparser.parse(
            io.BytesIO(text.encode()),
            sanitize_html=False,
            resolve_relative_uris=False,
            response_headers=headers,
        )
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        raise ParseError(
            f"feedparser tidak dapat membaca jawaban: {error!r:.200}", code="not_a_feed"
        ) from error
    finally:
        _reading = False


def _feed(document: Any, text: str, entries: list[ParsedEntry], warnings: list[str]) -> ParsedFeed:
    feed = document["feed"]
    links = _links(feed)
    hours, days = skip_times(text)
    return ParsedFeed(
        version=document["version"] or "unknown",
        title=_markup(feed, "title", document),
        link=_get(feed, "link"),
        language=_get(feed, "language"),
        generator=_get(feed, "generator"),
        entries=tuple(entries),
        ttl=number(_get(feed, "ttl")),
        skip_hours=hours,
        skip_days=days,
        update_seconds=update_seconds(_get(feed, "sy_updateperiod"), _get(feed, "sy_updatefrequency")),
        hub_links=tuple(link["href"] for link in links if link["rel"] == "hub"),
        self_link=next((link["href"] for link in links if link["rel"] == "self"), ""),
        prev_archive=next(
            (link["href"] for rel in ("prev-archive", "next") for link in links if link["rel"] == rel), ""
        ),
        warnings=tuple(warnings),
    )


def _entry(entry: Any, document: Any) -> ParsedEntry:
    content = max((_value(part, document) for part in dict.get(entry, "content", ())), key=len, default="")
    # Without a detail the summary is feedparser's copy of the content.
    summary = _markup(entry, "summary", document) if "summary_detail" in entry or not content else ""
    summary, content = fullest(summary, content)
    links = _links(entry)
    return ParsedEntry(
        guid=_get(entry, "id"),
        link=_link(entry, links),
        title=_markup(entry, "title", document),
        author=_author(entry) or (_author(document["feed"]) if document["version"][:4] == "atom" else ""),
        published=_get(entry, "published") or _get(entry, "created"),
        updated=_get(entry, "updated"),
        summary=summary,
        content=content,
        categories=tuple(filter(None, (tag["label"] or tag["term"] for tag in dict.get(entry, "tags", ())))),
        enclosures=tuple(_enclosure(link) for link in links if link["rel"] == "enclosure"),
        image=_image(entry),
        language=_language(entry),
        base=_detail(entry).get("base") or "",
    )


def _get(source: Any, key: str) -> str:
    """A text of feedparser's dictionary, past its own `get`, which is slow and warns about `updated`."""
    value = dict.get(source, key)
    return value if isinstance(value, str) else ""


def _links(source: Any) -> list[Any]:
    return [link for link in dict.get(source, "links", ()) if link.get("href") and link.get("rel")]


def _link(entry: Any, links: list[Any]) -> str:
    link = _get(entry, "feedburner_origlink") or _get(entry, "link")
    alternate = next((found["href"] for found in links if found["rel"] == "alternate"), "")
    return entry_link(link, _get(entry, "id"), alternate)


def _markup(source: Any, key: str, document: Any) -> str:
    detail = dict.get(source, f"{key}_detail")
    return _value(detail, document) if detail else _get(source, key)


def _value(detail: Any, document: Any) -> str:
    """HTML. Only Atom says truly what is plain text (RFC 4287 §3.1); RSS says nothing worth believing."""
    value: str = detail.get("value") or ""
    if document["version"][:4] == "atom" and detail.get("type") == "text/plain" and value:
        return plain_to_html(value)
    return value


def _author(source: Any) -> str:
    names = [_get(author, "name") for author in dict.get(source, "authors", ())]
    return ", ".join(dict.fromkeys(filter(None, names))) or _get(
        dict.get(source, "author_detail") or {}, "name"
    )


def _enclosure(link: Any) -> Enclosure:
    return Enclosure(link["href"], _get(link, "type"), number(_get(link, "length")))


def _image(entry: Any) -> str:
    for part in dict.get(entry, "media_content", ()):
        kind = part.get("medium") or part.get("type") or ""
        if part.get("url") and (kind.startswith("image") or not kind):
            return str(part["url"])
    for part in dict.get(entry, "media_thumbnail", ()):
        if part.get("url"):
            return str(part["url"])
    image = dict.get(entry, "image")
    return _get(image, "href") if isinstance(image, dict) else ""


def _detail(entry: Any) -> Any:
    content = dict.get(entry, "content")
    return (
        content[0] if content else dict.get(entry, "summary_detail") or dict.get(entry, "title_detail") or {}
    )


def _language(entry: Any) -> str:
    return _get(entry, "language") or _detail(entry).get("language") or ""
