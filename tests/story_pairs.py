"""Labelled pairs of posts for the tests of cluster: copies as offices make them, and look-alikes that are
other stories. Synthetic, own writing; deterministic by seed."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aggregator.cluster import Told

DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat")
_PARTS = json.loads((Path(__file__).parent / "data" / "story_articles.json").read_text(encoding="utf-8"))
PLACES: list[list[str]] = _PARTS["places"]  # office and the town it writes from
PEOPLE: list[str] = _PARTS["people"]
TOPICS: dict[str, dict[str, Any]] = _PARTS["articles"]
OWN_WORDS: list[str] = _PARTS["own_words"]
SYNONYMS: dict[str, str] = _PARTS["synonyms"]
FOOTERS: list[str] = _PARTS["footers"]


@dataclass(frozen=True)
class Pair:
    kind: str
    same: bool
    one: Told
    two: Told


def facts(rng: random.Random) -> dict[str, str]:
    office, town = rng.choice(PLACES)
    chair, member, guest = rng.sample(PEOPLE, 3)
    men, women = rng.randrange(90_000, 400_000), rng.randrange(90_000, 400_000)
    return {
        "office": office,
        "town": town,
        "chair": chair,
        "member": member,
        "guest": guest,
        "day": rng.choice(DAYS),
        "date": f"{rng.randrange(1, 28)}/{rng.randrange(1, 12)}/2025",
        "year": "2025",
        "roman": rng.choice(("I", "II", "III", "IV")),
        "voters": dotted(men + women),
        "men": dotted(men),
        "women": dotted(women),
        "districts": str(rng.randrange(3, 30)),
        "school": str(rng.randrange(1, 9)),
        "pupils": str(rng.randrange(40, 400)),
        "ballots": dotted(rng.randrange(200_000, 900_000)),
        "workers": str(rng.randrange(50, 300)),
        "months": str(rng.randrange(3, 14)),
    }


def dotted(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def article(topic: str, known: dict[str, str]) -> tuple[str, str]:
    template = TOPICS[topic]
    return template["title"].format(**known), " ".join(template["sentences"]).format(**known)


def carried(title: str, text: str, rng: random.Random, *, edits: float = 0.0) -> tuple[str, str]:
    """The same text as another office puts it up."""
    office, town = rng.choice(PLACES)
    host = "kab-" + re.sub(r"\W", "", office.split(" ", 1)[1]).lower() + ".kpu.go.id"
    head = rng.choice(
        (f"{town}, {host} – ", f"{town} ({host}) - ", "Jakarta, kpu.go.id – ", f"{town.upper()} – ", "")
    )
    footer = rng.choice(FOOTERS).format(office=office)
    new_title = rng.choice(
        (title, title.upper(), f"{title} - KPU {office}", "Kabar dari Pusat untuk Kita Semua")
    )
    return new_title, head + edited(text, rng, edits) + footer


def edited(text: str, rng: random.Random, share: float) -> str:
    """Replace, drop or double words that are no facts, up to `share` of all."""
    words = text.split(" ")
    plain = [i for i, w in enumerate(words) if w.isalpha() and w.islower()]
    for i in rng.sample(plain, min(len(plain), round(share * len(words)))):
        words[i] = SYNONYMS.get(words[i]) or rng.choice(("juga", "turut", "", "pun", words[i] + "nya"))
    return " ".join(filter(None, words))


def other(known: dict[str, str], rng: random.Random, *names: str) -> dict[str, str]:
    """The facts with these, and only these, changed."""
    changed = dict(known)
    while any(changed[name] == known[name] for name in names):
        fresh = facts(rng)
        changed |= {name: fresh[name] for name in names}
    return changed


Make = Callable[[random.Random], tuple[tuple[str, str], tuple[str, str]]]


def pick(rng: random.Random) -> tuple[str, dict[str, str], tuple[str, str]]:
    topic, known = rng.choice(list(TOPICS)), facts(rng)
    return topic, known, article(topic, known)


def reposted(rng: random.Random) -> tuple[tuple[str, str], tuple[str, str]]:
    _, _, post = pick(rng)
    return carried(*post, rng), carried(*post, rng)


def reposted_with_edits(rng: random.Random) -> tuple[tuple[str, str], tuple[str, str]]:
    _, _, post = pick(rng)
    return carried(*post, rng), carried(*post, rng, edits=rng.uniform(0.03, 0.15))


def cut_short(rng: random.Random) -> tuple[tuple[str, str], tuple[str, str]]:
    _, _, (title, text) = pick(rng)
    words = text.split(" ")
    return carried(title, text, rng), carried(
        title, " ".join(words[: rng.randrange(45, len(words))]) + " …", rng
    )


def without_sentence(rng: random.Random) -> tuple[tuple[str, str], tuple[str, str]]:
    _, _, (title, text) = pick(rng)
    sentences = re.split(r"(?<=\.) (?=[A-Z])", text)
    del sentences[rng.randrange(1, len(sentences))]
    return carried(title, text, rng), carried(title, " ".join(sentences), rng, edits=0.05)


def put_up_twice(rng: random.Random) -> tuple[tuple[str, str], tuple[str, str]]:
    _, _, (title, text) = pick(rng)
    return (title, text), (
        rng.choice((f"{title} (2)", title.upper(), title.replace(" ", "  "))),
        edited(text, rng, 0.02),
    )


def other_office(rng: random.Random) -> tuple[tuple[str, str], tuple[str, str]]:
    topic, known, post = pick(rng)
    changed = other(
        known, rng, "office", "town", "chair", "member", "guest", "voters", "men", "women", "ballots"
    )
    if topic == "central":
        changed = other(changed, rng, "date", "months", "workers")
    return post, article(topic, changed)


def other_office_same_day(rng: random.Random) -> tuple[tuple[str, str], tuple[str, str]]:
    """Only the office and its people differ; the form and all figures are equal."""
    topic = rng.choice([t for t in TOPICS if t != "central"])
    known = facts(rng)
    return article(topic, known), article(
        topic, other(known, rng, "office", "town", "chair", "member", "guest")
    )


def other_period(rng: random.Random) -> tuple[tuple[str, str], tuple[str, str]]:
    known = facts(rng)
    return article("pdpb", known), article(
        "pdpb", other(known, rng, "roman", "voters", "men", "women", "date")
    )


def only_roman_differs(rng: random.Random) -> tuple[tuple[str, str], tuple[str, str]]:
    known = facts(rng)
    return article("pdpb", known), article("pdpb", other(known, rng, "roman"))


def other_week(rng: random.Random) -> tuple[tuple[str, str], tuple[str, str]]:
    topic = rng.choice(("apel", "audience", "school"))
    known = facts(rng)
    names = ("date", "pupils", "school") if topic == "school" else ("date", "member")
    return article(topic, known), article(topic, other(known, rng, *names))


def own_words(rng: random.Random) -> tuple[tuple[str, str], tuple[str, str]]:
    _, known, (title, text) = pick(rng)
    again = other(known, rng, "office", "town", "chair", "member")
    sentences = rng.sample(OWN_WORDS, 5)
    return (title, text), (title, " ".join(sentences).format(**again))


def same_generic_title(rng: random.Random) -> tuple[tuple[str, str], tuple[str, str]]:
    title = rng.choice(("PENGUMUMAN LELANG", "Info Pilkada", "Pengumuman", "Siaran Pers"))
    (_, _, (_, one)), (_, _, (_, two)) = pick(rng), pick(rng)
    while one == two:
        _, _, (_, two) = pick(rng)
    return (title, one), (title, two)


def nothing_in_common(rng: random.Random) -> tuple[tuple[str, str], tuple[str, str]]:
    one, two = rng.sample(list(TOPICS), 2)
    return article(one, facts(rng)), article(two, facts(rng))


SAME: tuple[Make, ...] = (reposted, reposted_with_edits, cut_short, without_sentence, put_up_twice)
OTHER: tuple[Make, ...] = (
    other_office, other_office_same_day, other_period, only_roman_differs, other_week, own_words,
    same_generic_title, nothing_in_common,
)  # fmt: skip


def labelled_pairs(each: int, seed: int = 1) -> Iterator[Pair]:
    """`each` pairs of every kind."""
    rng = random.Random(seed)
    for same, makers in ((True, SAME), (False, OTHER)):
        for make in makers:
            for _ in range(each):
                one, two = make(rng)
                yield Pair(make.__name__, same, Told(*one), Told(*two))
