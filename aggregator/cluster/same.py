"""Whether two posts tell the same story: the same text behind another dateline, header, footer or title,
edited a little or cut short. The same event in other words, or the same words of another event, is not."""

from __future__ import annotations

from aggregator.cluster.told import Facts, Told, overlap

LEAST_SHARED = 0.5  # Jaccard, or containment: measured to part copies from the rest, see docs
LEAST_EXCERPT = 0.7  # containment of an excerpt far shorter than the whole
SHORT = 25  # words: a body below says too little to be judged alone
LONG = 80  # words: a body above outweighs numbers of the title
TITLE_WORDS = 6  # a title of fewer words is generic
NAMES_DIFFER = 2  # names that only one has, on both sides


def same_story(one: Told, two: Told) -> bool:
    """Symmetric. Dates of publication are the caller's matter."""
    if min(len(one.tokens), len(two.tokens)) < SHORT:
        return _same_notice(one, two)
    jaccard, contained = overlap(one.pair_set, two.pair_set)
    if jaccard < LEAST_SHARED and contained < _least_contained(one, two):
        return False
    return _titles_agree(one, two, jaccard) and _bodies_agree(one, two)


def _least_contained(one: Told, two: Told) -> float:
    short, long = sorted((len(one.tokens), len(two.tokens)))
    return LEAST_EXCERPT if short < 0.6 * long else LEAST_SHARED


def _same_notice(one: Told, two: Told) -> bool:
    """Posts of hardly any text: the same long title and the same few words, or nothing is said."""
    if one.title_words != two.title_words and not _same_but_number_mark(one, two):
        return False
    if len(one.title_words) < TITLE_WORDS and one.tokens != two.tokens:
        return False
    jaccard, _ = overlap(one.tokens, two.tokens)
    alike = one.tokens == two.tokens or jaccard >= 0.8
    return (
        alike
        and (len(one.title_words) >= TITLE_WORDS or len(one.tokens) >= TITLE_WORDS)
        and not differ(one.facts, two.facts)
    )


def _same_but_number_mark(one: Told, two: Told) -> bool:
    """ "Judul (2)": uploaded again."""
    short, long = sorted((one.title_words, two.title_words), key=len)
    return len(long) == len(short) + 1 and long[:-1] == short and long[-1].isdigit() and len(long[-1]) == 1


def _bodies_agree(one: Told, two: Told) -> bool:
    """Neither may have a number, day, month or place of its own where the other has another; nor names,
    which differ where one form is filled in by two offices."""
    if _agree(one, two):
        return True
    first, second = one.beside(two), two.beside(one)
    return (first is not one or second is not two) and _agree(first, second)


def _agree(one: Told, two: Told) -> bool:
    if differ(one.facts, two.facts):
        return False
    return min(len(one.names - two.names), len(two.names - one.names)) < NAMES_DIFFER


def differ(one: Facts, two: Facts) -> bool:
    return any(one[kind] - two[kind] and two[kind] - one[kind] for kind in one)


def _titles_agree(one: Told, two: Told, jaccard: float) -> bool:
    """Titles may be anything when the bodies are long and alike; else their numbers must not differ."""
    if jaccard >= 0.8 and min(len(one.tokens), len(two.tokens)) >= LONG:
        return True
    a, b = one.title_facts, two.title_facts
    return not differ({kind: a[kind] for kind in ("number", "month")}, b)
