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
from itertools import chain
from typing import NamedTuple, TypeAlias

from aggregator.search.stems import DATA, stem, words_of
from aggregator.words import Remembered

# The rupiah sign before its number, a number with thousands dots, or a run of letters and digits with
# apostrophes inside (Jum'at, Qur’an).
MONTHS = (
    *("januari", "februari", "maret", "april", "mei", "juni"),
    *("juli", "agustus", "september", "oktober", "november", "desember"),
)
# A date in digits: 31/10/2025, 31-10-2025, 31.10.2025, or 2025-10-31.
DATE = re.compile(
    r"(?<![\d./-])(?:(?P<day>0?[1-9]|[12]\d|3[01])(?P<sign>[/.-])(?P<month>0?[1-9]|1[0-2])(?P=sign)(?P<year>(?:19|20)\d\d)"
    r"|(?P<iso_year>(?:19|20)\d\d)-(?P<iso_month>0[1-9]|1[0-2])-(?P<iso_day>0[1-9]|[12]\d|3[01]))(?![\d/-])"
)
DIGITS_JOINED = re.compile(r"\d[/.-]\d")  # without any there is no date, and this is quick to say
WORD = re.compile(r"[Rr]p(?=\.?\d)|\d{1,3}(?:\.\d{3})+(?!\d)|[^\W_]+(?:['’‘ʼ`][^\W_]+)*")
LONGEST_TOKEN = 60  # characters; longer runs are no words
_FILES = (
    *("search_roots.txt", "search_stop_words.txt", "search_variants.csv", "satker.csv"),
    *("search_common_words.txt", "search_synonyms.csv", "search_places.csv"),
)
_VERSION = "6"  # raise when the rules here or in stems.py change what is indexed, or an engine its files


Term: TypeAlias = tuple[str, str]  # form and stem
PERHAPS = "?"
SLOWLY: Term = ("", "?")


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


def terms(text: str) -> list[Term]:
    """Form and stem of every one of `tokens`, without their places and many times as fast: a text is parted
    at its blanks into pieces, and nearly all of them were met before."""
    found = list(chain.from_iterable(map(PIECES.__getitem__, normal(text).split())))
    if PERHAPS in [stem for _form, stem in found]:
        if SLOWLY in found:
            return [(token.form, token.stem) for token in tokens(text)]
        found = _spelt(found)
    return [term for term in found if term[1]]


def _piece(piece: str) -> tuple[Term, ...]:
    """The terms of what stands between two blanks. Stop words have no stem, and PERHAPS stands for that of
    words which may be part of a spelling of several words."""
    found: list[Term] = []
    last, last_end = "", 0
    for form, start, end in _raw(piece):
        is_joined = piece[last_end:start] == "-"
        if is_joined and ((last, form) in ENDS or (form == last and form in SPELT)):
            return (SLOWLY,)
        if not (is_joined and form == last) or form in STOP_WORDS:
            found += _terms_of(form)
        last, last_end = form, end
    return tuple(found)


PIECES = Remembered(_piece)


def _terms_of(form: str) -> list[Term]:
    ways = VARIANTS.get(form)
    if ways is None:
        return [(form, "" if form in STOP_WORDS else stem(form))]
    written, spelling = ways[0]
    if len(written) > 1 or not LATER.isdisjoint((form, *spelling)):
        return [(form, PERHAPS)]
    return [(word, stem(word)) for word in spelling]


def _spelt(found: list[Term]) -> list[Term]:
    """The terms with what is written in several words brought together."""
    raw = [(form, 0, 0) for form, _stem in found]
    kept: list[Term] = []
    done = 0
    for at in [at for at, term in enumerate(found) if term[1] == PERHAPS]:
        if at < done:
            continue
        kept += found[done:at]
        form, taken = found[at][0], 1
        if variant := _variant(raw, at):
            spelling, taken = variant
            kept += [(word, stem(word)) for word in spelling]
        elif form not in STOP_WORDS:
            kept.append((form, stem(form)))
        done = at + taken
    return kept + found[done:]


def question_tokens(text: str) -> list[Token]:
    """The words of a question: as `tokens`, but stop words count when there is nothing else."""
    return tokens(text) or [Token(form, form, start, end) for form, start, end in _raw(normal(text))]


def _raw(text: str) -> list[tuple[str, int, int]]:
    """The words as they stand, in their plain form; of a date in digits the words it is read as."""
    words = [
        (form, match.start(), match.end())
        for match in WORD.finditer(text)
        if (form := plain(match[0])) and len(form) <= LONGEST_TOKEN
    ]
    dates = list(DATE.finditer(text)) if DIGITS_JOINED.search(text) else []
    return _with_dates(words, dates) if dates else words


def _with_dates(words: list[tuple[str, int, int]], dates: list[re.Match[str]]) -> list[tuple[str, int, int]]:
    """The words, with day, name of the month and year in place of the digits of each date."""
    found: list[tuple[str, int, int]] = []
    at = 0
    for date in dates:
        while at < len(words) and words[at][2] <= date.start():
            found.append(words[at])
            at += 1
        while at < len(words) and words[at][1] < date.end():
            at += 1
        parts = ("day", "month", "year") if date["day"] else ("iso_day", "iso_month", "iso_year")
        day, month, year = (int(date[part]) for part in parts)
        found += [(str(day), *date.span()), (MONTHS[month - 1], *date.span()), (str(year), *date.span())]
    return found + words[at:]


@lru_cache(maxsize=200_000)
def plain(word: str) -> str:
    """A word in lower case without marks, apostrophes and thousands dots: "Qur’an" → "quran"."""
    if word.isascii() and word.isalnum():
        is_padded = len(word) == 2 and word[0] == "0" and word.isdigit()  # PKPU 06/2022, 01 Oktober
        return word[1] if is_padded else word.lower()
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
_WAYS = [way for ways in VARIANTS.values() for way in ways]
LATER = frozenset(word for written, _spelling in _WAYS for word in written[1:])
SPELT = LATER | VARIANTS.keys() | {spelling[-1] for _written, spelling in _WAYS}
ENDS = frozenset((written[-1], spelling[-1]) for written, spelling in _WAYS)
SIGNATURE = _signature()  # an index made by another analysis is made anew
