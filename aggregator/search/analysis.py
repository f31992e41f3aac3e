"""From text to terms: the one analysis of what is indexed, what is asked and what is highlighted.

A token keeps where it stood in the text, so that highlighting marks what the index matched. Text is
taken in Unicode normal form C; positions count in that form.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from aggregator.search.stems import DATA, stem, words_of

# The rupiah sign before its number, a number with thousands dots, or a run of letters and digits with
# apostrophes inside (Jum'at, Qur’an).
WORD = re.compile(r"[Rr]p(?=\.?\d)|\d{1,3}(?:\.\d{3})+(?!\d)|[^\W_]+(?:['’‘ʼ`][^\W_]+)*")
LONGEST_TOKEN = 60  # characters; longer runs are no words
_FILES = ("search_roots.txt", "search_stop_words.txt", "search_variants.csv", "satker.csv")
_VERSION = "2"  # raise when the rules here or in stems.py change what is indexed


class Token(NamedTuple):
    form: str  # lower case, without marks
    stem: str
    start: int  # in the text in normal form C
    end: int


def normal(text: str) -> str:
    """Normal form C, in which the places of tokens are counted."""
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def tokens(text: str) -> list[Token]:
    """All words of a text in order, stop words left out, spelling variants brought together.

    Of a reduplication (pemilih-pemilih) one is kept.
    """
    text = normal(text)
    found: list[Token] = []
    last = ""
    raw = _raw(text)
    at, size = 0, len(raw)
    while at < size:
        form, start, end = raw[at]
        at += 1
        if form in VARIANTS and (variant := _variant(raw, at - 1)):
            spelling, taken = variant
            at += taken - 1
            end = raw[at - 1][2]
            found.extend(Token(form, stem(form), start, end) for form in spelling)
            last = spelling[-1]
        elif form in STOP_WORDS:
            last = ""
        elif form == last and text[found[-1].end : start] == "-":
            found[-1] = found[-1]._replace(end=end)
        else:
            found.append(Token(form, stem(form), start, end))
            last = form
    return found


def question_tokens(text: str) -> list[Token]:
    """The words of a question: as `tokens`, but stop words count when there is nothing else."""
    return tokens(text) or [Token(form, form, start, end) for form, start, end in _raw(normal(text))]


def _raw(text: str) -> list[tuple[str, int, int]]:
    """The words as they stand, in their plain form."""
    return [
        (form, match.start(), match.end())
        for match in WORD.finditer(text)
        if (form := plain(match[0])) and len(form) <= LONGEST_TOKEN
    ]


@lru_cache(maxsize=200_000)
def plain(word: str) -> str:
    """A word in lower case without marks, apostrophes and thousands dots: "Qur’an" → "quran"."""
    if word.isascii() and word.isalnum():
        return word.lower()
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in parts if char.isalnum())


def _variant(raw: list[tuple[str, int, int]], at: int) -> tuple[tuple[str, ...], int] | None:
    """The spelling that is indexed for what is written here, and of how many words that is."""
    for written, spelling in VARIANTS[raw[at][0]]:
        if tuple(form for form, _start, _end in raw[at : at + len(written)]) == written:
            return spelling, len(written)
    return None


def _read_variants() -> dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]]:
    """By first word: what is written, and how it is indexed; the longest first."""
    variants: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    with (DATA / "search_variants.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            written, spelling = tuple(row["written"].split()), tuple(row["as"].split())
            variants.setdefault(written[0], []).append((written, spelling))
    for choices in variants.values():
        choices.sort(key=lambda choice: -len(choice[0]))
    return variants


def _signature() -> str:
    digest = hashlib.sha256(_VERSION.encode())
    for name in _FILES:
        digest.update((DATA / name).read_bytes())
    return digest.hexdigest()[:16]


STOP_WORDS = words_of("search_stop_words.txt")
VARIANTS = _read_variants()
SIGNATURE = _signature()  # an index made by another analysis is made anew
