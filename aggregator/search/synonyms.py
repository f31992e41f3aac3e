"""Other ways to say what was asked: abbreviations, places by their short and former names.

Asked at question time, so the files may change without a new index. Beside the built-in files staff may
keep `search_synonyms.csv` in DATA_DIR: a line a group, its forms parted by "|".
"""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from django.conf import settings

from aggregator.search.analysis import tokens
from aggregator.search.query import All, Best, Node, Not, Phrase, Some, Word
from aggregator.search.stems import DATA

Form: TypeAlias = tuple[tuple[str, str], ...]  # words as (form, stem)
Table: TypeAlias = dict[str, list[tuple[tuple[str, ...], list[Form]]]]  # by first stem, longest first

WEIGHT = 0.9  # what was meant counts a little less than what was written
OWN_FILE = "search_synonyms.csv"


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
        ways: list[Node] = [said[0] if taken == 1 else All(said)]
        ways += [_way(form, in_title) for form in others]
        found.append(Best(tuple(ways)))
        at += taken
    return found


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
    """The table in force; a changed file of the staff is noticed."""
    own = Path(settings.DATA_DIR) / OWN_FILE
    try:
        stamp = own.stat().st_mtime_ns
    except OSError:
        stamp = 0
    return _table(own if stamp else None, stamp)


def spelled_out() -> list[str]:
    """The forms of several words, in alphabetical order."""
    return sorted(
        {
            " ".join(word for word, _stem in form)
            for choices in synonyms().values()
            for _stems, others in choices
            for form in others
            if len(form) > 1
        }
    )


@lru_cache(maxsize=2)
def _table(own: Path | None, _stamp: int) -> Table:
    groups = _groups((DATA / "search_synonyms.csv").read_text(encoding="utf-8"))
    with (DATA / "search_places.csv").open(encoding="utf-8", newline="") as file:
        groups += [[row["short"], row["name"]] for row in csv.DictReader(file)]
    if own is not None:
        groups += _groups(own.read_text(encoding="utf-8", errors="replace"))
    others: dict[Form, dict[Form, None]] = {}
    for group in groups:
        forms = [form for text in group if (form := _form(text))]
        for form in forms:
            others.setdefault(form, {}).update(dict.fromkeys(other for other in forms if other != form))
    table: Table = {}
    for form, ways in others.items():
        stems = tuple(stem for _word, stem in form)
        table.setdefault(stems[0], []).append((stems, list(ways)))
    for choices in table.values():
        choices.sort(key=lambda choice: -len(choice[0]))
    return table


def _groups(text: str) -> list[list[str]]:
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    return [line.split("|") for line in lines if "|" in line]


def _form(text: str) -> Form:
    return tuple((token.form, token.stem) for token in tokens(text))
