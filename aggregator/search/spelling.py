"""A better spelling of a question, from the words that the index knows."""

from __future__ import annotations

from aggregator.search.analysis import normal, tokens
from aggregator.search.engine import Reader
from aggregator.search.query import Node, Word, walk
from aggregator.search.stems import ROOTS, WHOLE
from aggregator.search.synonyms import synonyms

SHORTEST = 4  # letters of a word that is worth correcting
LONG = 6  # from here on two slips are forgiven
LOOKED_AT = 3000  # words of the index for one beginning, the most frequent
RARE = 2  # posts: a word in no more than this may be a slip of one in ...
MUCH_MORE = 100  # ... so many times as many


def better_spelling(q: str, tree: Node | None, reader: Reader, *, rare_too: bool = False) -> str:
    """The question with its unknown words replaced by near ones that the index has; "" when there are none.
    `rare_too`: also words that are known but a hundred times rarer than a near one."""
    suspects = {
        node.form: frequency
        for node in walk(tree)
        if isinstance(node, Word)
        and len(node.form) >= SHORTEST
        and node.form.isalpha()
        and not is_known(node)
        and (frequency := reader.frequency(node.stem)) <= (RARE if rare_too else 0)
    }
    if not suspects:
        return ""
    text = corrected = normal(q)
    for token in reversed(tokens(text)):
        if token.form not in suspects:
            continue
        least = suspects[token.form] * MUCH_MORE
        if near := nearest(token.form, reader, max(least, 1), thorough=not rare_too):
            corrected = corrected[: token.start] + near + corrected[token.end :]
    return corrected if corrected != text else ""


def is_known(word: Word) -> bool:
    """Whether it is right as it stands, whether or not any post has it: a word of our lists, a short form."""
    return word.form in WHOLE or word.stem in ROOTS or word.stem in synonyms()


def nearest(word: str, reader: Reader, least: int, *, thorough: bool) -> str:
    """The word of the index with the fewest slips from this one, of several the most frequent; in at
    least `least` posts. `thorough`: also if the second letter is wrong."""
    most = 2 if len(word) >= LONG else 1
    best = (most + 1, 0, "")
    letters = set(word)
    for beginning in _beginnings(word)[: None if thorough else -1]:
        for known, frequency in reader.terms(beginning, LOOKED_AT):
            if frequency < least or abs(len(known) - len(word)) > most or known == word:
                continue
            if len(letters.symmetric_difference(known)) > 2 * most:
                continue
            slips = distance(word, known, most)
            if slips <= most and (slips, -frequency, known) < best:
                best = (slips, -frequency, known)
    return best[2]


def _beginnings(word: str) -> list[str]:
    """How the word meant may begin, if one of the first letters is wrong, missing, doubled or swapped."""
    return list(dict.fromkeys([word[:2], word[1] + word[0], word[0] + word[2], word[1:3], word[0]]))


def distance(first: str, second: str, most: int) -> int:
    """How many letters must be changed, put in, left out or swapped with their neighbour; more than
    `most` is given as most + 1. https://en.wikipedia.org/wiki/Damerau–Levenshtein_distance"""
    before: list[int] = []
    row = list(range(len(second) + 1))
    for at, letter in enumerate(first, 1):
        older, before, row = before, row, [at]
        for to, other in enumerate(second, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != other))
            if at > 1 and to > 1 and letter == second[to - 2] and other == first[at - 2]:
                cost = min(cost, older[to - 2] + 1)
            row.append(cost)
        if min(row) > most and (not before or min(before) > most):
            return most + 1
    return min(row[-1], most + 1)
