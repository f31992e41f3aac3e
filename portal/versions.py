"""What changed from one public version of a post to the next, word by word."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from html import unescape

from diff_match_patch import diff_match_patch

from aggregator.models import Revision
from feeds.items import fit

MOST_WORDS = 20_000  # beyond that a comparison would cost more than a page may
PAIR_SECONDS, PAGE_SECONDS, LEAST_SECONDS = 0.5, 2.0, 0.02  # a coarser comparison comes out where time ends
CONTEXT = 15  # words left standing on either side of a change
FOLDED = 12  # fewer unchanged words are not worth folding away
MOST_LINKS = 20

_TOKEN = re.compile(r"\n|\S+")
_BREAKS = re.compile(r"\s*\n\s*")
_HREF = re.compile(r'<a\s[^>]*?href="([^"]*)"')
_KINDS = {-1: "gone", 0: "same", 1: "new"}
_PRIVATE = 0xF0000  # a word is stood for by one character of the two private planes of Unicode


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that stayed (same), went (gone), came (new), or stayed and are not shown (folded)."""

    kind: str
    text: str
    words: int


@dataclass(frozen=True, slots=True)
class Changes:
    """From one version to the next. `text` is None where the texts are too long to be compared."""

    title: tuple[Piece, ...]
    text: tuple[Piece, ...] | None
    gone: tuple[str, ...]  # links and attachments
    came: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Version:
    revision: Revision
    sha256: str
    changes: Changes | None  # None: the first version


def versions_of(revisions: Iterable[Revision]) -> list[Version]:
    """`revisions`: public ones, the newest first; the last of them is compared with nothing."""
    rows = list(revisions)
    ends = time.monotonic() + PAGE_SECONDS
    return [
        Version(new, syndicated_sha256(new), _changes(old, new, ends) if old else None)
        for new, old in zip(rows, [*rows[1:], None], strict=True)
    ]


def syndicated_sha256(revision: Revision) -> str:
    """Of the body as full feeds carry it (`isi=penuh`), so that a receiver can prove what was sent out; of
    the plain text where a post has no body."""
    return sha256((fit(revision.content_html) or revision.text).encode()).hexdigest()


def _changes(old: Revision, new: Revision, ends: float) -> Changes:
    before, after = _addresses(old), _addresses(new)
    title = compare(old.title, new.title) if old.title != new.title else None
    left = min(PAIR_SECONDS, ends - time.monotonic())
    return Changes(
        title=tuple(title or ()),
        text=_text_changes(old, new, max(LEAST_SECONDS, left)),
        gone=tuple(a for a in before if a not in after)[:MOST_LINKS],
        came=tuple(a for a in after if a not in before)[:MOST_LINKS],
    )


def _text_changes(old: Revision, new: Revision, seconds: float) -> tuple[Piece, ...] | None:
    before, after = old.text or old.summary, new.text or new.summary
    if before == after:
        return ()
    pieces = compare(before, after, seconds)
    if pieces is None:
        return None
    return tuple(folded(pieces)) if any(piece.kind != "same" for piece in pieces) else ()


def _addresses(revision: Revision) -> list[str]:
    links = [unescape(link) for link in _HREF.findall(revision.content_html)]
    return list(dict.fromkeys([*links, *(str(file.get("url", "")) for file in revision.enclosures)]))


def compare(old: str, new: str, seconds: float = PAIR_SECONDS) -> list[Piece] | None:
    """The words of both texts in one line of pieces; None when there are too many of them."""
    before, after = _tokens(old), _tokens(new)
    if max(len(before), len(after)) > MOST_WORDS:
        return None
    numbers: dict[str, int] = {}
    coded = [
        "".join(chr(_PRIVATE + numbers.setdefault(t, len(numbers))) for t in tokens)
        for tokens in (before, after)
    ]
    words = list(numbers)
    differ = diff_match_patch()
    differ.Diff_Timeout = seconds
    found = differ.diff_main(*coded, False)
    differ.diff_cleanupSemantic(found)
    return [_piece(_KINDS[sign], [words[ord(c) - _PRIVATE] for c in run]) for sign, run in found]


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(_BREAKS.sub("\n", text.strip()))


def _piece(kind: str, tokens: list[str]) -> Piece:
    """A paragraph mark stands for a break that came or went, which nobody would see otherwise."""
    mark = "\n" if kind in ("same", "folded") else "¶\n"
    text = " ".join(mark if t == "\n" else t for t in tokens)
    return Piece(kind, text.replace("\n ", "\n").replace(" \n", "\n"), sum(t != "\n" for t in tokens))


def folded(pieces: list[Piece]) -> Iterator[Piece]:
    """The same with long unchanged runs cut down to what stands around the changes."""
    for number, piece in enumerate(pieces):
        head = CONTEXT if number else 0
        tail = CONTEXT if number < len(pieces) - 1 else 0
        tokens = _TOKEN.findall(piece.text)
        if piece.kind != "same" or len(tokens) < head + tail + FOLDED:
            yield piece
            continue
        end = len(tokens) - tail
        if head:
            yield _piece("same", tokens[:head])
        yield _piece("folded", tokens[head:end])
        if tail:
            yield _piece("same", tokens[end:])
