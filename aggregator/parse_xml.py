"""An XML document → ParsedFeed: made harmless, put right where it is broken, read fast where it is plain.

The fast reader knows the everyday forms of RSS 2.0, RSS 1.0 and Atom and reads them as feedparser would
(tests/aggregator/test_fast_parse.py); at the first thing it does not know feedparser reads the whole.
"""

from __future__ import annotations

import html
import re

from aggregator.errors import ParseError
from aggregator.fast_parse import read_plain
from aggregator.records import ParsedFeed
from aggregator.repair import closed, is_well_formed, repaired

_DECLARATION = re.compile(r"\s*<\?xml[^>]*?>\s*")
_DOCTYPE = re.compile(r"(?>\s+|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE[^\[>]*+(\[.*?\]\s*)?>", re.DOTALL)
_ENTITY = re.compile(r"<!ENTITY\s+(.*?)>", re.DOTALL)
_HARMLESS_ENTITY = re.compile(r"""([\w.-]+)\s+(["'])([^&%<]{0,200}|&#\w{1,8};)\2\s*""")
MAX_REFERENCES = 1000  # to one entity of the document's own


def read_xml(text: str, url: str, warnings: list[str]) -> ParsedFeed:
    """Raises ParseError `not_a_feed`, or `entities` for a document type with entities that expand."""
    text = _DECLARATION.sub("", _without_entities(text), count=1)
    if (whole := closed(text)) is not text:
        text = whole
        warnings.append("truncated")
    if (feed := read_plain(text, warnings)) is not None:
        return feed
    if not is_well_formed(text.encode()):
        text = repaired(text)
        warnings.append("malformed")
        if (feed := read_plain(text, warnings)) is not None:
            return feed
    from aggregator.parse_feedparser import read_tolerantly  # only here: see fast_fields._is_known

    return read_tolerantly(text, url, warnings)


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
        if body.count(reference := f"&{entity[1]};") > MAX_REFERENCES:
            raise ParseError("Umpan mengulang entitas XML miliknya secara berlebihan.", code="entities")
        value = entity[3] if entity[3].startswith("&#") else html.escape(entity[3])
        body = body.replace(reference, value)
    return text[: doctype.start(1)].rpartition("<!DOCTYPE")[0] + body
