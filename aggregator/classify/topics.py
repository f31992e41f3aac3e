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

_WORD = re.compile(r"[^\W_]+")
# "Kepala Subbagian Keuangan, Umum, dan Logistik": who speaks, not what the post is about.
_UNIT = re.compile(
    r"\b(?:[Dd]ivisi|[Ss]ubbag(?:ian)?|[Kk]asubbag|[Kk]adiv|[Bb]agian|[Bb]iro|[Bb]idang)"
    r"(?:,? (?:(?:dan|&) )?(?:[A-Z][a-z]+|SDM|BMN|TIK))+"
)


@dataclass(frozen=True, slots=True)
class TopicHit:
    """A topic (by its name), how sure, and by which terms, in words for the staff page."""

    topic: str
    score: float
    rule: str


@dataclass(frozen=True, slots=True)
class _Rule:
    words: tuple[str, ...]
    weights: tuple[tuple[str, float], ...]  # topic and weight


@lru_cache(maxsize=1)
def _rules() -> dict[str, list[_Rule]]:
    """First word → rules, longest first."""
    weights: dict[tuple[str, ...], list[tuple[str, float]]] = defaultdict(list)
    with (DATA / "topic_rules.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            weights[tuple(row["term"].split())].append((row["topic"], float(row["weight"])))
    rules: dict[str, list[_Rule]] = defaultdict(list)
    for terms in sorted(weights, key=len, reverse=True):
        rules[terms[0]].append(_Rule(terms, tuple(weights[terms])))
    return dict(rules)


def words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _hits(tokens: list[str]) -> Iterator[_Rule]:
    rules, position, end = _rules(), 0, len(tokens)
    while position < end:
        step = 1
        for rule in rules.get(tokens[position], ()):
            length = len(rule.words)
            if length == 1 or tuple(tokens[position : position + length]) == rule.words:
                yield rule
                step = length
                break
        position += step


def topics_of(title: str, text: str, categories: Iterable[str] = ()) -> list[TopicHit]:
    """Up to three topics of a post, the best first; none when nothing speaks for one."""
    body = words(_without_units(_unsigned(text)))[:BODY_WORDS]
    scores: dict[str, float] = defaultdict(float)
    terms: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for place, factor, tokens in (
        ("judul", TITLE, words(_without_units(title))),
        ("rubrik", LABEL, words(" . ".join(categories))),
        ("awal isi", LEAD, body[:LEAD_WORDS]),
        ("isi", BODY, body[LEAD_WORDS:]),
    ):
        part = _scored(tokens, factor, place, terms)
        for topic, score in part.items():
            scores[topic] += min(score, BODY_MOST) if place in ("awal isi", "isi") else score
    best_other = max((score for topic, score in scores.items() if topic != OFFICE_LIFE), default=0.0)
    if best_other >= LEAST:
        scores[OFFICE_LIFE] *= OFFICE_FACTOR
    return _chosen(scores, terms)


def _without_units(text: str) -> str:
    """Every word keeps its place: where a term stands decides what it counts for."""
    return _UNIT.sub(lambda match: " x" * len(match[0].split()), text)


def _unsigned(text: str) -> str:
    """Without last lines of a few words: "(Humas KPU X)", hash tags, "Penulis: …"."""
    lines = text.rstrip().split("\n")
    while len(lines) > 1 and len(lines[-1].split()) < SIGNATURE_WORDS:
        lines.pop()
    return "\n".join(lines)


def _scored(
    tokens: list[str], factor: float, place: str, terms: dict[str, dict[str, list[str]]]
) -> dict[str, float]:
    counts = Counter(_hits(tokens))
    scores: dict[str, float] = defaultdict(float)
    for rule, count in counts.items():
        for topic, weight in rule.weights:
            scores[topic] += factor * weight * (1 + 0.25 * min(count - 1, 3))
            terms[topic][place].append(" ".join(rule.words))
    return scores


def _chosen(scores: dict[str, float], terms: dict[str, dict[str, list[str]]]) -> list[TopicHit]:
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:MOST_TOPICS]
    if not ranked or ranked[0][1] < LEAST:
        return []
    least = max(LEAST, SHARE * ranked[0][1])
    return [
        TopicHit(topic, round(score, 1), _told(terms[topic])) for topic, score in ranked if score >= least
    ]


def _told(places: dict[str, list[str]]) -> str:
    """ "judul: coklit, pantarlih; isi: daftar pemilih" """
    return "; ".join(f"{place}: {', '.join(found[:4])}" for place, found in places.items() if found)[:300]
