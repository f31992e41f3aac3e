"""Phrases that the index has as one word each, its marks: what is said in several words for an abbreviation
(komisi_pilih_umum), and two common words side by side (daftar_pilih).

To find a phrase among its words, an engine compares places in every post that has them all; of common
words that is most of the nation's posts, and "kpu" also asks for such a phrase. A mark costs a word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from aggregator.search.stems import stem, words_of
from aggregator.search.synonyms import built_in_phrases

COMMON = frozenset(stem(word) for word in words_of("search_common_words.txt"))


@cache  # once asked for: every process of the portal loads this module, few search
def known() -> frozenset[tuple[str, ...]]:
    return built_in_phrases()


@cache
def _by_beginning() -> dict[str, dict[str, list[tuple[str, ...]]]]:
    """By the first word, then by the second."""
    found: dict[str, dict[str, list[tuple[str, ...]]]] = defaultdict(dict)
    for phrase in sorted(known()):
        if len(phrase) > 2 or not COMMON.issuperset(phrase):
            found[phrase[0]].setdefault(phrase[1], []).append(phrase)
    return dict(found)


def marks(stems: Sequence[str]) -> list[str]:
    """The marks of a text, one each time its phrase stands there."""
    common, begun = COMMON, _by_beginning()
    found = [f"{one}_{two}" for one, two in pairwise(stems) if one in common and two in common]
    for at in [at for at, (one, two) in enumerate(pairwise(stems)) if one in begun and two in begun[one]]:
        for phrase in begun[stems[at]][stems[at + 1]]:
            if len(phrase) == 2 or tuple(stems[at : at + len(phrase)]) == phrase:
                found.append("_".join(phrase))  # noqa: PERF401 - hardly ever
    return found


def marks_of(phrase: Sequence[str]) -> tuple[list[str], bool]:
    """The marks that a post with this phrase has, and whether having them is having the phrase."""
    if tuple(phrase) in known() or (len(phrase) == 2 and COMMON.issuperset(phrase)):
        return ["_".join(phrase)], True
    return list(dict.fromkeys(marks(phrase))), False
