"""Fields that every reader of feeds reads alike, whatever form the feed has."""

from __future__ import annotations

import html
import re

MAX_ENTRIES = 5000  # a satker's feed has 10 to 50

_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}


def plain_to_html(text: str) -> str:
    """Plain text as HTML that reads the same: escaped, paragraphs at blank lines, line breaks kept."""
    text = html.escape(text, quote=False)
    if "\n" not in text:
        return text
    paragraphs = text.replace("\r\n", "\n").split("\n\n")
    return "".join(f"<p>{part.strip().replace(chr(10), '<br>')}</p>" for part in paragraphs if part.strip())


def number(text: str) -> int | None:
    """A whole number of at most 14 digits, or None."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 15 else None


def update_seconds(period: str, frequency: str) -> int | None:
    """Seconds between updates by the syndication module (http://purl.org/rss/1.0/modules/syndication/)."""
    seconds = _PERIODS.get(period.strip().lower())
    return seconds // max(1, number(frequency) or 1) if seconds else None


def skip_times(text: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """skipHours and skipDays of RSS 2.0."""
    if "<skip" not in text:
        return (), ()
    hours = map(number, _repeated(text, "skipHours", "hour"))
    return tuple(h for h in hours if h is not None and h <= 24), tuple(_repeated(text, "skipDays", "day"))


def _repeated(text: str, outer: str, inner: str) -> list[str]:
    """Texts of a channel element that repeats, read from the document: feedparser keeps only the last."""
    at = text.find(f"<{outer}")
    if at < 0:
        return []
    block = text[at : at + 3000].partition(f"</{outer}>")[0]
    return re.findall(rf"<{inner}>\s*(\w{{1,10}})\s*</{inner}>", block)


def fullest(summary: str, content: str) -> tuple[str, str]:
    """Summary and content, the longer one as content; one that says the same twice is no summary."""
    if len(summary) < len(content):
        return summary, content
    return ("", summary) if summary == content else (content, summary)


def entry_link(link: str, guid: str, alternate: str = "") -> str:
    """The link of an entry. A guid stands for one only where it is an address (RSS 2.0: isPermaLink)."""
    if link == guid and not link[:8].lower().startswith(("http://", "https://")):
        link = ""
    return link or alternate
