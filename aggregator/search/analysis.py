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

# A number with thousands dots, or a run of letters and digits, with apostrophes inside (Jum'at, Qur’an).
_TOKEN = re.compile(r"\d{1,3}(?:\.\d{3})+(?!\d)|[^\W_]+(?:['’‘ʼ`][^\W_]+)*")
LONGEST_TOKEN = 60  # characters; longer runs are no words
_FILES = ("search_roots.txt", "search_stop_words.txt", "search_variants.csv", "satker.csv")
_VERSION = "1"  # raise when the rules here or in stems.py change what is indexed


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
    raw = [
        (form, match.start(), match.end())
        for match in _TOKEN.finditer(text)
        if (form := plain(match.group())) and len(form) <= LONGEST_TOKEN
    ]
    found: list[Token] = []
    for form, start, end in _joined(raw):
        if form in STOP_WORDS:
            continue
        last = found[-1] if found else None
        if last and last.form == form and text[last.end : start] == "-":
            found[-1] = last._replace(end=end)
        else:
            found.append(Token(form, stem(form), start, end))
    return found


def question_tokens(text: str) -> list[Token]:
    """The words of a question: as `tokens`, but stop words count when there is nothing else."""
    found = tokens(text)
    if found:
        return found
    return [
        Token(form, form, match.start(), match.end())
        for match in _TOKEN.finditer(normal(text))
        if (form := plain(match.group())) and len(form) <= LONGEST_TOKEN
    ]


@lru_cache(maxsize=100_000)
def plain(word: str) -> str:
    """A word in lower case without marks, apostrophes and thousands dots: "Qur’an" → "quran"."""
    if word.isascii() and word.isalnum():
        return word.lower()
    parts = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in parts if char.isalnum())


def _joined(raw: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Spelling variants, of one or more words, replaced by the one spelling that is indexed."""
    found: list[tuple[str, int, int]] = []
    at = 0
    while at < len(raw):
        for written, spelling in VARIANTS.get(raw[at][0], ()):
            taken = raw[at : at + len(written)]
            if tuple(form for form, _start, _end in taken) == written:
                found.extend((form, taken[0][1], taken[-1][2]) for form in spelling)
                at += len(written)
                break
        else:
            found.append(raw[at])
            at += 1
    return found


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
