"""Words of gambling spam, in tiers, found in a text whatever their disguise."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache

from aggregator.screen.text import DATA, folded, straight, undisguised, words

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


def _is_telling(word: str) -> bool:
    return word in _first_words() or any(mark in word for mark in _STEM_MARKS)


def find(text: str, *, brands: bool = False) -> Found:
    """Gambling terms in `text` (any writing); with `brands` also names such as "hoki88"."""
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
