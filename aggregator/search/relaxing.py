"""A question with most of its words, for when too little has them all."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations

from aggregator.search.query import All, Best, Flat, Node, Prefix, Some, Word

ENOUGH = 0.2  # share of a question's information that such a post must have
COVERED = 1.0  # for each word that a post with only most of them has: about the weight of a common word
MOST_WEIGHED = 7  # words of a question up to which each is weighed


def relaxed(tree: Node | None, information: Callable[[Node], float]) -> Node | None:
    """The question with those words enough that carry ENOUGH of its information; None when no word can
    be spared. Quoted phrases, negations and filters stay as firm as they are."""
    items = tree.items if isinstance(tree, All) else ()
    words = [item for item in items if isinstance(item, Word | Best | Prefix)]
    firm = [item for item in items if not isinstance(item, Word | Best | Prefix)]
    if len(words) < 2:
        return None
    if len(words) > MOST_WEIGHED:
        enough: Node = Some(tuple(words), math.ceil(ENOUGH * len(words)))
    else:
        weights = [information(item) for item in words]
        needed = ENOUGH * sum(weights)
        enough = Some(tuple(All(tuple(words[at] for at in chosen)) for chosen in _least(weights, needed)))
    covered = tuple(Flat(word, COVERED) for word in words)
    return All((*firm, Flat(enough), Some(tuple(words), 0), Some(covered, 0)))


def _least(weights: Sequence[float], needed: float) -> list[tuple[int, ...]]:
    """The smallest choices of weights that reach what is needed: none contains another."""
    found: list[tuple[int, ...]] = []
    for size in range(1, len(weights) + 1):
        for chosen in combinations(range(len(weights)), size):
            if sum(weights[at] for at in chosen) < needed:
                continue
            if not any(set(smaller) <= set(chosen) for smaller in found):
                found.append(chosen)
    return found
