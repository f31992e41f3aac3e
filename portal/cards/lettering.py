"""Words on a card: what the font can draw of them, and how they are set in lines.

The font is the one that Pillow carries (Aileron, CC0): the same on every machine, and no file of ours. It
knows the letters of Indonesian and English; what it does not know is written as what it is made of (é as e)
or left out, for a row of empty boxes tells nobody anything.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from PIL import ImageFont

LONGEST = 300  # characters that are looked at; a title has 500 at most
LEADING = 1.17
DRAWN = frozenset(map(chr, range(0x21, 0x7F))) | frozenset("«»°±´·‘’“”…‹›™")
ALIKE = {ord(char): "-" for char in "‐‑‒–—―−"} | {ord("•"): "·", ord("„"): "“", ord("‚"): "‘"}
_EMPTY = re.compile(r"\(\s*\)|\[\s*\]|“\s*”|\"\s*\"|«\s*»")
_PAUSE = re.compile(r"\s+([,.;:!?)\]])")


def drawable(text: str) -> str:
    """One line of what the font has, without what was left empty by leaving out."""
    letters = (_letter(char) for char in unicodedata.normalize("NFC", text[:LONGEST]).translate(ALIKE))
    found = _EMPTY.sub(" ", " ".join("".join(letters).split()))
    return _PAUSE.sub(r"\1", " ".join(found.split())).strip(" -·,;:")


def says_the_same(text: str, drawn: str) -> bool:
    """Whether most letters and digits of a text could be drawn; else what is left is not the text."""
    return 2 * _weight(drawn) > _weight(text[:LONGEST])


def _weight(text: str) -> int:
    return sum(1 for char in text if unicodedata.category(char)[0] in "LN")


@lru_cache(maxsize=4096)
def _letter(char: str) -> str:
    if char in DRAWN:
        return char
    if char.isspace():
        return " "
    if unicodedata.category(char)[0] not in "LNPS":
        return ""
    return "".join(part for part in unicodedata.normalize("NFKD", char) if part in DRAWN)


@lru_cache(maxsize=32)
def font(size: int) -> ImageFont.FreeTypeFont:
    found = ImageFont.load_default(size)
    if not isinstance(found, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow was built without FreeType.")
    return found


def fitted(text: str, width: int, height: int, sizes: tuple[int, ...]) -> tuple[int, list[str]]:
    """The largest of the sizes at which a text has room, and its lines; shortened at the smallest."""
    for size in sizes:
        lines = wrapped(text, width, size)
        if len(lines) * size * LEADING <= height:
            return size, balanced(text, width, size, len(lines))
    most = max(1, int(height / (sizes[-1] * LEADING)))
    kept = wrapped(text, width, sizes[-1])[:most]
    return sizes[-1], [*kept[:-1], shortened(kept[-1] + "…", width, sizes[-1])]


def wrapped(text: str, width: int, size: int) -> list[str]:
    """Lines no wider than `width`, broken between words, and within a word that is wider than a line."""
    space, lines, room = measure(" ", size), [""], 0.0
    for word in text.split():
        for piece in _pieces(word, width, size):
            wide = measure(piece, size)
            if lines[-1] and room + space + wide > width:
                lines.append("")
            joined = f"{lines[-1]} {piece}" if lines[-1] else piece
            room = room + space + wide if lines[-1] else wide
            lines[-1] = joined
    return lines


def balanced(text: str, width: int, size: int, most: int) -> list[str]:
    """As many lines, of lengths as even as can be: set in the narrowest column that holds them."""
    low, high = width // 2, width
    while high - low > 8:
        middle = (low + high) // 2
        low, high = (low, middle) if len(wrapped(text, middle, size)) <= most else (middle, high)
    return wrapped(text, high, size)


def shortened(line: str, width: int, size: int) -> str:
    """The line with an ellipsis in place of what has no room."""
    while measure(line, size) > width and len(line) > 1:
        line = (line.rpartition(" ")[0] or line[:-2]).rstrip(" -·,;:.") + "…"
    return line


def _pieces(word: str, width: int, size: int) -> list[str]:
    pieces = [word]
    while measure(pieces[-1], size) > width and len(pieces[-1]) > 1:
        rest = pieces.pop()
        cut = next(n for n in range(len(rest) - 1, 0, -1) if n == 1 or measure(rest[:n], size) <= width)
        pieces += [rest[:cut], rest[cut:]]
    return pieces


@lru_cache(maxsize=8192)
def measure(text: str, size: int) -> float:
    return float(font(size).getlength(text))
