"""HTML from a site → HTML that is safe to show, the plain text of it, and what had to be taken out.

One short list of tags, no images, styles, frames or foreign content; of 630 attack vectors none runs
(tests/aggregator/test_sanitise.py). Everything here works on text that is in memory; nothing is loaded.
"""

from __future__ import annotations

import html
import re
import unicodedata
from contextvars import ContextVar

import nh3

from aggregator import hiding
from aggregator.errors import EntryRejected
from aggregator.links import absolute, host

ALLOWED_TAGS = frozenset(
    {"p", "div", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd"}
    | {
        "blockquote",
        "pre",
        "code",
        "em",
        "strong",
        "b",
        "i",
        "sub",
        "sup",
        "abbr",
        "a",
        "figure",
        "figcaption",
    }
    | {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"}
)
ALLOWED_ATTRIBUTES = {
    "a": {"href"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
# Gone with all they hold; any other tag only loses its marks and keeps its text.
_EMPTIED_TAGS = frozenset(
    {
        "script",
        "style",
        "template",
        "noscript",
        "noembed",
        "noframes",
        "iframe",
        "frameset",
        "object",
        "applet",
    }
    | {"svg", "math", "audio", "video", "canvas", "select", "button", "textarea", "title", "head"}
    | {"xmp", "plaintext", "datalist"}
)
# Blocks that are no use to a reader as such, but whose borders must not run words together.
_BLOCKS = frozenset(
    {
        "address",
        "article",
        "aside",
        "center",
        "details",
        "dir",
        "fieldset",
        "footer",
        "form",
        "header",
        "main",
    }
    | {"marquee", "menu", "nav", "section", "summary"}
)
_SIGNALS = {
    **dict.fromkeys(("script", "iframe", "form", "style", "svg", "math", "base", "meta"), ""),
    **dict.fromkeys(("object", "embed", "applet"), "object"),
    **dict.fromkeys(("frame", "frameset"), "iframe"),
    **dict.fromkeys(("input", "button", "textarea", "select"), "form"),
}
# With these alone one pass is enough. Headings and tables may, with an unclosed tag in them, come out nested.
_CALM_TAGS = (
    ALLOWED_TAGS
    - {"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "h1", "h2", "h3", "h4", "h5", "h6"}
) | {"img", "span", "font", "big", "tt", "kbd", "cite", "mark"}

MAX_DEPTH = 256  # as libxml2; an HTML parser needs time and memory by the square of it
MAX_REFERENCES = 100_000  # html5ever needs the square of the number of &…; in one text
MAX_PLAIN_MARKUP = 20_000  # characters of a title or name that are looked at
_MANY_TAGS = 500  # below, the depth needs no counting
_NO_DEPTH = frozenset(
    {"p", "br", "img", "li", "td", "th", "tr", "dt", "dd", "hr", "option", "wbr", "input", "col"}
)
_ANY_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]*)")

_NAME = re.compile(r"<([A-Za-z][A-Za-z0-9:-]*)")
_ATTRIBUTED = re.compile(r"<[A-Za-z][^<>=]*=[^<>]*")
_EVENT = re.compile(r"on(?<=[\s\"'/]on)[a-z]{3,}\s*=")  # the literal first, for speed
_CODE_URL = re.compile(r"(?:java|vb|live)script\s*:")
_SOURCED = re.compile(
    r"<(script|i?frame|object|embed|form)\b(?:[^<>]*?\s(?:src|data|action)\s*=\s*[\"']?\s*([^\"'\s<>]+))?",
    re.IGNORECASE,
)
_DATA_URL = re.compile(r"data:[a-z0-9.+/-]{0,80}(?:;[a-z0-9=-]{1,40})*,[A-Za-z0-9+/=%\s_-]*", re.IGNORECASE)
_PLAIN_BYTES = bytes([9, 10, 13, *range(32, 127)])
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_ZERO_WIDTH = re.compile(r"\w[\u00ad\u200b-\u200d\u2060\ufeff]+(?=\w)")
_EMPTY = re.compile(
    r"<(p|div|figure|figcaption|li|ul|ol|h[1-6]|strong|b|em|i|blockquote|dl|dt|dd)>(?:\s|&nbsp;|<br>)*</\1>"
)
_BORDERS = re.compile(r"<(/?)(?:" + "|".join(sorted(_BLOCKS)) + ")>")
_PRE_LINES = re.compile(r"<pre>\n+")
_TAG = re.compile(r"<(/?[a-z0-9]+)[^>]*>")
_GAPS = {
    **{
        f"{end}{tag}": "\n\n" for end in ("", "/") for tag in ("p", "div", "h1", "h2", "h3", "h4", "h5", "h6")
    },
    **{
        f"{end}{tag}": "\n\n" for end in ("", "/") for tag in ("blockquote", "pre", "table", "ul", "ol", "dl")
    },
    **{f"{end}{tag}": "\n\n" for end in ("", "/") for tag in ("figure", "figcaption", "caption")},
    **dict.fromkeys(("br", "hr", "li", "/li", "tr", "/tr", "dt", "/dt", "dd", "/dd"), "\n"),
    **dict.fromkeys(("td", "/td", "th", "/th"), " "),
}
_EVERYDAY_TAG = re.compile(
    r"</?(?:p|br|a|b|i|em|strong|u|span|div|img|li|ul|h[1-6])(?:\s+[a-z-]+=\"[^\"<>]*\")*\s*/?>"
)
_INLINE_BREAK = re.compile(r"<(?=(?:br|/?(?:p|div|li|h[1-6]|tr|td))\b)", re.IGNORECASE)

_base: ContextVar[str] = ContextVar("base", default="")


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name != "href":
        return value if value.isascii() and value.isdigit() and len(value) < 5 else None
    if value[:7].lower() == "mailto:" or value[:4].lower() == "tel:":
        return value if len(value) <= 500 else None
    return absolute(value, _base.get()) or None


_CLEANER = nh3.Cleaner(
    tags=set(ALLOWED_TAGS | _BLOCKS),
    clean_content_tags=set(_EMPTIED_TAGS),
    attributes={tag: set(names) for tag, names in ALLOWED_ATTRIBUTES.items()},
    attribute_filter=_attribute,
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel=None,  # _tidy does it, in a tenth of the time
)
_TEXT_CLEANER = nh3.Cleaner(tags=set(), clean_content_tags=set(_EMPTIED_TAGS), link_rel=None)


def safe_html(markup: str, base: str) -> tuple[str, set[str]]:
    """`markup` with the allowed tags only and its links absolute as seen from `base`, and signals of what
    was taken out: the names in `found_in`, `hidden`, `hidden_link`, `bidi`, `zero_width`, some with the host
    they lead to (`iframe:x.example`, `hidden_link:x.example words of the link`). Idempotent.

    Raises EntryRejected for markup that is nested or escaped beyond measure."""
    if markup.count("&") > MAX_REFERENCES:
        raise EntryRejected("Markup berita berisi terlalu banyak rujukan karakter.", code="entry_too_large")
    if markup.count("<") > _MANY_TAGS and _depth(markup) > MAX_DEPTH:
        raise EntryRejected("Markup berita bersarang terlalu dalam.", code="entry_too_large")
    unseen: set[str] = set()
    markup = visible(markup, unseen)
    signals = (_with_hosts(found_in(markup), markup, base) if "<" in markup else set()) | unseen
    if "data_url" in signals:
        markup = _DATA_URL.sub("data:,", markup)
    if "hiding" in signals:
        signals.remove("hiding")
        markup = hiding.without_hidden(markup, base, signals)
    token = _base.set(base)
    try:
        clean = _tidy(_cleaned(markup, signals))
        if "unusual" in signals:
            signals.remove("unusual")
            clean = _settled(clean)
    finally:
        _base.reset(token)
    return clean, signals


def _cleaned(markup: str, signals: set[str]) -> str:
    """`markup` as the cleaner leaves it, also without the invisible that was written as references."""
    clean = _CLEANER.clean(markup)
    if "&" not in markup or (shown := visible(clean, signals)) == clean:
        return clean
    return _CLEANER.clean(shown)


def _settled(clean: str) -> str:
    """Once an unusual tag is out, things may be nested as no parser leaves them: again until it stays."""
    before = None
    while before != clean:
        before, clean = clean, _tidy(_CLEANER.clean(_BORDERS.sub(r"<\1div>", clean)))
    return clean


def _depth(markup: str) -> int:
    """The greatest number of elements that stand open at once, where each has to be closed by name."""
    open_elements: dict[str, int] = {}
    depth = deepest = 0
    for closing, name in _ANY_TAG.findall(markup):
        name = name.lower()
        opened = open_elements.get(name, 0)
        if name in _NO_DEPTH or (closing and not opened):
            continue
        change = -1 if closing else 1
        open_elements[name] = opened + change
        depth += change
        deepest = max(deepest, depth)
    return deepest


def found_in(markup: str) -> set[str]:
    """What in the markup is not for reading: `script`, `iframe`, `object`, `form`, `style`, `svg`, `math`,
    `base`, `meta`, `event_handler`, `code_url`, `data_url`, `base64`; inside this module also `hiding`
    (some element may be hidden) and `unusual` (one pass may not be enough)."""
    names = {name.lower() for name in set(_NAME.findall(markup))}
    signals = {_SIGNALS[name] or name for name in names.intersection(_SIGNALS)}
    if not names <= _CALM_TAGS:
        signals.add("unusual")
    attributes = " ".join(set(_ATTRIBUTED.findall(markup))).lower()
    if attributes:
        if "&" in attributes:
            attributes = html.unescape(attributes)
        if _EVENT.search(attributes):
            signals.add("event_handler")
        if "script" in attributes and _CODE_URL.search(attributes):
            signals.add("code_url")
        if hiding.may_hide(attributes, "a" in names):
            signals.add("hiding")
    if ("a" in names and not names.isdisjoint(hiding.TAGS)) or hiding.has_attribute(markup):
        signals.add("hiding")
    if "data:" in markup and _DATA_URL.search(markup):
        signals.add("data_url")
    if "base64_decode" in markup or "atob(" in markup:
        signals.add("base64")
    return signals


def _with_hosts(signals: set[str], markup: str, base: str) -> set[str]:
    """Signals of elements that load or send something, each with the host it does it from or to."""
    if signals.isdisjoint(("script", "iframe", "object", "form")):
        return signals
    told = set()
    for name, source in _SOURCED.findall(markup):
        signal = _SIGNALS[name.lower()] or name.lower()
        place = host(absolute(html.unescape(source), base)) if source else ""
        told.add(f"{signal}:{place}" if place else signal)
    return (signals - {"script", "iframe", "object", "form"} | told) if told else signals


def visible(text: str, signals: set[str] | None = None) -> str:
    """`text` in NFC without control, zero-width and direction-changing characters."""
    odd = text.encode("utf-8", "surrogatepass").translate(None, _PLAIN_BYTES)
    if not odd:  # the search below is ten times dearer than this look at the bytes
        return text
    if _INVISIBLE.search(odd.decode("utf-8", "surrogatepass")):
        if signals is not None:
            signals.update(["bidi"] if _BIDI.search(text) else [])
            signals.update(["zero_width"] if _ZERO_WIDTH.search(text) else [])
        text = _INVISIBLE.sub("", text)
    return unicodedata.normalize("NFC", text)


def _tidy(clean: str) -> str:
    # Ranking in search engines is what injected links are after: nofollow and ugc leave them worthless.
    clean = clean.replace('<a href="', '<a rel="noopener nofollow ugc" href="')
    if "<h1>" in clean:  # the page has its own
        clean = clean.replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    if "<pre>" in clean:  # a parser drops the first line end inside <pre>, each time
        clean = _PRE_LINES.sub("<pre>", clean)
    before = None
    while before != clean:
        before, clean = clean, _EMPTY.sub("", clean)
    return clean.strip()


def text_of(clean: str) -> str:
    """Plain text of safe HTML: paragraphs parted by a blank line, list items and rows by a line end."""
    for blank in "\n\t\r":
        clean = clean.replace(blank, " ")
    text = _characters(_TAG.sub(lambda tag: _GAPS.get(tag[1], ""), clean))
    lines = [line.strip() for line in text.split("\n")]
    text = "\n".join(lines).strip()
    if "  " in text:
        text = "\n".join([" ".join(line.split()) for line in text.split("\n")])
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text


def plain(markup: str, signals: set[str] | None = None) -> str:
    """One line of plain text: tags out, entities decoded once, white space squeezed."""
    markup = markup[:MAX_PLAIN_MARKUP]
    if "<" in markup:
        markup = _untagged(_INLINE_BREAK.sub(" <", markup))
    elif "&" in markup:
        markup = html.unescape(markup)
    return " ".join(visible(markup, signals).split())


def _untagged(markup: str) -> str:
    """Text without marks. Where all of them are everyday ones, they need no parser to be found."""
    text, found = _EVERYDAY_TAG.subn("", markup)
    if found == markup.count("<"):
        return html.unescape(text)
    return _characters(_TEXT_CLEANER.clean(markup))


def _characters(text: str) -> str:
    """Undoes the only escapes that html5ever writes in text."""
    if "&" not in text:
        return text
    text = text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">")
    return text.replace("&amp;", "&")
