"""Two versions of a post side by side, and a harmless look at one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

import nh3
from django.utils.safestring import SafeString, mark_safe

from aggregator.models import Entry, Revision

MOST_WORDS = 4000  # compared; longer texts are cut
KEPT_AROUND = 12  # words shown on either side of a change

# Tags that say how a text is built; nothing that leads anywhere or loads anything.
_PREVIEW = nh3.Cleaner(
    tags={
        *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd"),
        *("blockquote", "pre", "code", "em", "strong", "b", "i", "u", "s", "sub", "sup"),
        *("table", "thead", "tbody", "tr", "th", "td", "caption"),
    },
    attributes={},
    link_rel=None,
)


def preview(revision: Revision) -> SafeString:
    """How the post would look, without links, pictures and attributes: cleaned again, by a stricter list."""
    return mark_safe(_PREVIEW.clean(revision.content_html))


@dataclass(frozen=True, slots=True)
class Piece:
    """Words in a row that both have ("same"), only the former ("gone") or only the newer version ("new");
    "cut" stands for same words that are left out."""

    kind: str
    text: str


def last_clean(entry: Entry, revision: Revision) -> Revision | None:
    """The version before this one that was public last."""
    clean = entry.revisions.filter(public_at__isnull=False, number__lt=revision.number)
    return clean.order_by("-number").first()


def difference(old: str, new: str) -> list[Piece]:
    """The way from the old text to the new one, word by word."""
    before, after = _words(old), _words(new)
    pieces: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces += _same(before[i1:i2])
            continue
        if i1 < i2:
            pieces.append(Piece("gone", " ".join(before[i1:i2])))
        if j1 < j2:
            pieces.append(Piece("new", " ".join(after[j1:j2])))
    return pieces


def _same(words: list[str]) -> list[Piece]:
    if len(words) <= 2 * KEPT_AROUND + 4:
        return [Piece("same", " ".join(words))]
    start, end = " ".join(words[:KEPT_AROUND]), " ".join(words[-KEPT_AROUND:])
    return [Piece("same", start), Piece("cut", "…"), Piece("same", end)]


def _words(text: str) -> list[str]:
    return re.findall(r"\S+", text)[:MOST_WORDS]
