"""Made-up posts in any number: real titles of satker sites over bodies whose words follow Zipf's law.

Words come from the project's own lists, the frequent ones in the order in which they stand in real titles;
behind them a long tail of made-up words, as names and numbers are in real text. All is fixed by the seed.
"""

from __future__ import annotations

import itertools
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.search.stems import ROOTS

TITLES = Path(__file__).parent.parent / "tests" / "data" / "kpu_titles.jsonl"
EXPONENT, SHIFT = 1.05, 2.7  # Zipf–Mandelbrot: frequency ~ 1 / (rank + SHIFT) ^ EXPONENT
POOL = 3_000_000  # words that bodies are cut from
VOCABULARY = 80_000
BODY = (170, 70)  # words: mean, standard deviation
PER_DAY = 2000
NEWEST = datetime(2026, 11, 20, tzinfo=UTC)
SYLLABLES = [c + v for c in "bcdghjklmnprstw" for v in "aiueo"]


@dataclass(frozen=True, slots=True)
class Post:
    number: int
    title: str
    text: str
    satker: int  # 0 … 552
    topic: int  # 0 … 12
    is_own: bool
    published_at: datetime


def posts(count: int, seed: int = 1) -> Iterator[Post]:
    """Newest first, `PER_DAY` a day."""
    chance = random.Random(seed)
    titles = [json.loads(line)["title"] for line in TITLES.read_text(encoding="utf-8").splitlines()]
    pool = _pool(chance, titles)
    for number in range(count):
        length = max(20, int(chance.gauss(*BODY)))
        at = chance.randrange(len(pool) - length)
        yield Post(
            number=number,
            title=f"{chance.choice(titles)} {pool[at]} {pool[at + 1]}",
            text=" ".join(pool[at : at + length]),
            satker=min(int(chance.expovariate(1 / 200)), 552),
            topic=chance.randrange(13),
            is_own=chance.random() < 0.7,
            published_at=NEWEST - timedelta(days=1) * (number / PER_DAY),
        )


def ranked_words() -> list[str]:
    """The vocabulary, the most frequent first."""
    titles = [json.loads(line)["title"] for line in TITLES.read_text(encoding="utf-8").splitlines()]
    return _vocabulary(random.Random(0), titles)


def _pool(chance: random.Random, titles: list[str]) -> list[str]:
    words = _vocabulary(random.Random(0), titles)
    weights = list(itertools.accumulate(1 / (rank + SHIFT) ** EXPONENT for rank in range(len(words))))
    return chance.choices(words, cum_weights=weights, k=POOL)


def _vocabulary(chance: random.Random, titles: list[str]) -> list[str]:
    counts = Counter(word for title in titles for word in re.findall(r"[^\W\d_]{3,}", title.lower()))
    words = dict.fromkeys([word for word, _count in counts.most_common()] + sorted(ROOTS))
    while len(words) < VOCABULARY:
        words["".join(chance.choice(SYLLABLES) for _number in range(chance.randint(2, 4)))] = None
    return list(words)
