"""What most often keeps a feed from being well-formed XML, put right so that a strict parser can read it.

Ampersands that stand for themselves, entities of HTML, references to characters that do not exist, prefixes
nobody declared, and an end that never came. What is left after this is for feedparser's loose reader.
"""

from __future__ import annotations

import html.entities
import re
from collections.abc import Iterator
from xml.parsers import expat

_REFERENCE = re.compile(r"&#(?:[xX]([0-9A-Fa-f]{1,10})|([0-9]{1,10}));|&#[xX]?[0-9A-Fa-f]{11,};")
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos", "AMP", "LT", "GT", "QUOT"})
_ROOT = re.compile(r"<(rss|feed|rdf:RDF)(?=[\s>])")
_PREFIX = re.compile(r"</?([A-Za-z][\w-]{0,30}):(?=[A-Za-z])")
_NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "georss": "http://www.georss.org/georss",
    "itunes": "http://www.itunes.com/DTDs/PodCast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
}
_CLOSING = {"rss": "</channel></rss>", "feed": "</feed>", "rdf:RDF": "</rdf:RDF>"}


def is_well_formed(data: bytes) -> bool:
    """Whether a strict parser, one that minds namespaces, reads these bytes (UTF-8) to their end."""
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        return False
    return True


def repaired(text: str) -> str:
    """The text with the usual mistakes put right. Well-formed text may change too: ask first."""
    text = _NAMED.sub(_character, _REFERENCE.sub(_existing, text))
    return _declared("".join(_ampersands_escaped(text)))


def _ampersands_escaped(text: str) -> Iterator[str]:
    """The text in pieces, with bare ampersands escaped outside of CDATA sections."""
    at = 0
    while (start := text.find("<![CDATA[", at)) >= 0 and (end := text.find("]]>", start)) >= 0:
        yield _BARE_AMPERSAND.sub("&amp;", text[at:start])
        yield text[start:end]
        at = end
    yield _BARE_AMPERSAND.sub("&amp;", text[at:])


def closed(text: str) -> str:
    """A feed that was cut off, closed after its last whole entry, so that no half post is stored."""
    root = _ROOT.search(text[:65_536])
    if root is None or f"</{root[1]}" in text[-200:] or f"</{root[1]}" in text:
        return text
    last = max(text.rfind(end) for end in ("</item>", "</entry>"))
    return text if last < 0 else text[: text.index(">", last) + 1] + _CLOSING[root[1]]


def _existing(match: re.Match[str]) -> str:
    if not (match[1] or match[2]):
        return ""
    code = int(match[1], 16) if match[1] else int(match[2])
    exists = code in (9, 10, 13) or 32 <= code < 0xD800 or 0xDFFF < code < 0xFFFE or 0xFFFF < code < 0x110000
    return match[0] if exists else ""


def _character(match: re.Match[str]) -> str:
    """The character of an HTML entity. Right inside CDATA too, where it means the same one level down."""
    name = match[1]
    return match[0] if name in _XML_ENTITIES else html.entities.html5.get(f"{name};", match[0])


def _declared(text: str) -> str:
    root = _ROOT.search(text[:65_536])
    if root is None:
        return text
    missing = sorted(p for p in set(_PREFIX.findall(text)) - {"xml"} if f"xmlns:{p}" not in text)
    names = "".join(f' xmlns:{p}="{_NAMESPACES.get(p, f"urn:undeclared:{p}")}"' for p in missing)
    return text[: root.end()] + names + text[root.end() :]
