"""What a post is about, by weighted terms: title before lead before body, the longer phrase before the
shorter. Every hit can say which rule gave it. Rules: data/topic_rules.csv."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from aggregator.words import words as find_words

DATA = Path(__file__).resolve().parent.parent / "data"

TITLE, LABEL, LEAD, BODY = 3.0, 2.0, 1.5, 1.0  # what a term counts for where it stands
LEAD_WORDS, BODY_WORDS = 60, 400
SIGNATURE_WORDS = 7
BODY_MOST = 9.0  # all of the body counts for no more than one strong term in the title
LEAST = 4.5  # score from which a topic is given
SHARE = 0.5  # of the best score, for a second and third topic
MOST_TOPICS = 3
OFFICE_LIFE = "Kelembagaan/Rapat"  # nearly every post tells of some meeting: what it was about goes first
OFFICE_FACTOR = 0.5

# "Kepala Subbagian Keuangan, Umum, dan Logistik": who speaks, not what the post is about. First letters
# first: a search then steps from one to the next.
_UNIT = re.compile(
    r"[BDKSbdks](?<=\b.)"
    r"(?:(?<=[Dd])ivisi|(?<=[Ss])ubbag(?:ian)?|(?<=[Kk])a(?:subbag|div)|(?<=[Bb])(?:agian|iro|idang))"
    r"(?:,? (?:(?:dan|&) )?(?:[A-Z][a-z]+|SDM|BMN|TIK))+"
)


@dataclass(frozen=True, slots=True)
class TopicHit:
    """A topic (by its name), how sure, and by which terms, in words for the staff page."""

    topic: str
    score: float
    rule: str


@dataclass(frozen=True, slots=True, eq=False)
class _Rule:
    term: str
    words: tuple[str, ...]
    weights: dict[str, float]  # by topic


@dataclass(slots=True)
class _Begun:
    """The rules that begin with one word."""

    longer: dict[str, list[_Rule]]  # by the second word, the longest first
    alone: _Rule | None = None


@lru_cache(maxsize=1)
def _rules() -> dict[str, _Begun]:
    """By first word."""
    weights: dict[str, dict[str, float]] = defaultdict(dict)
    with (DATA / "topic_rules.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            weights[row["term"]][row["topic"]] = float(row["weight"])
    rules = [_Rule(term, tuple(term.split()), by_topic) for term, by_topic in weights.items()]
    begun: dict[str, _Begun] = {}
    for rule in sorted(rules, key=lambda rule: -len(rule.words)):
        place = begun.setdefault(rule.words[0], _Begun({}))
        if len(rule.words) == 1:
            place.alone = rule
        else:
            place.longer.setdefault(rule.words[1], []).append(rule)
    return begun


def words(text: str) -> list[str]:
    return find_words(text.lower())


def _hits(tokens: list[str]) -> Iterator[_Rule]:
    """The longest rule at each place, less what a rule before it has taken."""
    rules, free = _rules(), 0
    following = [*tokens[1:], ""]
    for at in [at for at, token in enumerate(tokens) if token in rules]:
        if at < free:
            continue
        begun = rules[tokens[at]]
        found = begun.alone
        for rule in begun.longer.get(following[at], ()):
            if len(rule.words) == 2 or tuple(tokens[at : at + len(rule.words)]) == rule.words:
                found = rule
                break
        if found:
            yield found
            free = at + len(found.words)


def topics_of(title: str, text: str, categories: Iterable[str] = ()) -> list[TopicHit]:
    """Up to three topics of a post, the best first; none when nothing speaks for one."""
    body = words(_without_units(_unsigned(text)))[:BODY_WORDS]
    scores: dict[str, float] = defaultdict(float)
    found: dict[str, Counter[_Rule]] = {}
    for place, factor, tokens in (
        ("judul", TITLE, words(_without_units(title))),
        ("rubrik", LABEL, words(" . ".join(categories))),
        ("awal isi", LEAD, body[:LEAD_WORDS]),
        ("isi", BODY, body[LEAD_WORDS:]),
    ):
        found[place] = Counter(_hits(tokens))
        for topic, score in _scored(found[place], factor).items():
            scores[topic] += min(score, BODY_MOST) if place in ("awal isi", "isi") else score
    best_other = max((score for topic, score in scores.items() if topic != OFFICE_LIFE), default=0.0)
    if best_other >= LEAST:
        scores[OFFICE_LIFE] *= OFFICE_FACTOR
    return [TopicHit(topic, round(score, 1), _told(topic, found)) for topic, score in _chosen(scores)]


def _without_units(text: str) -> str:
    """Every word keeps its place: where a term stands decides what it counts for."""
    return _UNIT.sub(lambda match: " x" * len(match[0].split()), text)


def _unsigned(text: str) -> str:
    """Without last lines of a few words: "(Humas KPU X)", hash tags, "Penulis: …"."""
    lines = text.rstrip().split("\n")
    while len(lines) > 1 and len(lines[-1].split()) < SIGNATURE_WORDS:
        lines.pop()
    return "\n".join(lines)


def _scored(counts: Counter[_Rule], factor: float) -> dict[str, float]:
    scores: dict[str, float] = defaultdict(float)
    for rule, count in counts.items():
        repeated = 1 + 0.25 * min(count - 1, 3)
        for topic, weight in rule.weights.items():
            scores[topic] += factor * weight * repeated
    return scores


def _chosen(scores: dict[str, float]) -> list[tuple[str, float]]:
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:MOST_TOPICS]
    if not ranked or ranked[0][1] < LEAST:
        return []
    least = max(LEAST, SHARE * ranked[0][1])
    return [(topic, score) for topic, score in ranked if score >= least]


def _told(topic: str, found: dict[str, Counter[_Rule]]) -> str:
    """ "judul: coklit, pantarlih; isi: daftar pemilih" """
    parts = []
    for place, counts in found.items():
        if terms := [rule.term for rule in counts if topic in rule.weights]:
            parts.append(f"{place}: {', '.join(terms[:4])}")
    return "; ".join(parts)[:300]
