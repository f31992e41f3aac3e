"""The query language: what a person types, as a small tree that every engine can follow.

    words "a phrase" -not  a OR b  (groups)  judul:word  kata*
    satker: provinsi: topik: tahapan: dari: sampai:

Nothing a person types is an error: what cannot be read as written is read as plain words, and `Parsed.odd`
says so. Only the limits are firm: they bound the work an engine can be asked to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias

from aggregator.search.analysis import Token, plain, question_tokens

MOST_TERMS = 24  # words of one question; more are left out, and said to be
MOST_DEPTH = 8  # of parentheses; deeper ones are read as if they were not there
SHORTEST_PREFIX = 2  # letters before the star
LEAD_INS = ("berita", "kabar")  # "berita penetapan DPT": whatever is here is news


@dataclass(frozen=True, slots=True)
class Word:
    form: str
    stem: str
    in_title: bool = False
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that follow each other; each as (form, stem). `is_meant`: typed without quotes, but known to be
    one thing."""

    words: tuple[tuple[str, str], ...]
    in_title: bool = False
    weight: float = 1.0
    is_meant: bool = False

    @property
    def stems(self) -> list[str]:
        return [stem for _form, stem in self.words]


@dataclass(frozen=True, slots=True)
class Prefix:
    form: str


@dataclass(frozen=True, slots=True)
class In:
    """A facet has one of these values."""

    facet: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Days:
    """Published from the first to the last of these days (WIB)."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Flat:
    """Matches as the item does and adds this to the score, however well it matches."""

    item: Node
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Not:
    item: Node


@dataclass(frozen=True, slots=True)
class All:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least `count` of the items."""

    items: tuple[Node, ...]
    count: int = 1


@dataclass(frozen=True, slots=True)
class Best:
    """One of several ways to say the same; the best of them counts for the score."""

    items: tuple[Node, ...]


Node: TypeAlias = Word | Phrase | Prefix | In | Days | Flat | Not | All | Some | Best
# Finds the node for `field:value`, or None when the value is not known.
Resolve: TypeAlias = Callable[[str, str], "Node | None"]


@dataclass(frozen=True, slots=True)
class Parsed:
    """`tree` is None when nothing is asked. `odd`: not read as it was written."""

    tree: Node | None
    odd: bool = False
    cut: bool = False  # there were more than MOST_TERMS words


FIELDS = ("judul", "satker", "provinsi", "topik", "tahapan", "dari", "sampai")
_LEXEME = re.compile(
    r"(?P<open>\()|(?P<close>\))"
    r"|(?P<or>(?:OR|ATAU)(?![^\s(])|\|+)"
    r"|(?P<and>(?:AND|DAN)(?![^\s(])|&+)"
    r"|(?P<not>[-−](?=[\w\"“(*]))"
    rf"|(?P<field>(?i:{'|'.join(FIELDS)})):(?=[\w\"“-])"
    r"|[\"“”„](?P<phrase>[^\"“”„]*)(?P<end>[\"“”„]?)"
    r"|(?P<word>[^\s()\"“”„|]+)"
)


def parse(text: str, resolve: Resolve) -> Parsed:
    """The tree of a question. Never raises; work is bounded by the length of the text."""
    parser = _Parser(text, resolve)
    items: list[Node] = []
    while parser.kind:
        if found := parser.alternatives(0):
            items.append(found)
        if parser.kind == "close":  # one too many
            parser.odd = True
            parser.step()
    return Parsed(_without_lead_in(_all(items)), parser.odd, parser.cut)


class _Parser:
    """Recursive descent over the lexemes; `odd` and `cut` tell how it went."""

    def __init__(self, text: str, resolve: Resolve) -> None:
        self.lexemes = [(match.lastgroup or "", match) for match in _LEXEME.finditer(text)]
        self.resolve = resolve
        self.at = self.terms = 0
        self.odd = self.cut = False

    @property
    def kind(self) -> str:
        """The kind of the lexeme at hand; "" at the end."""
        if self.at >= len(self.lexemes):
            return ""
        kind = self.lexemes[self.at][0]
        return "phrase" if kind == "end" else kind

    def step(self) -> re.Match[str]:
        self.at += 1
        return self.lexemes[self.at - 1][1]

    def alternatives(self, depth: int) -> Node | None:
        """sequence (OR sequence)…"""
        found = [self.sequence(depth)]
        while self.kind == "or":
            self.step()
            found.append(self.sequence(depth))
        items = [item for item in found if item]
        self.odd |= len(items) < len(found) and len(found) > 1
        if len(items) < 2:
            return items[0] if items else None
        return Some(tuple(items))

    def sequence(self, depth: int) -> Node | None:
        items: list[Node] = []
        while self.kind not in ("", "or", "close"):
            found = self.words(self.run()) if self.kind == "word" else self.item(depth)
            if found:
                items.append(found)
        return _all(items)

    def run(self) -> str:
        """The plain words that follow each other, as one text: "ad hoc" is one word to the analysis."""
        words = [self.step()["word"]]
        while self.kind == "word" and "*" not in words[-1] + self.lexemes[self.at][1]["word"]:
            words.append(self.step()["word"])
        return " ".join(words)

    def item(self, depth: int) -> Node | None:
        kind, match = self.kind, self.step()
        if kind == "open":
            return self.group(depth)
        if kind == "not":
            return self.negation(depth)
        if kind == "field":
            return self.field(match["field"].lower())
        if kind == "phrase":
            self.odd |= not match["end"]
            return self.phrase(match["phrase"])
        if kind == "word":
            return self.words(match["word"])
        return None  # AND: what everything is joined by anyway

    def group(self, depth: int) -> Node | None:
        if depth >= MOST_DEPTH:
            self.odd = True
            return None
        found = self.alternatives(depth + 1)
        if self.kind == "close":
            self.step()
        else:
            self.odd = True
        return found

    def negation(self, depth: int) -> Node | None:
        found = self.item(depth) if self.kind in ("open", "field", "phrase", "word") else None
        return Not(found) if found and not isinstance(found, Not) else found

    def field(self, name: str) -> Node | None:
        kind = self.kind
        match = self.step() if kind in ("word", "phrase") else None
        if match is None:
            self.odd = True
            return None
        value = match[kind]
        if name == "judul":
            return _in_title(self.phrase(value) if kind == "phrase" else self.words(value))
        if found := self.resolve(name, value):
            return found
        self.odd = True
        return self.words(value)

    def phrase(self, text: str) -> Node | None:
        words = tuple((token.form, token.stem) for token in self.take(text))
        if len(words) < 2:
            return Word(*words[0]) if words else None
        return Phrase(words)

    def words(self, text: str) -> Node | None:
        """Plain words, or one with a star: a prefix."""
        if "*" in text:
            return self.prefix(text)
        return _all([Word(token.form, token.stem) for token in self.take(text)])

    def prefix(self, text: str) -> Node | None:
        start, _star, rest = text.lstrip("*").partition("*")
        form = plain(start)
        self.odd |= bool(rest) or text.startswith("*")
        if len(form) < SHORTEST_PREFIX:
            self.odd = True
            return self.words(text.replace("*", " ")) if form else None
        self.terms += 1
        return Prefix(form) if self.terms <= MOST_TERMS else None

    def take(self, text: str) -> list[Token]:
        """The tokens of a text, as far as there is room for them."""
        found = question_tokens(text)
        room = max(0, MOST_TERMS - self.terms)
        self.cut |= len(found) > room
        self.terms += len(found[:room])
        return found[:room]


def walk(node: Node | None, *, negated: bool = False) -> Iterator[Node]:
    """The node and all below it; what stands under a Not only if asked for."""
    if node is None or (isinstance(node, Not) and not negated):
        return
    yield node
    if isinstance(node, Not):
        yield from walk(node.item, negated=negated)
    elif isinstance(node, All | Some | Best):
        for item in node.items:
            yield from walk(item, negated=negated)


def show(node: Node | None) -> str:
    """The question as it was understood, in its own language."""
    match node:
        case Word(form=form, in_title=in_title):
            return f"judul:{form}" if in_title else form
        case Phrase(words=words, in_title=in_title):
            quoted = f'"{" ".join(form for form, _stem in words)}"'
            return f"judul:{quoted}" if in_title else quoted
        case Prefix(form=form):
            return f"{form}*"
        case In(facet=facet, values=values):
            return " OR ".join(f"{facet}:{value}" for value in values)
        case Days(first=first, last=last):
            parts = [("dari", first), ("sampai", last)]
            return " ".join(f"{name}:{day.isoformat()}" for name, day in parts if day)
        case Not(item=item):
            inner = show(item)
            return f"-({inner})" if " " in inner and not isinstance(item, Phrase) else f"-{inner}"
        case All(items=items):
            return " ".join(f"({show(item)})" if isinstance(item, Some) else show(item) for item in items)
        case Some(items=items):
            return " OR ".join(f"({show(item)})" if isinstance(item, All) else show(item) for item in items)
        case Best(items=items):
            return show(items[0])
    return ""


def _all(items: list[Node]) -> Node | None:
    """One node for several, nested sequences flattened."""
    flat: list[Node] = []
    for item in items:
        flat.extend(item.items if isinstance(item, All) else (item,))
    if len(flat) < 2:
        return flat[0] if flat else None
    return All(tuple(flat))


def _without_lead_in(node: Node | None) -> Node | None:
    """Less a first word that every post here could have; not of "berita acara"."""
    match node:
        case All(items=(Word(form=form, in_title=False), second, *rest)) if form in LEAD_INS:
            if not (isinstance(second, Word) and second.form == "acara"):
                return _all([second, *rest])
    return node


def _in_title(node: Node | None) -> Node | None:
    match node:
        case Word() | Phrase():
            return replace(node, in_title=True)
        case All(items=items):
            return All(tuple(titled for item in items if (titled := _in_title(item))))
    return node
