"""Other ways to say what was asked: abbreviations, places by their short and former names.

Asked at question time, so the lists may change without a new index. Beside the built-in files staff keep
rows in the admin (`Synonym`), which every process reads again within STAFF_KEPT seconds, and operators may
keep `search_synonyms.csv` in DATA_DIR: a line a group, its forms parted by "|".
"""

from __future__ import annotations

import csv
import logging
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from django.conf import settings
from django.db import DatabaseError

from aggregator.models import Synonym
from aggregator.search.analysis import tokens
from aggregator.search.query import All, Best, Node, Not, Phrase, Some, Word
from aggregator.search.stems import DATA

# With what names of regions begin that are written in one word and in two.
NAME_BEGINNINGS = (
    *("bandar", "banjar", "batu", "bukit", "gunung", "kota", "kuala", "labuhan", "lubuk", "muara"),
    *("padang", "pagar", "pangkal", "pematang", "sungai", "tanjung", "tebing"),
)
COUNTED = (
    "triwulan",
    "semester",
    "tahap",
    "putaran",
    "periode",
    "gelombang",
    "seri",
    "sesi",
    "jilid",
    "angkatan",
)
ORDINALS = (
    *(("i", "pertama"), ("ii", "kedua"), ("iii", "ketiga"), ("iv", "keempat"), ("v", "kelima")),
    *(("vi", "keenam"), ("vii", "ketujuh"), ("viii", "kedelapan"), ("ix", "kesembilan"), ("x", "kesepuluh")),
)

Form: TypeAlias = tuple[tuple[str, str], ...]  # words as (form, stem)
Table: TypeAlias = dict[str, list[tuple[tuple[str, ...], list[Form]]]]  # by first stem, longest first

Rows: TypeAlias = tuple[tuple[bool, tuple[str, ...]], ...]  # of the staff: (is no synonym, its forms)

log = logging.getLogger(__name__)

WEIGHT = 0.9  # what was meant counts a little less than what was written
OWN_FILE = "search_synonyms.csv"
STAFF_KEPT = 15.0  # seconds; with the pages kept for 20 a change shows within a minute everywhere


def expand(node: Node | None) -> Node | None:
    """The tree with every known way to say each of its words. Words in titles and negations count too."""
    match node:
        case All(items=items):
            return All(tuple(_expand_sequence(items)))
        case Some(items=items):
            return replace(node, items=tuple(_some(expand(item)) for item in items))
        case Not(item=item):
            return Not(_some(expand(item)))
        case Word() | Phrase():
            return _expand_sequence((node,))[0]
    return node


def _some(node: Node | None) -> Node:
    assert node is not None  # noqa: S101 (expand gives None for None only)
    return node


def _expand_sequence(items: tuple[Node, ...]) -> list[Node]:
    """Runs of words that say something known are replaced by the best of its ways to be said."""
    table = synonyms()
    found: list[Node] = []
    at = 0
    while at < len(items):
        taken, others = _longest(items[at:], table)
        if not taken:
            item = items[at]
            found.append(item if isinstance(item, Word | Phrase) else _some(expand(item)))
            at += 1
            continue
        said = items[at : at + taken]
        first = said[0]
        in_title = isinstance(first, Word | Phrase) and first.in_title
        ways: list[Node] = [said[0] if taken == 1 else _together(said, in_title)]
        ways += [_way(form, in_title) for form in others]
        found.append(Best(tuple(ways)))
        at += taken
    return found


def _together(words: tuple[Node, ...], in_title: bool) -> Phrase:
    """What has a short form is one thing, quoted or not: "pemungutan suara ulang" finds what "PSU" finds."""
    forms = tuple((word.form, word.stem) for word in words if isinstance(word, Word))
    return Phrase(forms, in_title=in_title, is_meant=True)


def loosened(node: Node) -> Node:
    """The tree with such words by themselves again."""
    match node:
        case Phrase(words=words, in_title=in_title, is_meant=True):
            return All(tuple(Word(*word, in_title=in_title) for word in words))
        case All(items=items):
            return All(tuple(map(loosened, items)))
        case Some(items=items) | Best(items=items):
            return replace(node, items=tuple(map(loosened, items)))
    return node


def _longest(items: tuple[Node, ...], table: Table) -> tuple[int, list[Form]]:
    """How many of the items at the start say something known, and the other ways to say it."""
    first = items[0]
    if isinstance(first, Phrase):
        for stems, others in table.get(first.stems[0], ()):
            if list(stems) == first.stems:
                return 1, others
        return 0, []
    if not isinstance(first, Word):
        return 0, []
    for stems, others in table.get(first.stem, ()):
        said = items[: len(stems)]
        if len(said) == len(stems) and all(
            isinstance(item, Word) and item.stem == stem and item.in_title == first.in_title
            for item, stem in zip(said, stems, strict=True)
        ):
            return len(stems), others
    return 0, []


def _way(form: Form, in_title: bool) -> Node:
    if len(form) == 1:
        return Word(*form[0], in_title=in_title, weight=WEIGHT)
    return Phrase(form, in_title=in_title, weight=WEIGHT)


def synonyms() -> Table:
    """The table in force; changed rows and a changed file of the staff are noticed."""
    own = Path(settings.DATA_DIR) / OWN_FILE
    try:
        stamp = own.stat().st_mtime_ns
    except OSError:
        stamp = 0
    return _table(own if stamp else None, stamp, _staff_rows())


_kept: dict[str, tuple[float, Rows]] = {}


def _staff_rows() -> Rows:
    """The rows of the admin as they were at most STAFF_KEPT seconds ago; the last ones known while the
    database does not answer."""
    home = str(settings.DATA_DIR)
    read_at, rows = _kept.get(home, (float("-inf"), ()))
    if time.monotonic() - read_at < STAFF_KEPT:
        return rows
    try:
        found = Synonym.objects.order_by("id")
        rows = tuple((row.is_off, tuple(row.lines)) for row in found)
    except DatabaseError:
        log.warning("the synonyms of the staff cannot be read now", exc_info=True)
    _kept[home] = (time.monotonic(), rows)
    return rows


_forgotten = 0


def forget() -> None:
    """Have the rows of the staff read again at once in this process."""
    global _forgotten
    _kept.clear()
    _forgotten += 1


def times_forgotten() -> int:
    """Quickly told, for whoever keeps for moments what he made of the table."""
    return _forgotten


_spelled_out: tuple[Table, list[str]] = ({}, [])


def spelled_out() -> list[str]:
    """The forms of several words, in alphabetical order."""
    global _spelled_out
    table, kept = synonyms(), _spelled_out
    if kept[0] is not table:
        ways = [form for choices in table.values() for _stems, others in choices for form in others]
        kept = _spelled_out = (
            table,
            sorted({" ".join(word for word, _stem in way) for way in ways if len(way) > 1}),
        )
    return kept[1]


@lru_cache(maxsize=2)
def _table(own: Path | None, _stamp: int, staff: Rows) -> Table:
    groups = _built_in_groups()
    if own is not None:
        groups += _groups(own.read_text(encoding="utf-8", errors="replace"))
    groups += [list(lines) for is_off, lines in staff if not is_off]
    others: dict[Form, dict[Form, None]] = {}
    for group in groups:
        forms = [form for text in group if (form := _form(text))]
        for form in forms:
            others.setdefault(form, {}).update(dict.fromkeys(other for other in forms if other != form))
    for is_off, lines in staff:
        if is_off:
            _part(others, [_form(line) for line in lines])
    table: Table = {}
    for form, ways in others.items():
        if ways:
            stems = tuple(stem for _word, stem in form)
            table.setdefault(stems[0], []).append((stems, list(ways)))
    for choices in table.values():
        choices.sort(key=lambda choice: -len(choice[0]))
    return table


def built_in_phrases() -> frozenset[tuple[str, ...]]:
    """The forms of several words in the built-in files, as stems."""
    forms = (_form(text) for group in _built_in_groups() for text in group)
    return frozenset(tuple(stem for _word, stem in form) for form in forms if len(form) > 1)


def _built_in_groups() -> list[list[str]]:
    groups = _groups((DATA / "search_synonyms.csv").read_text(encoding="utf-8"))
    with (DATA / "search_places.csv").open(encoding="utf-8", newline="") as file:
        groups += [[row["short"], row["name"]] for row in csv.DictReader(file)]
    return groups + _joined_names() + _counted()


def _part(others: dict[Form, dict[Form, None]], forms: list[Form]) -> None:
    """Let none of these forms stand for another of them."""
    for form in forms:
        for other in forms:
            others.get(form, {}).pop(other, None)


def _joined_names() -> list[list[str]]:
    """Names of regions written with and without their blanks: Kulonprogo, Gunung Kidul."""
    with (DATA / "satker.csv").open(encoding="utf-8", newline="") as file:
        names = {row["region_name"].lower() for row in csv.DictReader(file)}
    groups = []
    for name in sorted(names):
        words = name.removeprefix("kabupaten ").removeprefix("kota ").split()
        if len(words) > 1:
            groups.append([" ".join(words), "".join(words)])
            continue
        groups += [
            [words[0], f"{first} {words[0][len(first) :]}"]
            for first in NAME_BEGINNINGS
            if words[0].startswith(first) and len(words[0]) >= len(first) + 3
        ]
    return groups


def _counted() -> list[list[str]]:
    """What is counted in three ways: triwulan III, triwulan 3, triwulan ketiga."""
    return [
        [f"{thing} {roman}", f"{thing} {number}", f"{thing} {ordinal}"]
        for thing in COUNTED
        for number, (roman, ordinal) in enumerate(ORDINALS, 1)
    ]


def _groups(text: str) -> list[list[str]]:
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    return [line.split("|") for line in lines if "|" in line]


def _form(text: str) -> Form:
    return tuple((token.form, token.stem) for token in tokens(text))
