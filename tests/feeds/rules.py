"""What the W3C feed validator, the RSS Advisory Board's profile, RFC 4287 and JSON Feed 1.1 ask for, as
checks that name what is wrong. Written from those documents; each returns a list of findings."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DC = "{http://purl.org/dc/elements/1.1/}"
FH = "{http://purl.org/syndication/history/1.0}"
MEDIA = "{http://search.yahoo.com/mrss/}"
KNOWN_NAMESPACES = {name[1:-1] for name in (ATOM, CONTENT, DC, FH, MEDIA)} | {
    "http://www.w3.org/XML/1998/namespace"
}
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_RFC822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r" \d{4} \d\d:\d\d:\d\d ([+-]\d{4}|GMT)"
)
_URI = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:[!-~]+")
_HTML = re.compile(r"<[a-zA-Z/!?]|&#?\w+;")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*")


def atom(body: bytes, address: str) -> list[str]:
    """Findings about an Atom document fetched from `address`."""
    feed = etree.fromstring(body)
    found = list(_atom_feed(feed, address)) + list(_namespaces(feed))
    for entry in feed.findall(f"{ATOM}entry"):
        found += _atom_entry(entry)
    for name in ("id", "updated"):  # two entries of one `updated` have no order of their own
        texts = Counter(entry.findtext(f"{ATOM}{name}") for entry in feed.findall(f"{ATOM}entry"))
        found += [f"{name} {text} comes {count} times" for text, count in texts.items() if count > 1]
    return found


def _atom_feed(feed: Any, address: str) -> Iterator[str]:
    if feed.tag != f"{ATOM}feed":
        yield f"root is {feed.tag}"
    yield from _atom_head(feed, "feed")
    if not _LANGUAGE.fullmatch(feed.get("{http://www.w3.org/XML/1998/namespace}lang", "id")):
        yield "xml:lang is no language"
    selves = [link.get("href") for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"]
    if selves != [address]:
        yield f"self link {selves} is not {address}"


def _atom_head(parent: Any, where: str) -> Iterator[str]:
    """What feed, entry and source have in common (RFC 4287 §4.1, §4.2.11)."""
    for name in ("id", "title", "updated"):
        texts = [child.text or "" for child in parent.findall(f"{ATOM}{name}")]
        if len(texts) != 1 or not texts[0].strip():
            yield f"{where}: {name} must be there once, with a text: {texts}"
    if not _URI.fullmatch(parent.findtext(f"{ATOM}id") or ""):
        yield f"{where}: id is no URI"
    for name in ("updated", "published"):
        for child in parent.findall(f"{ATOM}{name}"):
            if not _RFC3339.fullmatch(child.text or ""):
                yield f"{where}: {name} is no RFC 3339 date: {child.text}"
    yield from _atom_links(parent, where)
    for person in [*parent.findall(f"{ATOM}author"), *parent.findall(f"{ATOM}contributor")]:
        if not (person.findtext(f"{ATOM}name") or "").strip():
            yield f"{where}: a person without a name"
        uri = person.findtext(f"{ATOM}uri")
        if uri is not None and not _URI.fullmatch(uri):
            yield f"{where}: uri of a person: {uri}"


def _atom_links(parent: Any, where: str) -> Iterator[str]:
    alternates: Counter[tuple[str | None, str | None]] = Counter()
    for link in parent.findall(f"{ATOM}link"):
        if not _web(link.get("href", "")):
            yield f"{where}: link to {link.get('href')}"
        if link.get("rel", "alternate") == "alternate":
            alternates[link.get("type"), link.get("hreflang")] += 1
        sized = (link.get("length") or "1").isdigit()
        if link.get("rel") == "enclosure" and not (sized and _TYPE.fullmatch(link.get("type", ""))):
            yield f"{where}: enclosure without a type, or with a length that is none"
    if any(count > 1 for count in alternates.values()):
        yield f"{where}: two alternate links of one type and language"


def _atom_entry(entry: Any) -> Iterator[str]:
    where = f"entry {entry.findtext(f'{ATOM}id')}"
    yield from _atom_head(entry, where)
    if entry.find(f"{ATOM}author") is None:
        yield f"{where}: no author"
    content = entry.findall(f"{ATOM}content")
    links = [link.get("rel", "alternate") for link in entry.findall(f"{ATOM}link")]
    if not content and "alternate" not in links:
        yield f"{where}: neither content nor alternate link"
    if (
        len(content) > 1
        or len(entry.findall(f"{ATOM}summary")) > 1
        or len(entry.findall(f"{ATOM}published")) > 1
    ):
        yield f"{where}: content, summary or published twice"
    if not content and not (entry.findtext(f"{ATOM}summary") or "").strip():
        yield f"{where}: neither content nor summary"
    if (entry.findtext(f"{ATOM}updated") or "") < (entry.findtext(f"{ATOM}published") or ""):
        yield f"{where}: updated before it was published"
    yield from _media(entry, where)
    if len(entry.findall(f"{ATOM}rights")) > 1:
        yield f"{where}: rights twice"
    for category in entry.findall(f"{ATOM}category"):
        if not category.get("term") or not _URI.fullmatch(category.get("scheme", "")):
            yield f"{where}: category without term or scheme"
    for source in entry.findall(f"{ATOM}source"):
        yield from _atom_head(source, f"{where}: source")


def _media(parent: Any, where: str) -> Iterator[str]:
    """Media RSS §media:content."""
    for shown in parent.findall(f"{MEDIA}content"):
        if not _web(shown.get("url", "")) or not _TYPE.fullmatch(shown.get("type", "")):
            yield f"{where}: media without an address or a type"
        if shown.get("medium") not in ("image", "audio", "video", "document", "executable"):
            yield f"{where}: medium {shown.get('medium')}"
        if not all((shown.get(name) or "1").isdigit() for name in ("width", "height", "fileSize")):
            yield f"{where}: media of no size"


def rss(body: bytes, address: str) -> list[str]:
    """Findings about an RSS 2.0 document fetched from `address`."""
    root = etree.fromstring(body)
    channels = root.findall("channel")
    if root.tag != "rss" or root.get("version") != "2.0" or len(channels) != 1:
        return ["not one channel in an rss element of version 2.0"]
    channel = channels[0]
    found = list(_rss_channel(channel, address)) + list(_namespaces(root))
    for item in channel.findall("item"):
        found += _rss_item(item)
    guids = Counter(item.findtext("guid") for item in channel.findall("item"))
    return found + [f"guid {name} comes {count} times" for name, count in guids.items() if count > 1]


_CHANNEL = {
    *(
        "title",
        "link",
        "description",
        "language",
        "copyright",
        "managingEditor",
        "webMaster",
    ),
    *(
        "pubDate",
        "lastBuildDate",
        "category",
        "generator",
        "docs",
        "cloud",
        "ttl",
        "image",
    ),
    *(
        "rating",
        "textInput",
        "skipHours",
        "skipDays",
        "item",
    ),
}
_ITEM = {
    *(
        "title",
        "link",
        "description",
        "author",
        "category",
        "comments",
        "enclosure",
        "guid",
    ),
    *(
        "pubDate",
        "source",
    ),
}


def _rss_channel(channel: Any, address: str) -> Iterator[str]:
    names = Counter(child.tag for child in channel if child.tag not in ("item", "category"))
    for name in ("title", "link", "description"):
        if names[name] != 1 or not (channel.findtext(name) or "").strip():
            yield f"channel: {name} must be there once, with a text"
    for name, count in names.items():
        if "{" not in name and (name not in _CHANNEL or count > 1):
            yield f"channel: {name} × {count}"
    if not _web(channel.findtext("link") or ""):
        yield "channel: link is no web address"
    if not _LANGUAGE.fullmatch(channel.findtext("language") or ""):
        yield "channel: language"
    for name in ("pubDate", "lastBuildDate"):
        if channel.find(name) is not None:
            yield from _rfc822(channel.findtext(name) or "", f"channel: {name}")
    if not (channel.findtext("ttl") or "1").isdigit():
        yield "channel: ttl is no number"
    selves = [link.get("href") for link in channel.findall(f"{ATOM}link") if link.get("rel") == "self"]
    if selves != [address]:
        yield f"channel: self link {selves} is not {address}"
    if _HTML.search(channel.findtext("title") or ""):
        yield "channel: HTML in the title"


def _rss_item(item: Any) -> Iterator[str]:
    where = f"item {item.findtext('guid')}"
    names = Counter(child.tag for child in item if child.tag not in ("category", f"{DC}creator"))
    for name, count in names.items():
        if "{" not in name and (name not in _ITEM or count > 1):
            yield f"{where}: {name} × {count}"
    if not (item.findtext("title") or "").strip() or not (item.findtext("description") or "").strip():
        yield f"{where}: title or description is empty"
    if _HTML.search(item.findtext("title") or ""):
        yield f"{where}: HTML in the title: {item.findtext('title')}"
    if not _web(item.findtext("link") or ""):
        yield f"{where}: link {item.findtext('link')}"
    guid = item.find("guid")
    if guid is None or (guid.get("isPermaLink", "true") == "true" and not _web(guid.text or "")):
        yield f"{where}: a guid that is no address says it is"
    yield from _rfc822(item.findtext("pubDate") or "", f"{where}: pubDate")
    if item.find("author") is not None and "@" not in (item.findtext("author") or ""):
        yield f"{where}: author without a mail address"
    for enclosure in item.findall("enclosure"):
        if not (_web(enclosure.get("url", "")) and (enclosure.get("length") or "").isdigit()):
            yield f"{where}: enclosure without url or length"
        if not _TYPE.fullmatch(enclosure.get("type", "")):
            yield f"{where}: enclosure of type {enclosure.get('type')}"
    yield from _media(item, where)
    for link in item.findall(f"{ATOM}link"):
        if not _web(link.get("href", "")):
            yield f"{where}: link to {link.get('href')}"
    for category in item.findall("category"):
        if not (category.text or "").strip():
            yield f"{where}: empty category"
    for source in item.findall("source"):
        if not _web(source.get("url", "")) or not (source.text or "").strip():
            yield f"{where}: source without address or title"
    if item.find(f"{CONTENT}encoded") is not None and item.find("description") is None:
        yield f"{where}: content without a description"


def _rfc822(text: str, where: str) -> Iterator[str]:
    if not _RFC822.fullmatch(text):
        yield f"{where} is no RFC 822 date: {text!r}"
    elif f"{parsedate_to_datetime(text):%w}" != str("SunMonTueWedThuFriSat".index(text[:3]) // 3):
        yield f"{where}: wrong day of the week: {text}"


def _namespaces(root: Any) -> Iterator[str]:
    used = {element.tag.partition("}")[0][1:] for element in root.iter() if "}" in element.tag}
    for name in used - KNOWN_NAMESPACES:
        yield f"namespace the validator does not know: {name}"


def _web(address: str) -> bool:
    return bool(_URI.fullmatch(address)) and urlsplit(address).scheme in ("http", "https")


def json_feed(body: bytes, address: str) -> list[str]:
    """Findings about a JSON Feed 1.1 document fetched from `address`."""
    feed = json.loads(body)
    known = {
        *(
            "version",
            "title",
            "home_page_url",
            "feed_url",
            "description",
            "user_comment",
            "next_url",
        ),
        *(
            "icon",
            "favicon",
            "authors",
            "language",
            "expired",
            "hubs",
            "items",
        ),
    }
    found = [f"unknown key {key}" for key in feed if key not in known and key[0] != "_"]
    if feed["version"] != "https://jsonfeed.org/version/1.1" or not feed["title"]:
        found.append("version or title")
    if feed["feed_url"] != address:
        found.append(f"feed_url {feed['feed_url']} is not {address}")
    if not isinstance(feed["items"], list):
        found.append("items is no list")
    found += ["a hub without type or url" for hub in feed.get("hubs", []) if set(hub) != {"type", "url"}]
    for item in feed["items"]:
        found += _json_item(item)
    ids = Counter(item["id"] for item in feed["items"])
    return found + [f"id {name} comes {count} times" for name, count in ids.items() if count > 1]


def _json_item(item: dict[str, Any]) -> Iterator[str]:
    known = {
        *(
            "id",
            "url",
            "external_url",
            "title",
            "content_html",
            "content_text",
            "summary",
            "image",
        ),
        *(
            "banner_image",
            "date_published",
            "date_modified",
            "authors",
            "tags",
            "language",
        ),
        *("attachments",),
    }
    where = f"item {item.get('id')}"
    yield from (f"{where}: unknown key {key}" for key in item if key not in known and key[0] != "_")
    if not isinstance(item["id"], str) or not item["id"]:
        yield f"{where}: id must be a text"
    if not (item.get("content_html") or item.get("content_text")):
        yield f"{where}: no content"
    if not _web(item["url"]):
        yield f"{where}: url {item['url']}"
    for name in ("date_published", "date_modified"):
        if not _RFC3339.fullmatch(item[name]) or not datetime.fromisoformat(item[name]):
            yield f"{where}: {name}"
    if not all(author.get("name") or author.get("url") for author in item["authors"]):
        yield f"{where}: an author without name and url"
    if "image" in item and not _web(item["image"]):
        yield f"{where}: image {item['image']}"
    for file in item.get("attachments", []):
        if set(file) - {"url", "mime_type", "title", "size_in_bytes", "duration_in_seconds"}:
            yield f"{where}: unknown key of an attachment"
        if not _web(file["url"]) or not _TYPE.fullmatch(file["mime_type"]):
            yield f"{where}: attachment without url or mime_type"
        if not isinstance(file.get("size_in_bytes", 1), int):
            yield f"{where}: size of an attachment"
    if not all(isinstance(tag, str) and tag for tag in item["tags"]):
        yield f"{where}: an empty tag"


CHECKS = {"atom": atom, "rss": rss, "json": json_feed}
