"""The bytes of a feed → text, whatever its server and its declaration say about the charset.

A byte order mark decides; then UTF-8 wherever the bytes are valid UTF-8, because text in another charset
hardly ever is; then the charset of the header and of the XML declaration; then windows-1252, which is also
read where ISO-8859-1 is claimed (https://encoding.spec.whatwg.org/#names-and-labels).
"""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (re.compile(codecs.BOM_UTF8), "utf-8"),
    (re.compile(codecs.BOM_UTF32_LE + rb"|<\0\0\0"), "utf-32-le"),  # before UTF-16, whose mark it begins with
    (re.compile(codecs.BOM_UTF32_BE + rb"|\0\0\0<"), "utf-32-be"),
    (re.compile(codecs.BOM_UTF16_LE + rb"|<\0[?!A-Za-z]\0"), "utf-16-le"),
    (re.compile(codecs.BOM_UTF16_BE + rb"|\0<\0[?!A-Za-z]"), "utf-16-be"),
    (re.compile(rb"\x4c\x6f\xa7\x94"), "cp037"),  # "<?xm" in EBCDIC
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_LATIN = {"ascii", "iso8859-1", "cp1252"}  # Python's names of what is read as windows-1252
_UTF8 = {"utf-8", "utf-8-sig"}
# Codecs that are no charsets, or not safe or useful in a feed.
_REFUSED = re.compile(r"idna|punycode|(?:raw-)?unicode-escape|undefined|utf-7|charmap")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0 §2.2
_NON_ASCII = re.compile(r"[^\x00-\x7f]")
# All bytes of UTF-8 but those of forbidden characters: looking for these is much cheaper than the search.
_INNOCENT = bytes({*range(256)} - {*range(9), 11, 12, *range(14, 32), 0xED, 0xEF})
_FEW_FAULTS = 0.02  # share of broken characters among the non-ASCII ones that still speaks for UTF-8


def decode(body: bytes, charset: str = "") -> tuple[str, list[str]]:
    """Text without byte order mark and without characters XML forbids, and warnings about what was wrong.

    `charset`: as in the Content-Type header, or ""."""
    text, warnings = _decoded(body, charset)
    text = text.removeprefix("\ufeff")
    if text.encode("utf-8", "surrogatepass").translate(None, _INNOCENT) and _FORBIDDEN.search(text):
        text = _FORBIDDEN.sub("", text)
        warnings.append("control_characters")
    return text, warnings


def _decoded(body: bytes, charset: str) -> tuple[str, list[str]]:
    for mark, encoding in _MARKS:
        if mark.match(body):
            return _tolerant(body, encoding)
    try:
        return body.decode(), []
    except UnicodeDecodeError:
        pass
    declared = _DECLARED.match(body)
    names = [_codec(charset), _codec(declared[1].decode("ascii") if declared else "")]
    for encoding in names:
        if encoding and encoding not in _LATIN | _UTF8:
            try:
                return body.decode(encoding), []
            except (UnicodeError, LookupError):
                continue
    return _utf8_or_latin(body, claims_utf8=not _LATIN.intersection(names))


def _utf8_or_latin(body: bytes, *, claims_utf8: bool) -> tuple[str, list[str]]:
    """UTF-8 with a few broken characters (an excerpt cut in mid-character), or windows-1252."""
    text = body.decode("utf-8", "replace")
    faults, others = text.count("\ufffd"), len(_NON_ASCII.findall(text))
    if faults <= max(1, others * _FEW_FAULTS) and others > faults:
        return text, ["charset_faults"]
    return body.decode("cp1252", "replace"), ["charset_wrong"] if claims_utf8 else []


def _tolerant(body: bytes, encoding: str) -> tuple[str, list[str]]:
    try:
        return body.decode(encoding), []
    except UnicodeDecodeError:
        return body.decode(encoding, "replace"), ["charset_faults"]


def _codec(name: str) -> str:
    """Python's name of a charset, "" if it is none or not to be used."""
    try:
        found = codecs.lookup(name).name if name.isascii() and name else ""
    except (LookupError, ValueError):
        return ""
    return "" if _REFUSED.fullmatch(found) else found
