"""The body of an answer → a ParsedFeed, whatever kind of feed it is. Nothing is cleaned here.

The bytes decide what they are, the media type only where they leave it open: WordPress serves feeds as
text/html, and error pages come as application/rss+xml. Each kind of document has one reader in READERS;
a kind without a reader is refused with a reason that staff can act on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from aggregator.decode import decode
from aggregator.errors import ParseError
from aggregator.parse_json import read_json
from aggregator.parse_xml import read_xml
from aggregator.records import ParsedFeed

Reader = Callable[[str, str, list[str]], ParsedFeed]

READERS: Mapping[str, Reader] = {  # kind of document → (text, its address, warnings so far) → feed
    "xml": read_xml,
    "json": read_json,
}
REFUSALS = {
    "empty": "Jawaban kosong.",
    "html": "Jawaban berupa halaman web, bukan umpan; mungkin alamat umpannya berubah.",
    "media_type": "Jawaban bukan XML dan bukan JSON ({media_type}).",
    "not_xml": "Jawaban berupa teks, tetapi bukan XML dan bukan JSON.",
}

_BINARY = (
    b"%PDF",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"\0\0\0\x18ftyp",
    b"RIFF",
)
_HEAD = 65_536  # characters that are looked at to tell what a document is
_ROOT = re.compile(
    r"(?>\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*+(?:\[.*?\]\s*)?>)*+<([A-Za-z_][\w.:-]*)",
    re.DOTALL | re.IGNORECASE,
)
_HTML = re.compile(r"(?>\s+|<!--.*?-->)*+<(?:!doctype\s+html|html)\b", re.DOTALL | re.IGNORECASE)
_HTML_PARTS = frozenset(
    {"a", "b", "body", "br", "center", "div", "font", "form", "h1", "h2", "head", "hr", "html", "link"}
    | {"meta", "p", "pre", "script", "span", "style", "table", "title"}
)
_FEED_START = re.compile(r"<\?xml\s|<rss[\s>]|<feed[\s>]|<rdf:RDF[\s>]")


def parse(body: bytes, *, url: str, media_type: str = "", charset: str = "") -> ParsedFeed:
    """Read one fetched body.

    `url`: where it came from; `media_type`: lower case without parameters; `charset`: of the header. A feed
    without entries is a feed. Raises ParseError: `empty`, `html`, `media_type`, `not_xml`, `not_a_feed`,
    `entities`."""
    if body.startswith(_BINARY):
        raise _refused("media_type", media_type)
    text, warnings = decode(body, charset)
    text = text.strip()
    kind, start = _kind(text, media_type)
    if start:
        warnings.append("leading_text")
    reader = READERS.get(kind)
    if reader is None:
        raise _refused(kind, media_type)
    return reader(text[start:], url, warnings)


def _kind(text: str, media_type: str) -> tuple[str, int]:
    """What a document is, and where it begins (after what a broken site printed before it)."""
    head = text[:_HEAD]
    if not head:
        return "empty", 0
    if head[0] in "{[":
        return "json", 0
    root = _ROOT.match(head)
    if _HTML.match(head) or (root and root[1].lower() == "html"):
        return "html", 0
    if root and root[1].lower() not in _HTML_PARTS:
        return "xml", 0
    if (start := _FEED_START.search(head)) and not re.search(
        r"<html\b", head[: start.start()], re.IGNORECASE
    ):
        return "xml", start.start()
    if root:
        return "html", 0
    if media_type.startswith(("image/", "audio/", "video/", "font/")) or media_type == "application/pdf":
        return "media_type", 0
    return "not_xml", 0


def _refused(code: str, media_type: str) -> ParseError:
    return ParseError(REFUSALS[code].format(media_type=media_type or "tanpa jenis"), code=code)
