"""Texts with choices: how the demonstration network says the same thing in many ways.

A template is text with three kinds of marks, which may stand inside each other:

    [menggelar|mengadakan]   one of the alternatives, picked anew each time; an empty one is allowed
    <menggelar>              one of the words kept under this name in data/kata.txt
    [@a:kampus|sekolah]      the same, but all choices called `a` in one post take the same place
    {ketua}                  a fact, the same wherever it stands in one post

A mark whose name begins with a capital gives its text with a capital: `{Ketua}`, `<Menggelar>`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
_NAME = re.compile(r"@(\w+):")
_MARKS = re.compile(r"[\[\]|]|\{\w+\}|<\w+>")


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    capital: bool


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[Template, ...]
    capital: bool = False
    name: str = ""


Node = str | Fact | Choice
Template = tuple[Node, ...]


def expand(template: Template, fact: Callable[[str], str], rng: random.Random) -> str:
    """The template with every mark filled; `fact` gives the text of a `{name}`."""
    out: list[str] = []
    _fill(template, fact, rng.random, out)
    return "".join(out)


def _fill(
    template: Template, fact: Callable[[str], str], chance: Callable[[], float], out: list[str]
) -> None:
    for node in template:
        if type(node) is str:
            out.append(node)
        elif type(node) is Choice:
            options = node.options
            at = len(out)
            place = int(fact(node.name)) if node.name else int(chance() * len(options))
            _fill(options[place], fact, chance, out)
            if node.capital and at < len(out):
                out[at] = capital(out[at])
        else:
            text = fact(node.name)  # type: ignore[union-attr]
            out.append(capital(text) if node.capital else text)  # type: ignore[union-attr]


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@cache
def compiled(source: str) -> Template:
    """Raises ValueError for unbalanced brackets and KeyError for an unknown word."""
    marks = _pieces(source)
    template, end = _sequence(marks, 0)
    if end != len(marks):
        raise ValueError(f"unbalanced brackets: {source[:80]}")
    return template


def _pieces(source: str) -> list[str]:
    pieces, at = [], 0
    for match in _MARKS.finditer(source):
        if match.start() > at:
            pieces.append(source[at : match.start()])
        pieces.append(match[0])
        at = match.end()
    if at < len(source):
        pieces.append(source[at:])
    return pieces


def _sequence(pieces: list[str], at: int, inside: bool = False) -> tuple[Template, int]:
    nodes: list[Node] = []
    while at < len(pieces):
        piece = pieces[at]
        if inside and piece in ("|", "]"):
            break
        if not piece:  # what is left of the name of a choice that begins with a mark
            at += 1
            continue
        if piece == "[":
            choice, at = _choice(pieces, at + 1)
            nodes.append(choice)
            continue
        if piece == "]":
            raise ValueError(f"unbalanced brackets near {''.join(pieces)[:80]}")
        nodes.append(_mark(piece))
        at += 1
    return tuple(nodes), at


def _choice(pieces: list[str], at: int) -> tuple[Choice, int]:
    options, name = [], _NAME.match(pieces[at]) if at < len(pieces) else None
    if name:
        pieces[at] = pieces[at][name.end() :]
    while True:
        option, at = _sequence(pieces, at, inside=True)
        options.append(option)
        if at >= len(pieces):
            raise ValueError(f"unbalanced brackets near {''.join(pieces)[:80]}")
        if pieces[at] == "]":
            called = f"@{name[1]}/{len(options)}" if name else ""
            return Choice(tuple(options), name=called), at + 1
        at += 1


def _mark(piece: str) -> Node:
    if piece[0] == "{" and piece[-1] == "}":
        name = piece[1:-1]
        return Fact(name.lower(), name[0].isupper())
    if piece[0] == "<" and piece[-1] == ">":
        name = piece[1:-1]
        return Choice(words()[name.lower()], name[0].isupper())
    return piece


@cache
def words() -> Mapping[str, tuple[Template, ...]]:
    """data/kata.txt: `name: alternative | alternative`, each a template by itself."""
    found: dict[str, tuple[Template, ...]] = {}
    for line in read_lines(DATA / "kata.txt"):
        name, _, options = line.partition(":")
        found[name.strip()] = tuple(compiled(option.strip()) for option in options.split(" | "))
    return found


def read_lines(path: Path) -> list[str]:
    """The lines that say something: not empty, not begun with #."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]
