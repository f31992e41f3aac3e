"""What feedgen lacks, by its own extension mechanism.

It drops rel, type and length of links in Atom entries, knows no hub or archive links in RSS, writes an
incomplete `atom:source`, and sets the locale of the whole process to write a date.
"""

from __future__ import annotations

from email.utils import format_datetime
from typing import Any

import feedgen.entry
import feedgen.feed
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml import etree

from feeds.items import Item
from feeds.media import PICTURE_TYPE, File

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
HISTORY = "http://purl.org/syndication/history/1.0"
MEDIA = "http://search.yahoo.com/mrss/"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

# feedgen's own calls setlocale, which is shared by all threads; English names need no locale.
feedgen.feed.formatRFC2822 = feedgen.entry.formatRFC2822 = format_datetime


class FeedExtension(BaseExtension):  # type: ignore[misc]
    """Links of the document and the mark of an archive."""

    def __init__(self) -> None:
        self.links: list[tuple[str, str, str]] = []
        self.is_archive = False

    def extend_ns(self) -> dict[str, str]:
        return {"fh": HISTORY, "dc": DC, "media": MEDIA}

    def extend_atom(self, feed: Any) -> Any:
        for rel, href, media in self.links:
            link(feed, "link", rel, href, media)
        self._mark(feed)
        return feed

    def extend_rss(self, feed: Any) -> Any:
        channel = feed[0]
        for rel, href, media in self.links:
            link(channel, f"{{{ATOM}}}link", rel, href, media)
        self._mark(channel)
        return feed

    def _mark(self, parent: Any) -> None:
        if self.is_archive:
            etree.SubElement(parent, f"{{{HISTORY}}}archive")


class EntryExtension(BaseEntryExtension):  # type: ignore[misc]
    """The page here, the language and the source of one entry."""

    def __init__(self) -> None:
        self.item: Item | None = None

    def extend_atom(self, entry: Any) -> Any:
        item = self.item
        if item is None:
            return entry
        if item.language != "id":
            entry.set(XML_LANG, item.language)
        if item.page != item.url:
            link(entry, "link", "related", item.page, "text/html")
        for file in item.files:
            _enclosure(entry, "link", file)
        _show(entry, item)
        if item.source_url:
            entry.append(_source(item))
        return entry

    def extend_rss(self, entry: Any) -> Any:
        item = self.item
        if item is None:
            return entry
        etree.SubElement(entry, f"{{{DC}}}creator").text = item.satker
        if item.byline:
            etree.SubElement(entry, f"{{{DC}}}contributor").text = item.byline
        if item.language != "id":
            etree.SubElement(entry, f"{{{DC}}}language").text = item.language
        if item.page != item.url:
            link(entry, f"{{{ATOM}}}link", "related", item.page, "text/html")
        etree.SubElement(entry, f"{{{ATOM}}}updated").text = item.updated_at.isoformat()
        etree.SubElement(entry, f"{{{DC}}}rights").text = item.rights
        # One enclosure an item, as readers expect; 0 says that its length is not known (RSS profile).
        for file in item.files[:1]:
            etree.SubElement(entry, "enclosure", url=file.url, length=str(file.length), type=file.media_type)
        for file in item.files[1:]:
            _enclosure(entry, f"{{{ATOM}}}link", file)
        _show(entry, item)
        return entry


def link(parent: Any, name: str, rel: str, href: str, media: str) -> None:
    element = etree.SubElement(parent, name, rel=rel, href=href)
    if media:
        element.set("type", media)


def _enclosure(parent: Any, name: str, file: File) -> None:
    link(parent, name, "enclosure", file.url, file.media_type)
    if file.length:
        parent[-1].set("length", str(file.length))


def _show(parent: Any, item: Item) -> None:
    """The lead picture, as Media RSS has it (https://www.rssboard.org/media-rss)."""
    if item.picture:
        shown = etree.SubElement(parent, f"{{{MEDIA}}}content", url=item.picture.url, medium="image")
        shown.set("type", PICTURE_TYPE)
        shown.set("width", str(item.picture.width))
        shown.set("height", str(item.picture.height))


def _source(item: Item) -> Any:
    """`atom:source` with all that RFC 4287 §4.2.11 asks for. The feed's own date is not known for good, so
    it is dated as the entry: it was at least that new when it gave us this."""
    source = etree.Element("source")
    for name, text in (
        ("id", item.source_url),
        ("title", item.satker),
        ("updated", item.updated_at.isoformat()),
    ):
        etree.SubElement(source, name).text = text
    link(source, "link", "self", item.source_url, "")
    link(source, "link", "alternate", item.satker_url, "text/html")
    return source
