"""Documents as RSS 2.0 and Atom 1.0, built by feedgen: the frame each time, each entry once.

Every entry is a fragment that depends on its item alone. Fragments are kept and joined into the frame,
which costs a hundredth of building them anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from feedgen.feed import FeedGenerator

from feeds import addresses
from feeds.documents import LANGUAGE, PUBLISHER, Document, rights
from feeds.extension import EntryExtension, FeedExtension
from feeds.items import Item, bodies, texts
from feeds.kept import Kept

fragments: Kept[bytes] = Kept(32_000_000)

_MARKUP = re.compile(r"<(?=[A-Za-z/!?])")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def atom(document: Document) -> bytes:
    """The document as Atom 1.0 (RFC 4287), UTF-8."""
    frame = _frame(document, "atom")
    frame.author({"name": PUBLISHER, "uri": addresses.absolute("/")})
    return _joined(frame.atom_str(), b"</feed>", pieces(document, "atom", _atom_fragments))


def rss(document: Document) -> bytes:
    """The document as RSS 2.0 by the RSS Advisory Board's profile, UTF-8."""
    return _joined(_frame(document, "rss").rss_str(), b"</channel>", pieces(document, "rss", _rss_fragments))


def pieces(
    document: Document, ending: str, build: Callable[[Sequence[tuple[Item, str]]], Sequence[bytes]]
) -> list[bytes]:
    """The fragments of a document's entries; those not kept are built from items and bodies ("" unless the
    document is to be full)."""
    full, entries = document.full, document.entries
    found = [fragments.get((ending, full, entry)) for entry in entries]
    missing = [entry for entry, piece in zip(entries, found, strict=True) if piece is None]
    wordless = [entry.revision_id for entry in missing if not entry.summary]
    text = texts(wordless) if wordless else {}
    html = bodies(entry.revision_id for entry in missing) if full and missing else {}
    items = [
        (entry.item(text.get(entry.revision_id, "")), html.get(entry.revision_id, "")) for entry in missing
    ]
    built = dict(zip(missing, build(items), strict=True)) if items else {}
    for entry, piece in built.items():
        fragments.put((ending, full, entry), piece, len(piece) + 2000)
    return [piece or built[entry] for entry, piece in zip(entries, found, strict=True)]


def _frame(document: Document, ending: str) -> Any:
    """Everything but the entries."""
    frame = _generator()
    frame.id(document.identifier)
    frame.title(document.title)
    frame.link(href=document.channel.home, rel="alternate", type="text/html")
    frame.description(document.channel.description)
    frame.language(LANGUAGE)
    frame.rights(rights())
    frame.updated(document.updated_at)
    frame.generator("Portal Berita KPU", uri=addresses.absolute("/tentang"))
    if ending == "rss":
        frame.ttl(5)
    frame.portal.links = document.links(ending)
    frame.portal.is_archive = document.window.archive is not None
    return frame


def _generator() -> Any:
    generator = FeedGenerator()
    generator.register_extension("portal", FeedExtension, EntryExtension)
    return generator


def _joined(frame: bytes, end: bytes, pieces: Sequence[bytes]) -> bytes:
    head, mark, tail = frame.rpartition(end)
    return b"\n".join([head, *pieces, mark + tail])


def _atom_fragments(items: Sequence[tuple[Item, str]]) -> list[bytes]:
    generator = _nameless()
    for item, body in items:
        entry = _entry(generator, item)
        entry.updated(item.updated_at)
        entry.author({"name": item.satker, "uri": item.satker_url})
        if item.byline:
            entry.contributor({"name": item.byline})
        entry.summary(item.excerpt)
        entry.rights(item.rights)
        if body:
            entry.content(body, type="html")
        entry.category([{"term": c.term, "scheme": c.scheme, "label": c.label} for c in item.categories])
    return _parted(generator.atom_str(), b"entry")


def _rss_fragments(items: Sequence[tuple[Item, str]]) -> list[bytes]:
    generator = _nameless()
    for item, body in items:
        entry = _entry(generator, item)
        entry.title(_plain(item.title))
        entry.description(escape(item.excerpt, quote=False))
        if body:
            entry.content(body)
        entry.category([{"term": c.label, "scheme": c.scheme} for c in item.categories])
        if item.source_url:
            entry.source(item.source_url, item.satker)
    return _parted(generator.rss_str(), b"item")


def _nameless() -> Any:
    """A frame that only holds entries until they are parted."""
    generator = _generator()
    generator.id("x")
    generator.title("x")
    generator.link(href="x")
    generator.description("x")
    return generator


def _entry(generator: Any, item: Item) -> Any:
    """A new entry with what both formats share."""
    entry = generator.add_entry(order="append")
    entry.portal.item = item
    entry.id(item.identifier)
    entry.title(item.title)
    entry.link(href=item.url)
    entry.published(item.published_at)
    return entry


def _plain(title: str) -> str:
    """RSS does not say whether a title is text or HTML, so what would be markup is written in signs that
    look alike (https://www.rssboard.org/rss-profile#data-types-characterdata)."""
    return _ENTITY.sub("＆", _MARKUP.sub("‹", title))


def _parted(feed: bytes, name: bytes) -> list[bytes]:
    """The entries of a feed, each as it stands within a frame, which declares its namespaces. In XML a bare
    "<" only ever begins a tag."""
    opening, closing = b"<" + name, b"</" + name + b">"
    _head, *found = feed.split(opening)
    return [opening + piece.partition(closing)[0] + closing for piece in found]
