"""The everyday forms of RSS 2.0, RSS 1.0 and Atom 1.0, read by lxml many times as fast as by feedparser.

The result is what parse_feedparser.py gives for the same document. That is kept by knowing little: every
element, attribute and order of things is either in the tables below or the whole document is left to
feedparser. The quirks that are imitated are those of feedparser 6.0; test_fast_parse.py compares the two.
"""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from aggregator.fast_fields import Beyond, Fields, check_picture, read_fields, tag_of
from aggregator.feed_fields import MAX_ENTRIES, entry_link, fullest, number, skip_times, update_seconds
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
_PAGE_TYPES = ("html", "xhtml", "text/html", "application/xhtml+xml")
_BODIES = frozenset({"title", "summary", "content"})
_PARSER = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    huge_tree=False,  # the limits of libxml2 on depth and size stay in force
    remove_comments=True,
    remove_pis=True,
)


def read_plain(text: str, warnings: list[str]) -> ParsedFeed | None:
    """`text`: without XML declaration. None: not well-formed, or more than this reader knows."""
    try:
        root = etree.fromstring(text.encode(), _PARSER)
    except etree.XMLSyntaxError:
        return None
    reader = _READERS.get(tag_of(root))
    if reader is None or root.getroottree().docinfo.doctype:
        return None
    try:
        return reader(root, text, warnings)
    except Beyond:
        return None


# --- the three forms --------------------------------------------------------------------------------


def _rss(root: etree._Element, text: str, warnings: list[str]) -> ParsedFeed:
    version = root.get("version") or ""
    if not version.startswith("2.") or set(root.attrib) != {"version"} or len(root) != 1:
        raise Beyond
    channel = root[0]
    if channel.tag != "channel" or channel.attrib or not _version_is_clear(root, _RSS1):
        raise Beyond
    feed = Fields("rss20")
    entries = read_fields(channel, _RSS_CHANNEL, feed, _RSS_ENTRY)
    return _parsed_feed(feed, entries, text, warnings)


def _rdf(root: etree._Element, text: str, warnings: list[str]) -> ParsedFeed:
    channel = root[0] if len(root) else None
    if root.attrib or channel is None or channel.tag != f"{_RSS1}channel" or set(channel.attrib) - {_ABOUT}:
        raise Beyond
    if not _version_is_clear(root, _ATOM) or _RSS1[1:-1] not in root.nsmap.values():
        raise Beyond
    feed = Fields("rss10")
    read_fields(channel, _RDF_CHANNEL, feed)
    entries = []
    for element in root[1:]:
        if element.tag == f"{_RSS1}item" and set(element.attrib) <= {_ABOUT}:
            entry = Fields("rss10", guid=(element.get(_ABOUT) or ""))
            read_fields(element, _RDF_ENTRY, entry)
            entries.append(entry)
        elif element.tag in (f"{_RSS1}image", f"{_RSS1}textinput"):
            check_picture(element)
        else:
            raise Beyond
    return _parsed_feed(feed, entries, text, warnings)


def _atom(root: etree._Element, text: str, warnings: list[str]) -> ParsedFeed:
    if set(root.attrib) - {_LANG} or not _version_is_clear(root, _RSS1):
        raise Beyond
    feed = Fields("atom10", language=(root.get(_LANG) or "").replace("_", "-"))
    entries = read_fields(root, _ATOM_FEED, feed, _ATOM_ENTRY)
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


# --- fields → records -------------------------------------------------------------------------------


def _parsed_feed(feed: Fields, entries: list[Fields], text: str, warnings: list[str]) -> ParsedFeed:
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


def _parsed_entry(entry: Fields, feed: Fields) -> ParsedEntry:
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


def _link(entry: Fields) -> str:
    link = _html_link(entry) or entry.texts.get("link")
    if link is None:
        link = entry.guid if entry.guid_is_link else ""
    alternate = _first(entry, "alternate") or entry.texts.get("link", "")
    return entry_link(entry.texts.get("original_link", "") or link, entry.guid, alternate)


def _html_link(fields: Fields) -> str:
    """Of Atom, the last alternate that is a web page."""
    found = [href for rel, href, kind, _ in fields.links if rel == "alternate" and kind in _PAGE_TYPES]
    return found[-1] if found else ""


def _first(fields: Fields, wanted: str) -> str:
    return next((href for rel, href, _, _ in fields.links if rel == wanted), "")


def _names(fields: Fields) -> str:
    return ", ".join(dict.fromkeys(filter(None, fields.authors)))


def _image(entry: Fields) -> str:
    for kind, url in entry.media:
        if url and (kind.startswith("image") or not kind):
            return url
    return next(filter(None, entry.thumbnails), "")
