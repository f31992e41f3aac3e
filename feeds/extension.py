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

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
HISTORY = "http://purl.org/syndication/history/1.0"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

# feedgen's own calls setlocale, which is shared by all threads; English names need no locale.
feedgen.feed.formatRFC2822 = feedgen.entry.formatRFC2822 = format_datetime


class FeedExtension(BaseExtension):  # type: ignore[misc]
    """Links of the document and the mark of an archive."""

    def __init__(self) -> None:
        self.links: list[tuple[str, str, str]] = []
        self.is_archive = False

    def extend_ns(self) -> dict[str, str]:
        return {"fh": HISTORY, "dc": DC}

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
        return entry


def link(parent: Any, name: str, rel: str, href: str, media: str) -> None:
    element = etree.SubElement(parent, name, rel=rel, href=href)
    if media:
        element.set("type", media)


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
