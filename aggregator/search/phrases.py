"""Phrases that the index has as one word each, its marks: what is said in several words for an abbreviation
(komisi_pilih_umum), and two common words side by side (daftar_pilih).

To find a phrase among its words, an engine compares places in every post that has them all; of common
words that is most of the nation's posts, and "kpu" also asks for such a phrase. A mark costs a word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from aggregator.search.stems import stem, words_of
from aggregator.search.synonyms import built_in_phrases

COMMON = frozenset(stem(word) for word in words_of("search_common_words.txt"))


def _by_first(phrases: frozenset[tuple[str, ...]]) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for phrase in sorted(phrases):
        if len(phrase) > 2 or not COMMON.issuperset(phrase):
            found[phrase[0]].append(phrase)
    return dict(found)


KNOWN = built_in_phrases()
_KNOWN_FROM = _by_first(KNOWN)
_BEGINNINGS = COMMON | _KNOWN_FROM.keys()


def marks(stems: Sequence[str]) -> list[str]:
    """The marks of a text, one each time its phrase stands there."""
    found: list[str] = []
    for at, (first, second) in enumerate(pairwise(stems)):
        if first not in _BEGINNINGS:
            continue
        if second in COMMON and first in COMMON:
            found.append(f"{first}_{second}")
        if first in _KNOWN_FROM:
            found += [
                "_".join(phrase)
                for phrase in _KNOWN_FROM[first]
                if second == phrase[1] and tuple(stems[at : at + len(phrase)]) == phrase
            ]
    return found


def marks_of(phrase: Sequence[str]) -> tuple[list[str], bool]:
    """The marks that a post with this phrase has, and whether having them is having the phrase."""
    if tuple(phrase) in KNOWN or (len(phrase) == 2 and COMMON.issuperset(phrase)):
        return ["_".join(phrase)], True
    return list(dict.fromkeys(marks(phrase))), False
