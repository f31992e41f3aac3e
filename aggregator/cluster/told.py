"""What a post tells, reduced to what tells two stories apart: word pairs, numbers, days, months, places and
names, and the dateline that stands before it. Everything is worked out when first asked for."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from itertools import chain, pairwise, takewhile
from pathlib import Path
from typing import NamedTuple

from aggregator.words import Remembered

Facts = dict[str, frozenset[str]]  # by kind: number, month, day, place
SHORT_LINE = 12  # words; shorter lines at the ends may be a site's own
DATA = Path(__file__).resolve().parent.parent / "data"

_TOKEN = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:['’`][^\W\d_]+)*|\w+")
_NAME = re.compile(r"(?<=[a-z,)] )[A-Z][a-z'’]{2,}")
_HOST = re.compile(
    r"\b(?:[a-z0-9-]+\.)*(?:kpu\.go\.id|kpu[a-z0-9-]*\.[a-z.]{2,8}|[a-z0-9-]+\.go\.id)\b", re.IGNORECASE
)
# What may stand before the text: "Kediri (kota-kediri.kpu.go.id) –", "Wates, 16 Juli 2025 –"
_DATELINE = re.compile(
    r"\A[\s#*]*(?P<head>[^\n–—]{2,90}?)\s*(?:[–—]|\s-{1,2}\s|-{2}|(?<=go\.id)[\s:-]+)\s*", re.IGNORECASE
)
# What offices put behind a text: "(Humas KPU Kabupaten X)", "Foto: dok. KPU", hash tags, buttons.
_SIGNER = (
    r"\b(?:humas|hupmas|foto|teks|red|tim|dok|editor|penulis|parmas|sumber|bagikan|reporter|kontributor)\b"
)
_SIGNED_LINE = re.compile(rf"(?:#\w+\s*)+|.{{0,30}}{_SIGNER}.{{0,90}}", re.IGNORECASE)
_SIGNED_END = re.compile(
    rf"\s*\([^()\n]{{0,40}}{_SIGNER}[^()\n]{{0,80}}\)\s*\Z|(?:\s#\w+)+\s*\Z", re.IGNORECASE
)
_SITE_TAIL = re.compile(r"\s*[-|–—»]\s*(?:kpu|kip)\b[^-|–—»]{0,60}$", re.IGNORECASE)

_MONTHS = {
    name: name[:3]
    for name in (
        *("januari", "februari", "maret", "april", "mei", "juni", "juli", "agustus"),
        *("september", "oktober", "november", "desember"),
    )
} | {"pebruari": "feb", "nopember": "nov"}
_DAYS = frozenset({"senin", "selasa", "rabu", "kamis", "jumat", "jum'at", "sabtu", "minggu"})
_TENS = ("", "x", "xx")
_ONES = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_ROMANS = {
    tens + ones: str(10 * ten + one)
    for ten, tens in enumerate(_TENS)
    for one, ones in enumerate(_ONES)
    if len(tens + ones) > 1  # a single letter is a numeral only where periods are counted
}
_PERIODS = frozenset(
    {"triwulan", "semester", "tahap", "putaran", "seri", "angkatan", "gelombang", "jilid", "sesi", "wulan"}
)
_COUNTED = {roman: str(number) for number, roman in enumerate(_ONES) if roman} | {
    word: str(number)
    for number, words in enumerate(
        (("1", "pertama", "kesatu"), ("2", "kedua"), ("3", "ketiga"), ("4", "keempat"), ("5", "kelima")), 1
    )
    for word in words
}
_KINDS = {"kota": "kota", "kab": "kab", "kabupaten": "kab"}


@lru_cache(maxsize=1)
def _places() -> dict[str, list[tuple[str, ...]]]:
    """First word → names of provinces, regencies and cities (without their kind), longest first."""
    names: set[tuple[str, ...]] = set()
    with (DATA / "satker.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["level"] != "national":
                name = row["region_name"].lower().replace(".", "")
                names.add(tuple(re.sub(r"^(?:kabupaten|kota|provinsi)\s+", "", name).split()))
    places: dict[str, list[tuple[str, ...]]] = {}
    for parts in sorted(names, key=len, reverse=True):
        places.setdefault(parts[0], []).append(parts)
    return places


@lru_cache(maxsize=1)
def _place_words() -> frozenset[str]:
    return frozenset(_places())


class Told:
    """One post as stories see it. Pure; `published_on` is not part of it."""

    def __init__(self, title: str, text: str) -> None:
        self.title = title
        self.text = text

    @cached_property
    def dateline(self) -> str:
        """ "Jakarta, kpu.go.id", or "" when the text begins without one."""
        match = _DATELINE.match(self.text[:140])
        return match["head"].strip(" ,.:()") if match and len(match["head"].split()) <= 9 else ""

    @cached_property
    def dateline_host(self) -> str:
        match = _HOST.search(self.dateline or self.text[:80])
        return match[0].lower() if match else ""

    @cached_property
    def body(self) -> str:
        """The text without dateline before it and signature behind it."""
        match = _DATELINE.match(self.text[:140])
        text = self.text[match.end() :] if match and self.dateline else self.text
        return _unsigned(text)

    @cached_property
    def tokens(self) -> list[str]:
        pieces = self.body.lower().replace("’", "'").split()
        return list(chain.from_iterable(map(_PIECES.__getitem__, pieces)))

    @cached_property
    def line(self) -> str:
        return " ".join(self.tokens)

    @cached_property
    def pairs(self) -> list[str]:
        """Neighbouring words: what MinHash and Jaccard work on."""
        return [f"{one} {two}" for one, two in pairwise(self.tokens)]

    @cached_property
    def pair_set(self) -> frozenset[str]:
        return frozenset(self.pairs)

    @cached_property
    def title_words(self) -> tuple[str, ...]:
        """The title without the name of the site behind it."""
        title = _SITE_TAIL.sub("", self.title).lower().replace("’", "'").replace("‘", "'")
        return tuple(_TOKEN.findall(title))

    @cached_property
    def title_facts(self) -> Facts:
        return facts(list(self.title_words))

    @cached_property
    def facts(self) -> Facts:
        return facts(self.tokens)

    @cached_property
    def names(self) -> frozenset[str]:
        """Capitalised words within sentences: people, villages, schools."""
        return frozenset(name.lower() for name in _NAME.findall(self.body))

    @cached_property
    def body_lines(self) -> list[str]:
        return [line for line in self.body.split("\n") if line.strip()]

    @cached_property
    def short_ends(self) -> tuple[list[_Short], list[_Short]]:
        """Its first and its last lines as far as they are short: the outermost first."""
        return _short_run(self.body_lines), _short_run(self.body_lines[::-1])

    def beside(self, other: Told) -> Told:
        """This post without short lines before and behind the text that `other` does not have: greetings,
        rubrics, credits, buttons. Itself, when none of them tells a fact."""
        cuts = [list(takewhile(lambda short: short.line not in other.line, end)) for end in self.short_ends]
        if not any(short.tells for cut in cuts for short in cut):
            return self
        rest = Told(self.title, "")
        rest.__dict__["body"] = "\n".join(self.body_lines[len(cuts[0]) : len(self.body_lines) - len(cuts[1])])
        return rest


_PIECES: Remembered[list[str]] = Remembered(_TOKEN.findall)  # by what stands between two blanks


class _Short(NamedTuple):
    line: str
    tells: bool  # a number, day, month, place or name


def _short_run(lines: list[str]) -> list[_Short]:
    found = []
    for line in takewhile(lambda line: line.count(" ") < SHORT_LINE, lines[:-1]):
        tokens = _TOKEN.findall(line.lower().replace("’", "'"))
        found.append(_Short(" ".join(tokens), any(facts(tokens).values()) or bool(_NAME.search(line))))
    return found


def _unsigned(text: str) -> str:
    lines = text.rstrip().split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or _SIGNED_LINE.fullmatch(lines[-1].strip())):
        lines.pop()
    end = lines[-1]
    match = _SIGNED_END.search(end, max(0, len(end) - 160))
    lines[-1] = end[: match.start()] if match else end
    return "\n".join(lines)


def facts(tokens: list[str]) -> Facts:
    """What must agree between two posts of one story, by kind; `tokens` in lower case."""
    present = set(tokens)
    return {
        "number": frozenset(_numbers(tokens, present)),
        "month": frozenset(_MONTHS[word] for word in present & _MONTHS.keys()),
        "day": frozenset(present & _DAYS),
        "place": frozenset() if present.isdisjoint(_place_words()) else frozenset(_places_in(tokens)),
    }


def _numbers(tokens: list[str], present: set[str]) -> Iterator[str]:
    """Digits without their points, Roman numerals, and counted periods ("triwulan ketiga", "semester i")."""
    yield from filter(None, map(_NUMBERS.__getitem__, present))
    if not present.isdisjoint(_PERIODS):
        for period, number in pairwise(tokens):
            if period in _PERIODS and number in _COUNTED:
                yield f"{period} {_COUNTED[number]}"


def _number(token: str) -> str:
    if token[0] in "0123456789":
        return token.replace(".", "").replace(",", "")
    return _ROMANS.get(token, "")


_NUMBERS = Remembered(_number)


def _places_in(tokens: list[str]) -> Iterator[str]:
    places = _places()
    for position in [at for at, word in enumerate(tokens) if word in places]:
        for parts in places[tokens[position]]:
            if len(parts) == 1 or tuple(tokens[position : position + len(parts)]) == parts:
                name = " ".join(parts)
                yield name
                if position and (kind := _KINDS.get(tokens[position - 1])):
                    yield f"{kind} {name}"
                break


def overlap(one: Iterable[str], two: Iterable[str]) -> tuple[float, float]:
    """Jaccard and containment of two sets; containment is the share of the smaller one."""
    first, second = frozenset(one), frozenset(two)
    if not first or not second:
        return 0.0, 0.0
    common = len(first & second)
    return common / (len(first) + len(second) - common), common / min(len(first), len(second))
