"""Words of gambling spam, in tiers, found in a text whatever their disguise."""

from __future__ import annotations

import csv
import html
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from aggregator.screen.text import DATA, LEET_LETTERS, folded, straight, undisguised, words
from aggregator.words import Remembered

# Written together or inside a brand: found anywhere in a word.
_STEMS = re.compile(
    r"gacor|maxwin|togel|sbobet|bandarqq|dominoqq|pokerqq|idnpoker|casino|judionline|judislot|judibola|situsslot"
    r"|slot(?:online|gacor|88|77|777|dana|demo|resmi|deposit|thailand|pulsa|qris|hoki|terpercaya)|rtplive|livertp|totomacau|toto(?:4d|sgp|slot)|situstoto"
)
_STEM_MARKS = (
    "gacor",
    "maxwin",
    "togel",
    "sbobet",
    "qq",
    "idnpoker",
    "casino",
    "judi",
    "slot",
    "rtp",
    "toto",
)  # one is in every stem
# A name of letters with a gambler's number behind it, in places where brands stand: titles, slugs, anchors.
BRAND = re.compile(r"(?<![a-z0-9])[a-z]{3,12}(?:88|77|777|99|123|138|168|303|4d|5000)(?![a-z0-9])")
_NO_BRANDS = frozenset({"tps", "pkpu", "pasal", "nomor", "kpu", "dapil", "sman", "smkn", "smpn", "kelurahan"})
# What a text against gambling cannot but say; tier "against" of the list holds what else it says.
_GAMBLING_WORDS = ("judi", "judol", "taruhan", "perjudian")


@dataclass(frozen=True, slots=True)
class Found:
    """Distinct terms of one text by tier; `disguised` are those that were written to escape a filter."""

    strong: tuple[str, ...] = ()
    medium: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    disguised: tuple[str, ...] = ()
    against: bool = False  # the text speaks against gambling

    def __bool__(self) -> bool:
        return bool(self.strong or self.medium)


NOTHING = Found()
DIRTY, BRANDED = "dirty!", "branded!"  # no words


@lru_cache(maxsize=1)
def _terms() -> dict[str, list[tuple[str, str]]]:
    """First word → (term, tier)."""
    by_word: dict[str, list[tuple[str, str]]] = {}
    with (DATA / "judol_terms.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_word.setdefault(row["term"].split()[0], []).append((row["term"], row["tier"]))
    return by_word


@lru_cache(maxsize=1)
def _first_words() -> frozenset[str]:
    """First words of strong and medium terms: without one of them a text is clean."""
    return frozenset(w for w, terms in _terms().items() if any(t in ("strong", "medium") for _, t in terms))


@lru_cache(maxsize=1)
def _split_terms() -> tuple[set[str], dict[str, list[set[str]]], set[str]]:
    """Strong and medium terms of one word; of longer ones, by first word the others; all words of those."""
    telling = [term for terms in _terms().values() for term, tier in terms if tier in ("strong", "medium")]
    longer: dict[str, list[set[str]]] = {}
    for term in telling:
        first, *others = term.split()
        if others:
            longer.setdefault(first, []).append(set(others))
    singles = {term for term in telling if " " not in term}
    return singles, longer, longer.keys() | set().union(*chain.from_iterable(longer.values()))


def _is_telling(word: str) -> bool:
    return word in _first_words() or any(mark in word for mark in _STEM_MARKS)


def find(text: str, *, brands: bool = False) -> Found:
    """Gambling terms in `text` (any writing); with `brands` also names such as "hoki88"."""
    if is_clean(text, brands=brands):
        return NOTHING
    return look_through(text, brands=brands)


def is_clean(text: str, *, brands: bool = False) -> bool:
    """Whether it is certain already that nothing is found, as of nearly every text: each of its words is
    clean by itself, not all words of any term are there, and too few single letters to spell one out."""
    marks = set().union(*map(_PIECES.__getitem__, set(text.split())))
    if DIRTY in marks or (brands and BRANDED in marks):
        return False
    longer = _split_terms()[1]
    if any(rest <= marks for first in marks & longer.keys() for rest in longer[first]):
        return False
    return sum(len(mark) == 1 for mark in marks) < 3


def _marks(piece: str) -> frozenset[str]:
    """Of what stands between two blanks: its single letters and words of longer terms; DIRTY, where it has
    to be looked at as a whole; and BRANDED, where it may name a brand."""
    plain = folded(piece)
    present = set(words(plain))
    is_signed = "@" in plain or "$" in plain or ("&" in piece and html.unescape(piece) != piece)
    if is_signed or any(mark in plain for mark in _STEM_MARKS) or any(map(_is_dirty, present)):
        return frozenset({DIRTY})
    kept = {word for word in present if len(word) == 1 or word in _split_terms()[2]}
    return frozenset(kept | {BRANDED} if BRAND.search(plain) else kept)


_PIECES = Remembered(_marks)


def _is_dirty(word: str) -> bool:
    if word.isalpha() or word.isdecimal():
        return word in _split_terms()[0]
    return _is_telling(word) or _is_telling(word.translate(LEET_LETTERS))


def look_through(text: str, *, brands: bool = False) -> Found:
    """`find` without the short way."""
    plain = folded(text)
    tokens = words(plain)
    present = set(tokens)
    found = _in_words(plain, tokens, present, brands)
    hidden = undisguised(plain, present, _is_telling)
    if not hidden and not found:
        return found
    deep = _in_words(hidden, words(hidden), set(words(hidden)), False) if hidden else NOTHING
    strong = tuple(dict.fromkeys(found.strong + deep.strong))
    medium = tuple(dict.fromkeys(found.medium + deep.medium))
    shown = straight(text).lower()
    open_terms = _in_words(shown, words(shown), set(words(shown)), brands)
    disguised = tuple(t for t in strong + medium if t not in open_terms.strong + open_terms.medium)
    return Found(strong, medium, found.weak or deep.weak, disguised, found.against)


def _in_words(plain: str, tokens: list[str], present: set[str], brands: bool) -> Found:
    stems = set(_STEMS.findall(plain)) if any(mark in plain for mark in _STEM_MARKS) else set()
    names = (
        {n for n in BRAND.findall(plain) if n.rstrip("0123456789d") not in _NO_BRANDS} if brands else set()
    )
    if not stems and not names and present.isdisjoint(_first_words()):
        return NOTHING
    line = f" {' '.join(tokens)} "
    tiers: dict[str, list[str]] = {"strong": [], "medium": sorted(names), "weak": [], "against": []}
    for word in sorted(present & _terms().keys()):
        for term, tier in _terms()[word]:
            if " " not in term or f" {term} " in line:
                tiers[tier].append(term)
    for stem in sorted(stems):
        if stem not in tiers["strong"] + tiers["medium"]:
            tiers["strong" if stem not in ("togel", "casino") else "medium"].append(stem)
    against = bool(tiers["against"]) and any(w in present for w in _GAMBLING_WORDS)
    return Found(tuple(tiers["strong"]), tuple(tiers["medium"]), tuple(tiers["weak"]), (), against)


def names_gambling(term: str) -> bool:
    """Whether a term says "gambling" itself, as texts against it do, rather than offering it."""
    return any(word in _GAMBLING_WORDS for word in term.split())
