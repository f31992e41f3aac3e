"""The everyday forms of RSS 2.0, RSS 1.0 and Atom 1.0, read by lxml many times as fast as by feedparser.

The result is what parse_feedparser.py gives for the same document. That is kept by knowing little: every
element, attribute and order of things is either in the tables below or the whole document is left to
feedparser. The quirks that are imitated are those of feedparser 6.0; test_fast_parse.py compares the two.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import feedparser.api
from lxml import etree

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

_ATOM = "{http://www.w3.org/2005/Atom}"
_RSS1 = "{http://purl.org/rss/1.0/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_ABOUT = f"{_RDF}about"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_DC = "{http://purl.org/dc/elements/1.1/}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
_MEDIA = "{http://search.yahoo.com/mrss/}"
_SY = "{http://purl.org/rss/1.0/modules/syndication/}"
_SLASH = "{http://purl.org/rss/1.0/modules/slash/}"
_WFW = "{http://wellformedweb.org/CommentAPI/}"
_THREAD = "{http://purl.org/syndication/thread/1.0}"
_FEEDBURNER = "{http://rssnamespace.org/feedburner/ext/1.0}"
_WORDPRESS = "{com-wordpress:feed-additions:1}"

# Element → what it is. `skip`: text that feedparser keeps and nobody here wants; `any`: whatever it holds.
_SHARED_ENTRY = {
    f"{_DC}creator": "author",
    f"{_DC}date": "updated",
    f"{_DC}subject": "category",
    f"{_CONTENT}encoded": "content",
    f"{_MEDIA}content": "media",
    f"{_MEDIA}thumbnail": "thumbnail",
    **{f"{_SLASH}{name}": "skip" for name in ("comments", "section", "department", "hit_parade")},
    **{f"{_WFW}{name}": "skip" for name in ("comment", "commentRss")},
}
_SHARED_CHANNEL = {
    f"{_SY}updatePeriod": "period",
    f"{_SY}updateFrequency": "frequency",
    f"{_SY}updateBase": "skip",
    **{f"{_DC}{name}": "skip" for name in ("creator", "rights", "publisher", "date")},
    f"{_DC}language": "language",
}
_RSS_ENTRY = _SHARED_ENTRY | {
    **{name: name for name in ("title", "link", "description", "guid", "author", "category", "enclosure")},
    "pubDate": "published",
    "comments": "skip",
    "source": "source",
    f"{_ATOM}link": "atom_link",
    f"{_ATOM}updated": "updated",
    f"{_FEEDBURNER}origLink": "original_link",
    f"{_WORDPRESS}post-id": "skip",
}
_RSS_CHANNEL = _SHARED_CHANNEL | {
    **{name: name for name in ("title", "link", "language", "generator", "ttl", "image", "item")},
    **dict.fromkeys(("description", "copyright", "managingEditor", "webMaster", "pubDate"), "skip"),
    **dict.fromkeys(("category", "lastBuildDate", "docs", "rating", f"{_WORDPRESS}site"), "skip"),
    "cloud": "any",
    "skipHours": "any",
    "skipDays": "any",
    f"{_ATOM}link": "atom_link",
}
_RDF_ENTRY = _SHARED_ENTRY | {f"{_RSS1}{name}": name for name in ("title", "link", "description")}
_RDF_CHANNEL = _SHARED_CHANNEL | {
    **{f"{_RSS1}{name}": name for name in ("title", "link")},
    f"{_RSS1}description": "skip",
    f"{_RSS1}items": "any",
    **{f"{_RSS1}{name}": "image" for name in ("image", "textinput")},
}
_ATOM_ENTRY = {
    **{f"{_ATOM}{name}": name for name in ("title", "published", "updated", "summary", "content")},
    f"{_ATOM}id": "guid",
    f"{_ATOM}link": "atom_link",
    f"{_ATOM}author": "person",
    f"{_ATOM}category": "term",
    f"{_ATOM}rights": "typed",
    f"{_THREAD}total": "skip",
    f"{_FEEDBURNER}origLink": "original_link",
}
_ATOM_FEED = {
    **{f"{_ATOM}{name}": name for name in ("title", "generator", "entry")},
    f"{_ATOM}id": "guid",
    f"{_ATOM}link": "atom_link",
    f"{_ATOM}author": "person",
    **{f"{_ATOM}{name}": "skip" for name in ("updated", "icon", "logo")},
    **{f"{_ATOM}{name}": "typed" for name in ("subtitle", "rights")},
}
_ONCE = frozenset(  # twice would ask which of them feedparser keeps
    {"title", "link", "description", "guid", "published", "updated", "content", "summary", "original_link"}
    | {"language", "generator", "ttl", "period", "frequency", "image"}
)
_ATTRIBUTES = {
    part: frozenset(names)
    for part, names in {
        "guid": ("isPermaLink",),
        "category": ("domain",),
        "source": ("url",),
        "generator": ("uri", "version"),
        "enclosure": ("url", "type", "length"),
        "atom_link": ("href", "rel", "type", "title", "hreflang", "length"),
        "term": ("term", "scheme", "label"),
    }.items()
}
_TYPED = frozenset({"type"})
_NONE: frozenset[str] = frozenset()
_PLAIN_TYPES = ("text", "plain", "text/plain")
_HTML_TYPES = ("html", "text/html")
_PICTURE_PARTS = frozenset({"title", "link", "description", "url", "width", "height", "name"})
_PERSON_PARTS = frozenset(f"{_ATOM}{name}" for name in ("name", "uri", "email"))
_PAGE_TYPES = ("html", "xhtml", "text/html", "application/xhtml+xml")
_BODIES = frozenset({"title", "summary", "content"})
_KNOWN_NAMESPACES = {
    uri.lower(): prefix for uri, prefix in feedparser.api.StrictFeedParser.namespaces.items()
}
_KNOWN_PREFIXES = frozenset(_KNOWN_NAMESPACES.values())
_MAIL_AND_NAME = re.compile(r"[\w.+-]+@(?:[\w-]+\.)+[A-Za-z]{2,4} \(([^()<>@&\s][^()<>@&]*)\)", re.ASCII)
_C1 = re.compile("[\x80-\x9f]")

_PARSER = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    huge_tree=False,  # the limits of libxml2 on depth and size stay in force
    remove_comments=True,
    remove_pis=True,
)


class _Beyond(Exception):
    """Something this reader does not know for certain."""


def read_plain(text: str, warnings: list[str]) -> ParsedFeed | None:
    """`text`: without XML declaration. None: not well-formed, or more than this reader knows."""
    try:
        root = etree.fromstring(text.encode(), _PARSER)
    except etree.XMLSyntaxError:
        return None
    reader = _READERS.get(_tag(root))
    if reader is None or root.getroottree().docinfo.doctype:
        return None
    try:
        return reader(root, text, warnings)
    except _Beyond:
        return None


# --- the three forms --------------------------------------------------------------------------------


def _rss(root: etree._Element, text: str, warnings: list[str]) -> ParsedFeed:
    version = root.get("version") or ""
    if not version.startswith("2.") or set(root.attrib) != {"version"} or len(root) != 1:
        raise _Beyond
    channel = root[0]
    if channel.tag != "channel" or channel.attrib or not _version_is_clear(root, _RSS1):
        raise _Beyond
    feed = _Fields("rss20")
    entries = _read(channel, _RSS_CHANNEL, feed, _RSS_ENTRY)
    return _parsed_feed(feed, entries, text, warnings)


def _rdf(root: etree._Element, text: str, warnings: list[str]) -> ParsedFeed:
    channel = root[0] if len(root) else None
    if root.attrib or channel is None or channel.tag != f"{_RSS1}channel" or set(channel.attrib) - {_ABOUT}:
        raise _Beyond
    if not _version_is_clear(root, _ATOM) or _RSS1[1:-1] not in root.nsmap.values():
        raise _Beyond
    feed = _Fields("rss10")
    _read(channel, _RDF_CHANNEL, feed)
    entries = []
    for element in root[1:]:
        if element.tag == f"{_RSS1}item" and set(element.attrib) <= {_ABOUT}:
            entry = _Fields("rss10", guid=(element.get(_ABOUT) or ""))
            _read(element, _RDF_ENTRY, entry)
            entries.append(entry)
        elif element.tag in (f"{_RSS1}image", f"{_RSS1}textinput"):
            _picture(element)
        else:
            raise _Beyond
    return _parsed_feed(feed, entries, text, warnings)


def _atom(root: etree._Element, text: str, warnings: list[str]) -> ParsedFeed:
    if set(root.attrib) - {_LANG} or not _version_is_clear(root, _RSS1):
        raise _Beyond
    feed = _Fields("atom10", language=(root.get(_LANG) or "").replace("_", "-"))
    entries = _read(root, _ATOM_FEED, feed, _ATOM_ENTRY)
    return _parsed_feed(feed, entries, text, warnings)


_READERS: dict[str, Callable[[etree._Element, str, list[str]], ParsedFeed]] = {
    "rss": _rss,
    f"{_RDF}RDF": _rdf,
    f"{_ATOM}feed": _atom,
}


def _version_is_clear(root: etree._Element, rival: str) -> bool:
    """feedparser takes the version from the first namespace it knows as one."""
    names = {uri.lower() for uri in root.nsmap.values()}
    return rival[1:-1].lower() not in names and "http://my.netscape.com/rdf/simple/0.9/" not in names


# --- elements → fields ------------------------------------------------------------------------------


@dataclass(slots=True)
class _Fields:
    """What has been read of one feed or entry."""

    version: str
    guid: str = ""
    language: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    guid_is_link: bool = False
    authors: list[str] = field(default_factory=list)
    categories: list[tuple[str, str, str]] = field(default_factory=list)  # term, scheme, label
    links: list[tuple[str, str, str, str]] = field(default_factory=list)  # rel, href, type, length
    media: list[tuple[str, str]] = field(default_factory=list)  # kind, url
    thumbnails: list[str] = field(default_factory=list)


def _read(
    parent: etree._Element, parts: dict[str, str], fields: _Fields, entry_parts: dict[str, str] | None = None
) -> list[_Fields]:
    """Fill `fields` from the children of an element; returns the entries met among them."""
    entries = []
    seen = set()
    for element in parent:
        part = parts.get(_tag(element))
        if part is None:
            _pass_over(element)
        elif part in ("item", "entry"):
            if element.attrib or entry_parts is None:
                raise _Beyond
            entry = _Fields(fields.version, language=fields.language if part == "entry" else "")
            _read(element, entry_parts, entry)
            entries.append(entry)
        elif part in seen and part in _ONCE:
            raise _Beyond
        else:
            seen.add(part)
            _HANDLERS.get(part, _keep)(element, part, fields)
    return entries


def _keep(element: etree._Element, part: str, fields: _Fields) -> None:
    fields.texts[part] = _text(element, _ATTRIBUTES.get(part, _NONE))


def _keep_markup(element: etree._Element, part: str, fields: _Fields) -> None:
    """Titles and bodies. Atom says what is plain text (RFC 4287 §3.1); RSS says nothing worth believing."""
    if fields.version != "atom10":
        fields.texts[part] = _text(element)
        return
    text, kind = _text(element, _TYPED), (element.get("type") or "text").lower()
    if kind in _PLAIN_TYPES:
        text = plain_to_html(text)
    elif kind not in _HTML_TYPES:
        raise _Beyond
    fields.texts[part] = text


def _keep_link(element: etree._Element, part: str, fields: _Fields) -> None:
    link = _uri(_text(element))
    if "&" in link and ";" in link:  # feedparser mends what looks like a broken entity
        raise _Beyond
    fields.texts[part] = link


def _keep_guid(element: etree._Element, part: str, fields: _Fields) -> None:
    fields.guid = _uri(_text(element, _ATTRIBUTES["guid"]))
    fields.guid_is_link = element.get("isPermaLink", "true") == "true"


def _keep_author(element: etree._Element, part: str, fields: _Fields) -> None:
    author = _text(element)
    if "@" in author:
        match = _MAIL_AND_NAME.fullmatch(author)
        if match is None:
            raise _Beyond
        author = match[1].strip()
    fields.authors.append(author)


def _keep_person(element: etree._Element, part: str, fields: _Fields) -> None:
    name = ""
    if element.attrib or (element.text or "").strip():
        raise _Beyond
    for child in element:
        if child.tag not in _PERSON_PARTS or len(child) or child.attrib or (child.tail or "").strip():
            raise _Beyond
        if child.tag == f"{_ATOM}name":
            name = (child.text or "").strip()
    fields.authors.append(name)


def _keep_category(element: etree._Element, part: str, fields: _Fields) -> None:
    name, domain = _text(element, _ATTRIBUTES["category"]), element.get("domain", "")
    if domain and not name:  # the next category would lend it its name
        raise _Beyond
    if name and (domain or (name, "", "") not in fields.categories):
        fields.categories.append((name, domain, ""))


def _keep_term(element: etree._Element, part: str, fields: _Fields) -> None:
    if _text(element, _ATTRIBUTES["term"]):
        raise _Beyond
    found = (element.get("term", ""), element.get("scheme", ""), element.get("label", ""))
    if not found[0]:
        raise _Beyond
    if found not in fields.categories:
        fields.categories.append(found)


def _keep_enclosure(element: etree._Element, part: str, fields: _Fields) -> None:
    _check(element, _ATTRIBUTES["enclosure"])
    if url := element.get("url"):
        kind = element.get("type", "").lower()
        fields.links.append(("enclosure", url, kind, element.get("length", "")))


def _keep_atom_link(element: etree._Element, part: str, fields: _Fields) -> None:
    _check(element, _ATTRIBUTES["atom_link"])
    rel, href = element.get("rel", "alternate").lower(), element.get("href", "")
    is_atom = fields.version == "atom10"
    if not href or not rel or (not is_atom and rel in ("alternate", "enclosure")):
        raise _Beyond
    # feedparser fills in a type where a link has none
    kind = element.get("type", "application/atom+xml" if rel == "self" else "text/html").lower()
    fields.links.append((rel, _uri(href), kind, element.get("length", "")))


def _keep_media(element: etree._Element, part: str, fields: _Fields) -> None:
    if len(element) or any("}" in name or name in ("lang", "base") for name in element.attrib):
        raise _Beyond
    if part == "thumbnail":
        if (element.text or "").strip():
            raise _Beyond
        fields.thumbnails.append(element.get("url", ""))
    else:
        kind = element.get("medium") or element.get("type", "").lower()
        fields.media.append((kind, element.get("url", "")))


def _picture(element: etree._Element, part: str = "image", fields: _Fields | None = None) -> None:
    """The picture of a channel, which has a title and link of its own."""
    for child in element:
        if _tag(child).rpartition("}")[2] not in _PICTURE_PARTS or len(child) or child.attrib:
            raise _Beyond


def _leave(element: etree._Element, part: str, fields: _Fields) -> None:
    if part == "any":
        return
    _check(element, _TYPED if part == "typed" else _ATTRIBUTES.get(part, _NONE))


_HANDLERS: dict[str, Callable[[etree._Element, str, _Fields], None]] = {
    **dict.fromkeys(("title", "summary", "content"), _keep_markup),
    **dict.fromkeys(("skip", "any", "typed", "source"), _leave),
    **dict.fromkeys(("media", "thumbnail"), _keep_media),
    "link": _keep_link,
    "guid": _keep_guid,
    "author": _keep_author,
    "person": _keep_person,
    "category": _keep_category,
    "term": _keep_term,
    "enclosure": _keep_enclosure,
    "atom_link": _keep_atom_link,
    "image": _picture,
}


def _tag(element: etree._Element) -> str:
    return element.tag  # type: ignore[return-value]  # comments are gone: always a str


def _text(element: etree._Element, attributes: frozenset[str] = _NONE) -> str:
    _check(element, attributes)
    text = (element.text or "").strip()
    return text if text.isascii() else _recoded(text)


def _check(element: etree._Element, attributes: frozenset[str]) -> None:
    if len(element) or (element.attrib and not attributes.issuperset(element.attrib)):
        raise _Beyond


def _recoded(text: str) -> str:
    """As feedparser: UTF-8 that was taken for ISO-8859-1 and encoded once more is decoded once more."""
    with contextlib.suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode()
    if _C1.search(text):  # and then read as windows-1252
        raise _Beyond
    return text


def _uri(text: str) -> str:
    if ":///" in text:
        raise _Beyond
    return text


def _pass_over(element: etree._Element) -> None:
    """A foreign element, where feedparser would keep it under its prefix, out of the way of all others."""
    tag, prefix = _tag(element), element.prefix
    uri = tag[1:].partition("}")[0].lower() if tag[0] == "{" else ""
    foreign = uri and prefix and uri not in _KNOWN_NAMESPACES and prefix not in _KNOWN_PREFIXES
    if not foreign or "backend.userland.com/rss" in uri or len(element):
        raise _Beyond
    if any(name.rpartition("}")[2].lower() in ("base", "lang") for name in element.attrib):
        raise _Beyond


# --- fields → records -------------------------------------------------------------------------------


def _parsed_feed(feed: _Fields, entries: list[_Fields], text: str, warnings: list[str]) -> ParsedFeed:
    texts = feed.texts
    hours, days = skip_times(text)
    if len(entries) > MAX_ENTRIES:
        warnings.append("entries_capped")
    return ParsedFeed(
        version=feed.version,
        title=texts.get("title", ""),
        link=_html_link(feed) or texts.get("link", "") or (feed.guid if feed.version == "atom10" else ""),
        language=texts.get("language", "") or feed.language,
        generator=texts.get("generator", ""),
        entries=tuple(_parsed_entry(entry, feed) for entry in entries[:MAX_ENTRIES]),
        ttl=number(texts.get("ttl", "")),
        skip_hours=hours,
        skip_days=days,
        update_seconds=update_seconds(texts.get("period", ""), texts.get("frequency", "")),
        hub_links=tuple(href for rel, href, _, _ in feed.links if rel == "hub"),
        self_link=_first(feed, "self"),
        prev_archive=_first(feed, "prev-archive") or _first(feed, "next"),
        warnings=tuple(warnings),
    )


def _parsed_entry(entry: _Fields, feed: _Fields) -> ParsedEntry:
    texts = entry.texts
    summary, content = fullest(
        texts.get("summary", "") or texts.get("description", ""), texts.get("content", "")
    )
    authors = _names(entry) or (_names(feed) if entry.version == "atom10" else "")
    return ParsedEntry(
        guid=entry.guid,
        link=_link(entry),
        title=texts.get("title", ""),
        author=authors,
        published=texts.get("published", ""),
        updated=texts.get("updated", ""),
        summary=summary,
        content=content,
        categories=tuple(label or term for term, _, label in entry.categories),
        enclosures=tuple(
            Enclosure(href, kind, number(length))
            for rel, href, kind, length in entry.links
            if rel == "enclosure"
        ),
        image=_image(entry),
        language=entry.language if _BODIES.intersection(texts) else "",
    )


def _link(entry: _Fields) -> str:
    link = _html_link(entry) or entry.texts.get("link")
    if link is None:
        link = entry.guid if entry.guid_is_link else ""
    alternate = _first(entry, "alternate") or entry.texts.get("link", "")
    return entry_link(entry.texts.get("original_link", "") or link, entry.guid, alternate)


def _html_link(fields: _Fields) -> str:
    """Of Atom, the last alternate that is a web page."""
    found = [href for rel, href, kind, _ in fields.links if rel == "alternate" and kind in _PAGE_TYPES]
    return found[-1] if found else ""


def _first(fields: _Fields, wanted: str) -> str:
    return next((href for rel, href, _, _ in fields.links if rel == wanted), "")


def _names(fields: _Fields) -> str:
    return ", ".join(dict.fromkeys(filter(None, fields.authors)))


def _image(entry: _Fields) -> str:
    for kind, url in entry.media:
        if url and (kind.startswith("image") or not kind):
            return url
    return next(filter(None, entry.thumbnails), "")
