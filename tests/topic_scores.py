"""How well rules find the topics of labelled posts: F1 by topic. Three sets: real titles with a one-sentence
gist, posts of the demonstration network, and posts written for this by somebody who had not read the rules.

A topic that is right as a second one (`also`) counts neither for nor against.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aggregator.classify import topics_of

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Labelled:
    topic: str  # "" when the post has none
    also: frozenset[str]
    title: str
    text: str
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Score:
    posts: int
    precision: float
    recall: float
    f1: float


def real() -> list[Labelled]:
    rows = map(json.loads, (DATA / "kpu_titles.jsonl").read_text(encoding="utf-8").splitlines())
    titles = {row["id"]: row for row in rows}
    return [
        _labelled(
            label, titles[label["id"]]["title"].removeprefix("(dari slug)"), titles[label["id"]]["gist"]
        )
        for label in _csv("topic_labels.csv")
    ]


def written() -> list[Labelled]:
    return [_labelled(row, row["title"], row["text"]) for row in _csv("topic_written.csv")]


def generated() -> list[Labelled]:
    rows = map(json.loads, (DATA / "topic_posts.jsonl").read_text(encoding="utf-8").splitlines())
    return [
        Labelled(r["topic"], frozenset(r["also"]), r["title"], r["text"], tuple(r["categories"]))
        for r in rows
    ]


SETS = {"real": real, "generated": generated, "written": written}


def _csv(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((DATA / name).read_text(encoding="utf-8").splitlines()))


def _labelled(row: dict[str, str], title: str, text: str) -> Labelled:
    return Labelled(row["topic"], frozenset(filter(None, row["also"].split("|"))), title, text)


def scores(posts: Iterable[Labelled]) -> dict[str, Score]:
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for post in posts:
        got = {hit.topic for hit in topics_of(post.title, post.text, post.categories)}
        right[post.topic] += post.topic in got
        missed[post.topic] += post.topic not in got
        wrong.update(got - {post.topic} - post.also)
    topics = sorted(topic for topic in right | missed if topic)
    return {
        topic: Score(
            right[topic] + missed[topic],
            right[topic] / max(1, right[topic] + wrong[topic]),
            right[topic] / (right[topic] + missed[topic]),
            2 * right[topic] / (2 * right[topic] + wrong[topic] + missed[topic]),
        )
        for topic in topics
    }


def macro_f1(found: dict[str, Score]) -> float:
    return sum(score.f1 for score in found.values()) / len(found)
