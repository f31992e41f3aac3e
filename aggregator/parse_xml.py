"""RSS, Atom and RDF → ParsedFeed by feedparser, the most tolerant reader there is.

feedparser is given bytes in a stream (a string it might open as a path or address), never sanitises (its
sanitiser lets scripts through, and clean.py does it once for all) and never reads dates (it takes WIB for
UTC); the claims are kept as written.
"""

from __future__ import annotations

import html
import io
import re
import time
from typing import Any

import feedparser

from aggregator.errors import ParseError
from aggregator.parse_json import MAX_ENTRIES, plain_to_html
from aggregator.records import Enclosure, ParsedEntry, ParsedFeed
from aggregator.repair import closed, is_well_formed, repaired

_DECLARATION = re.compile(r"\s*<\?xml[^>]*?>\s*")
_DOCTYPE = re.compile(r"(?>\s+|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE[^\[>]*+(\[.*?\]\s*)?>", re.DOTALL)
_ENTITY = re.compile(r"<!ENTITY\s+(.*?)>", re.DOTALL)
_HARMLESS_ENTITY = re.compile(r"""([\w.-]+)\s+(["'])([^&%<]{0,200}|&#\w{1,8};)\2\s*""")
_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_reading = False


def _no_dates(text: str) -> time.struct_time | None:
    """feedparser tries a dozen date formats on every date; while we read, none is wanted."""
    return time.struct_time((2000, 1, 1, 0, 0, 0, 5, 1, 0)) if _reading else None


feedparser.registerDateHandler(_no_dates)


def read_xml(text: str, url: str, warnings: list[str]) -> ParsedFeed:
    """Raises ParseError `not_a_feed`, or `entities` for a document type with entities that expand."""
    text = _DECLARATION.sub("", _without_entities(text), count=1)
    if (whole := closed(text)) is not text:
        text = whole
        warnings.append("truncated")
    if not is_well_formed(text.encode()):
        text = repaired(text)
        warnings.append("malformed")
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


def _without_entities(text: str) -> str:
    """The text with harmless entities put in, without its internal document type.

    External entities read files and addresses, nested ones expand to gigabytes (CWE-776): refused."""
    doctype = _DOCTYPE.match(text)
    if doctype is None or not doctype[1]:
        return text
    body = text[doctype.end() :]
    for declaration in _ENTITY.findall(doctype[1]):
        entity = _HARMLESS_ENTITY.fullmatch(declaration)
        if entity is None:
            raise ParseError(
                "Umpan mendeklarasikan entitas XML yang memuat atau melipatgandakan isi.", code="entities"
            )
        if body.count(reference := f"&{entity[1]};") > 1000:
            raise ParseError("Umpan mengulang entitas XML miliknya secara berlebihan.", code="entities")
        value = entity[3] if entity[3].startswith("&#") else html.escape(entity[3])
        body = body.replace(reference, value)
    return text[: doctype.start(1)].rpartition("<!DOCTYPE")[0] + body


def _feed(document: Any, text: str, entries: list[ParsedEntry], warnings: list[str]) -> ParsedFeed:
    feed = document["feed"]
    links = _links(feed)
    return ParsedFeed(
        version=document["version"] or "unknown",
        title=_markup(feed, "title", document),
        link=_get(feed, "link"),
        language=_get(feed, "language"),
        generator=_get(feed, "generator"),
        entries=tuple(entries),
        ttl=_number(_get(feed, "ttl")),
        skip_hours=tuple(
            h for h in map(_number, _inner(text, "skipHours", "hour")) if h is not None and h <= 24
        ),
        skip_days=tuple(_inner(text, "skipDays", "day")),
        update_seconds=_update_seconds(_get(feed, "sy_updateperiod"), _get(feed, "sy_updatefrequency")),
        hub_links=tuple(link["href"] for link in links if link["rel"] == "hub"),
        self_link=next((link["href"] for link in links if link["rel"] == "self"), ""),
        prev_archive=next(
            (link["href"] for rel in ("prev-archive", "next") for link in links if link["rel"] == rel), ""
        ),
        warnings=tuple(warnings),
    )


def _entry(entry: Any, document: Any) -> ParsedEntry:
    summary = _markup(entry, "summary", document)
    content = max((_value(part, document) for part in dict.get(entry, "content", ())), key=len, default="")
    if len(summary) >= len(content):
        summary, content = ("" if summary == content else content), summary
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
    if link and link == _get(entry, "id") and not re.match(r"https?:", link, re.IGNORECASE):
        return ""  # feedparser takes a guid for a link unless told isPermaLink="false"
    return link or next((found["href"] for found in links if found["rel"] == "alternate"), "")


def _markup(source: Any, key: str, document: Any) -> str:
    detail = dict.get(source, f"{key}_detail")
    return _value(detail, document) if detail else _get(source, key)


def _value(detail: Any, document: Any) -> str:
    """HTML. Only Atom says truly what is plain text (RFC 4287 §3.1); RSS says nothing worth believing."""
    value: str = detail.get("value") or ""
    if document["version"][:4] == "atom" and detail.get("type") == "text/plain" and value:
        return plain_to_html(value) if "\n" in value else html.escape(value, quote=False)
    return value


def _author(source: Any) -> str:
    names = [_get(author, "name") for author in dict.get(source, "authors", ())]
    return ", ".join(dict.fromkeys(filter(None, names))) or _get(
        dict.get(source, "author_detail") or {}, "name"
    )


def _enclosure(link: Any) -> Enclosure:
    return Enclosure(link["href"], _get(link, "type"), _number(_get(link, "length")))


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


def _inner(text: str, outer: str, inner: str) -> list[str]:
    """Texts of a repeated channel element, of which feedparser keeps only the last."""
    at = text.find(f"<{outer}")
    if at < 0:
        return []
    block = text[at : at + 3000].partition(f"</{outer}>")[0]
    return re.findall(rf"<{inner}>\s*(\w{{1,10}})\s*</{inner}>", block)


def _update_seconds(period: str, frequency: str) -> int | None:
    seconds = _PERIODS.get(period.strip().lower())
    return seconds // max(1, _number(frequency) or 1) if seconds else None


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 15 else None
