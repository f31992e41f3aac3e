"""Elements of a feed → its fields, for the fast reader: each one known exactly, or the whole feed given up.

What is read here is read as feedparser 6.0 reads it, quirks included; see fast_parse.py.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

from aggregator.feed_fields import plain_to_html

_ATOM = "{http://www.w3.org/2005/Atom}"
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
_MAIL_AND_NAME = re.compile(r"[\w.+-]+@(?:[\w-]+\.)+[A-Za-z]{2,4} \(([^()<>@&\s][^()<>@&]*)\)", re.ASCII)
_C1 = re.compile("[\x80-\x9f]")


class Beyond(Exception):
    """Something this reader does not know for certain."""


@dataclass(slots=True)
class Fields:
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


def read_fields(
    parent: etree._Element, parts: dict[str, str], fields: Fields, entry_parts: dict[str, str] | None = None
) -> list[Fields]:
    """Fill `fields` from the children of an element; returns the entries met among them."""
    entries = []
    seen = set()
    for element in parent:
        part = parts.get(tag_of(element))
        if part is None:
            _pass_over(element)
        elif part in ("item", "entry"):
            if element.attrib or entry_parts is None:
                raise Beyond
            entry = Fields(fields.version, language=fields.language if part == "entry" else "")
            read_fields(element, entry_parts, entry)
            entries.append(entry)
        elif part in seen and part in _ONCE:
            raise Beyond
        else:
            seen.add(part)
            _HANDLERS.get(part, _keep)(element, part, fields)
    return entries


def _keep(element: etree._Element, part: str, fields: Fields) -> None:
    fields.texts[part] = _text(element, _ATTRIBUTES.get(part, _NONE))


def _keep_markup(element: etree._Element, part: str, fields: Fields) -> None:
    """Titles and bodies. Atom says what is plain text (RFC 4287 §3.1); RSS says nothing worth believing."""
    if fields.version != "atom10":
        fields.texts[part] = _text(element)
        return
    text, kind = _text(element, _TYPED), element.get("type", "text").lower()
    if kind in _PLAIN_TYPES:
        text = plain_to_html(text)
    elif kind not in _HTML_TYPES:
        raise Beyond
    fields.texts[part] = text


def _keep_link(element: etree._Element, part: str, fields: Fields) -> None:
    link = _uri(_text(element))
    if "&" in link and ";" in link:  # feedparser mends what looks like a broken entity
        raise Beyond
    fields.texts[part] = link


def _keep_guid(element: etree._Element, part: str, fields: Fields) -> None:
    fields.guid = _uri(_text(element, _ATTRIBUTES["guid"]))
    fields.guid_is_link = element.get("isPermaLink", "true") == "true"


def _keep_author(element: etree._Element, part: str, fields: Fields) -> None:
    author = _text(element)
    if "@" in author:
        match = _MAIL_AND_NAME.fullmatch(author)
        if match is None:
            raise Beyond
        author = match[1].strip()
    fields.authors.append(author)


def _keep_person(element: etree._Element, part: str, fields: Fields) -> None:
    name = ""
    if element.attrib or (element.text or "").strip():
        raise Beyond
    for child in element:
        if child.tag not in _PERSON_PARTS or len(child) or child.attrib or (child.tail or "").strip():
            raise Beyond
        if child.tag == f"{_ATOM}name":
            name = (child.text or "").strip()
    fields.authors.append(name)


def _keep_category(element: etree._Element, part: str, fields: Fields) -> None:
    name, domain = _text(element, _ATTRIBUTES["category"]), element.get("domain", "")
    if domain and not name:  # the next category would lend it its name
        raise Beyond
    if name and (domain or (name, "", "") not in fields.categories):
        fields.categories.append((name, domain, ""))


def _keep_term(element: etree._Element, part: str, fields: Fields) -> None:
    if _text(element, _ATTRIBUTES["term"]):
        raise Beyond
    found = (element.get("term", ""), element.get("scheme", ""), element.get("label", ""))
    if not found[0]:
        raise Beyond
    if found not in fields.categories:
        fields.categories.append(found)


def _keep_enclosure(element: etree._Element, part: str, fields: Fields) -> None:
    _check(element, _ATTRIBUTES["enclosure"])
    if url := element.get("url"):
        kind = element.get("type", "").lower()
        fields.links.append(("enclosure", url, kind, element.get("length", "")))


def _keep_atom_link(element: etree._Element, part: str, fields: Fields) -> None:
    _check(element, _ATTRIBUTES["atom_link"])
    rel, href = element.get("rel", "alternate").lower(), element.get("href", "")
    is_atom = fields.version == "atom10"
    if not href or not rel or (not is_atom and rel in ("alternate", "enclosure")):
        raise Beyond
    # feedparser fills in a type where a link has none
    kind = element.get("type", "application/atom+xml" if rel == "self" else "text/html").lower()
    fields.links.append((rel, _uri(href), kind, element.get("length", "")))


def _keep_media(element: etree._Element, part: str, fields: Fields) -> None:
    if len(element) or any("}" in name or name in ("lang", "base") for name in element.attrib):
        raise Beyond
    if part == "thumbnail":
        if (element.text or "").strip():
            raise Beyond
        fields.thumbnails.append(element.get("url", ""))
    else:
        kind = element.get("medium") or element.get("type", "").lower()
        fields.media.append((kind, element.get("url", "")))


def check_picture(element: etree._Element, part: str = "image", fields: Fields | None = None) -> None:
    """The picture of a channel, which has a title and link of its own."""
    for child in element:
        if tag_of(child).rpartition("}")[2] not in _PICTURE_PARTS or len(child) or child.attrib:
            raise Beyond


def _leave(element: etree._Element, part: str, fields: Fields) -> None:
    if part == "any":
        return
    _check(element, _TYPED if part == "typed" else _ATTRIBUTES.get(part, _NONE))


_HANDLERS: dict[str, Callable[[etree._Element, str, Fields], None]] = {
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
    "image": check_picture,
}


def tag_of(element: etree._Element) -> str:
    return element.tag  # type: ignore[return-value]  # comments are gone: always a str


def _text(element: etree._Element, attributes: frozenset[str] = _NONE) -> str:
    _check(element, attributes)
    text = (element.text or "").strip()
    return text if text.isascii() else _recoded(text)


def _check(element: etree._Element, attributes: frozenset[str]) -> None:
    if len(element) or (element.attrib and not attributes.issuperset(element.attrib)):
        raise Beyond


def _recoded(text: str) -> str:
    """As feedparser: UTF-8 that was taken for ISO-8859-1 and encoded once more is decoded once more."""
    with contextlib.suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode()
    if _C1.search(text):  # and then read as windows-1252
        raise Beyond
    return text


def _uri(text: str) -> str:
    if ":///" in text:
        raise Beyond
    return text


@lru_cache(maxsize=256)
def _is_known(uri: str, prefix: str) -> bool:
    # Only here: most feeds never need feedparser, without which a worker starts in a third of the time.
    from feedparser.api import StrictFeedParser

    known = StrictFeedParser.namespaces
    return prefix in known.values() or any(uri == name.lower() for name in known)


def _pass_over(element: etree._Element) -> None:
    """A foreign element, where feedparser would keep it under its prefix, out of the way of all others."""
    tag, prefix = tag_of(element), element.prefix
    uri = tag[1:].partition("}")[0].lower() if tag[0] == "{" else ""
    foreign = uri and prefix and not _is_known(uri, prefix)
    if not foreign or "backend.userland.com/rss" in uri or len(element):
        raise Beyond
    if any(name.rpartition("}")[2].lower() in ("base", "lang") for name in element.attrib):
        raise Beyond
