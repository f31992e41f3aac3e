"""What a page would not have shown: taken out of a post, and told with the links that were in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlsplit

import lxml.html

from aggregator.links import absolute, host

MOST_LINKS = 20  # told of one element
_END = r"\s*(?:[;\"'!<]|$)"
_NOTHING = r"(?:0|0?\.0\d*|0%)"  # of opacity
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)"
    rf"|opacity\s*:\s*{_NOTHING}{_END}|filter\s*:\s*opacity\(\s*{_NOTHING}\s*\)"
    rf"|font-size\s*:\s*(?:0(?:px|pt|r?em|%)?|[01](?:\.\d+)?(?:px|pt|%)|0?\.[0-3]\d*r?em){_END}"
    r"|(?<![-\w])font\s*:\s*0(?:px|pt)?[\s/]"
    r"|(?<![-\w])color\s*:\s*(?:transparent|(?:rgb|hsl)a\([^()]{3,30},\s*0?\.?0*\s*\))"
    r"|text-indent\s*:\s*-\d{3,}|(?:left|top|right|bottom|margin-left|margin-top)\s*:\s*-\d{3,}"
    r"|clip\s*:\s*rect\(\s*[01](?:px)?[\s,)]|clip-path\s*:\s*(?:inset\(\s*(?:[5-9]\d|100)%|circle\(\s*0)"
    r"|transform\s*:\s*scale\(\s*0?\.?0*\s*[,)]|line-height\s*:\s*0(?:px)?\s*;\s*overflow\s*:\s*hidden"
    rf"|(?<![-\w])(?:max-)?(?:height|width)\s*:\s*[01](?:px)?{_END}"
)
# White on a page that is white, unless a background of its own is said beside it.
_WHITE = r"(?:#fff(?:fff)?|#fefefe|white|rgb\(\s*255\s*,\s*255\s*,\s*255\s*\))"
_PALE = re.compile(rf"(?<![-\w])color\s*[:=]\s*[\"']?\s*{_WHITE}{_END}")
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CSS_ESCAPE = re.compile(r"\\([0-9a-f]{1,6})\s?")
# What only machines read: links in there are for search engines.
_UNSEEN_TAGS = frozenset({"noscript", "template", "noembed", "noframes"})
_UNSEEN = " or ".join(f"self::{tag}" for tag in sorted(_UNSEEN_TAGS))
_TINY_MARQUEE = "self::marquee[@height='0' or @height='1' or @width='0' or @width='1']"
_HIDDEN_ATTRIBUTE = re.compile(r"\shidden(?=[\s=>/])")
_WORD = re.compile(r"[^\W_]+")

TAGS = _UNSEEN_TAGS | {"marquee"}


def may_hide(attributes: str, has_links: bool) -> bool:
    """Whether some element with these attributes (in small letters, unescaped) may be hidden or pale."""
    if "style" not in attributes and "color" not in attributes:
        return False
    attributes = _plain_css(attributes)
    return bool(_HIDING.search(attributes) or (has_links and _PALE.search(attributes)))


def has_attribute(markup: str) -> bool:
    return "hidden" in markup and bool(_HIDDEN_ATTRIBUTE.search(markup))


def _plain_css(style: str) -> str:
    """Without comments and escapes, in which the words of a style may be hidden from filters."""
    if "/*" in style:
        style = _CSS_COMMENT.sub("", style)
    if "\\" in style:
        style = _CSS_ESCAPE.sub(lambda m: chr(int(m[1], 16)) if int(m[1], 16) < 0x110000 else "", style)
    return style


def without_hidden(markup: str, base: str, signals: set[str]) -> str:
    """Elements that the page would not have shown, with their text, are no part of the post. Pale ones may
    stand on a dark ground that is not seen here: they stay, and only their links are told."""
    parser = lxml.html.HTMLParser(encoding="utf-8")
    root = lxml.html.document_fromstring(f"<body>{markup}".encode(), parser=parser)
    for element in root.xpath(f".//*[@style or @hidden or @color or {_UNSEEN} or {_TINY_MARQUEE}]"):
        style = _plain_css(element.get("style", "").lower()) + ";"
        seen = element.get("hidden") is None and element.tag not in _UNSEEN_TAGS and element.tag != "marquee"
        if seen and not _HIDING.search(style):
            if _is_pale(element, style):
                signals.update(_hidden_links(element, base))
            continue
        links = set(_hidden_links(element, base))
        if element.tag != "img" and element.tag not in _UNSEEN_TAGS and element.text_content().strip():
            links = links or {"hidden"}
        signals.update(links)
        if element.tag not in ("html", "body"):
            element.drop_tree()
    return lxml.html.tostring(root, encoding="unicode")


def _is_pale(element: lxml.html.HtmlElement, style: str) -> bool:
    if "background" in style or any(
        "background" in (up.get("style") or "").lower() or up.get("bgcolor") for up in element.iterancestors()
    ):
        return False
    return bool(_PALE.search(f"color:{element.get('color', '').lower()};{style}"))


def _hidden_links(element: lxml.html.HtmlElement, base: str) -> Iterator[str]:
    """`hidden_link:host words`: where it leads, and what anchor and address say."""
    for link in islice(element.iter("a"), MOST_LINKS):
        if address := absolute(link.get("href") or "", base):
            words = " ".join(_WORD.findall(f"{link.text_content()} {urlsplit(address).path}"))
            yield f"hidden_link:{host(address)} {words[:150]}".rstrip()
