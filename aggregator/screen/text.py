"""Text as a reader's eye takes it: entities resolved, compatibility forms folded, invisible characters
gone, look-alike letters Latin; and, apart, digits read as the letters they stand for."""

from __future__ import annotations

import csv
import html
import re
import string
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import filterfalse
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff]"
)
_MARKS = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]")
_BEYOND_LATIN = re.compile("[\u0250-\u1dff\u2c00-\U0010ffff]")
_LEET_TOKEN = re.compile(r"[a-z0-9@$!|]{3,40}")
_SIGNED = re.compile(r"[a-z0-9]*[@$][a-z0-9@$]*")
LEET_LETTERS = str.maketrans("013457@$!|", "oleastasil")
_SPELT = re.compile(r"(?<![a-z0-9])(?:[a-z0-9@$][\W_]{1,3}){3,}[a-z0-9@$](?![a-z0-9])")
_WORD = re.compile(r"[^\W_]+")
_BREAKS = str.maketrans(dict.fromkeys(string.punctuation, " "))
# Typographic signs that news is full of: without them most text is ASCII, which is quick to look through.
_SIGNS = [
    ("“", '"'),
    ("”", '"'),
    ("‘", "'"),
    ("’", "'"),
    ("–", "-"),
    ("—", "-"),
    ("…", "..."),
    ("\u00a0", " "),
]


@lru_cache(maxsize=1)
def _lookalikes() -> dict[int, str]:
    with (DATA / "lookalikes.csv").open(encoding="utf-8", newline="") as file:
        return {ord(row["character"]): row["latin"] for row in csv.DictReader(file)}


def straight(text: str) -> str:
    """`text` with typographic signs as ASCII has them."""
    if not text.isascii():
        for sign, plain in _SIGNS:
            text = text.replace(sign, plain)
    return text


def folded(text: str) -> str:
    """`text` in small Latin letters as far as its characters can be read so."""
    if "&" in text:
        text = html.unescape(html.unescape(text))  # feeds escape twice, and spam hides in it
    text = straight(text)
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).lower()
    if _BEYOND_LATIN.search(text):
        text = text.translate(_lookalikes())
    if not text.isascii():  # accents: "slót gácór"
        text = _MARKS.sub("", unicodedata.normalize("NFD", text)).replace("đ", "d")
    return text


def undisguised(text: str, tokens: set[str], telling: Callable[[str], bool]) -> str:
    """Folded `text` (of these words) with letter-for-digit writing ("sl0t") undone where that makes a
    `telling` word, and spelling out ("s l o t") undone; "" when there is nothing to undo."""
    found = text
    if list(map(len, tokens)).count(1) >= 3 and _SPELT.search(found):
        found = _SPELT.sub(lambda match: "".join(_WORD.findall(match[0])), found)
    odd = [token for token in filterfalse(str.isalpha, tokens) if not token.isdecimal()]
    if "@" in found or "$" in found:
        odd += _SIGNED.findall(found)
    if any(telling(token.translate(LEET_LETTERS)) for token in odd):
        found = _LEET_TOKEN.sub(lambda match: match[0].translate(LEET_LETTERS), found)
    return found if found != text else ""


def words(text: str) -> list[str]:
    if text.isascii():
        return text.translate(_BREAKS).split()
    return _WORD.findall(text)


def scripts(text: str) -> tuple[int, int]:
    """How many letters are of scripts that no Indonesian office writes in, and how many there are at all.

    Arabic counts as at home: greetings and place names are written in it.
    """
    text = straight(text)
    if text.isascii():
        return 0, len(text)
    foreign = len(_FOREIGN.findall(text))
    return foreign, max(1, sum(map(str.isalpha, text))) if foreign else len(text)


_FOREIGN = re.compile(
    "[\u0370-\u058f\u0900-\u1cff\u2e80-\u9fff\ua000-\ua4cf\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
