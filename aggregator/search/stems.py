"""The stem of an Indonesian word: by its affixes and a list of roots, else by the Snowball stemmer.

Snowball (PyStemmer, `indonesian`) takes affixes off but cannot give back the sound that meN- and peN-
swallow: it makes *etap* of "penetapan" and *tetap* of "tetapkan". With a list of roots both are *tetap*.
Words on the list are left whole, which also keeps "pemilu" from becoming *pilu* and "Kediri" *diri*.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from threading import Lock

import Stemmer

DATA = Path(__file__).resolve().parent.parent / "data"
SHORTEST_ROOT = 3
MOST_PREFIXES = 3
_VOWELS = "aiueo"
# What meN- and peN- are before a vowel stands for one of these roots' first sounds.
_SWALLOWED = (
    ("meny", "s"),
    ("peny", "s"),
    ("meng", "k"),
    ("peng", "k"),
    ("mem", "p"),
    ("pem", "p"),
    ("men", "t"),
    ("pen", "t"),
)
_PREFIXES = (
    "meng", "peng", "meny", "peny", "mem", "pem", "men", "pen", "me", "pe",
    "di", "ke", "se", "ter", "te", "ber", "bel", "be", "per", "pel",
)  # fmt: skip
_RARE = ("be", "bel", "te", "pel")  # before r, or of a handful of words
_PARTICLES = ("lah", "kah", "tah", "pun")
_POSSESSIVES = ("nya", "ku", "mu")
_SUFFIXES = ("kan", "an", "i")

_snowball = Stemmer.Stemmer("indonesian")
_snowball_lock = Lock()  # a stemmer object keeps state while it works


def words_of(name: str) -> frozenset[str]:
    """The words of a data file: parted by blanks and line ends, comments after "#"."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines for word in line.partition("#")[0].split())


def _place_words() -> frozenset[str]:
    """The words in the names of all regions, short ones such as "di" left out."""
    with (DATA / "satker.csv").open(encoding="utf-8", newline="") as file:
        names = [row["region_name"].lower() for row in csv.DictReader(file)]
    return frozenset(word for name in names for word in re.findall(r"[^\W\d_]{3,}", name))


ROOTS = words_of("search_roots.txt")
WHOLE = ROOTS | _place_words()


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The stem of a word in lower case; numbers and words with digits stay as they are."""
    if len(word) <= SHORTEST_ROOT or word in WHOLE or not word.isalpha():
        return word
    found = [(len(root), -steps, root) for root, steps in candidates(word).items() if root in ROOTS]
    if found:
        return max(found)[2]
    with _snowball_lock:
        stemmed = str(_snowball.stemWord(word))
    # Without a root to go by, a lone -i and -wan are more often part of a name (Hidayati, Setiawan).
    is_name = word in (stemmed + "i", stemmed + "an") and word.endswith(("i", "wan"))
    return word if is_name or not stemmed else stemmed


def candidates(word: str) -> dict[str, int]:
    """Everything the word could be without affixes, itself included, with the fewest affixes taken off."""
    found: dict[str, int] = {}
    for base, taken in _without_suffixes(word):
        for root, steps in _without_prefixes(base, MOST_PREFIXES):
            found[root] = min(found.get(root, 99), taken + steps)
    return found


def _without_suffixes(word: str) -> Iterator[tuple[str, int]]:
    """The word less a particle, a possessive and a suffix, in that order, each if it is there."""
    for plain, first in ((word, 0), *((rest, 1) for rest in _less(word, _PARTICLES))):
        for owned, second in ((plain, 0), *((rest, 1) for rest in _less(plain, _POSSESSIVES))):
            yield owned, first + second
            yield from ((rest, first + second + 1) for rest in _less(owned, _SUFFIXES))


def _less(word: str, endings: tuple[str, ...]) -> Iterator[str]:
    for ending in endings:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_ROOT:
            yield word[: -len(ending)]


def _without_prefixes(word: str, left: int) -> Iterator[tuple[str, int]]:
    yield word, 0
    if not left:
        return
    for prefix in _PREFIXES:
        rest = word[len(prefix) :]
        if not word.startswith(prefix) or len(rest) < SHORTEST_ROOT - 1:
            continue
        cost = 2 if prefix in _RARE else 1
        bases = [(rest, cost)] if len(rest) >= SHORTEST_ROOT else []
        if rest[0] in _VOWELS:
            bases += [(sound + rest, cost + 1) for nasal, sound in _SWALLOWED if nasal == prefix]
        for base, taken in bases:
            yield from ((root, steps + taken) for root, steps in _without_prefixes(base, left - 1))
