"""Kinds of news, read from data/berita/*.txt, and how a post is made of one.

A file holds scenarios, each begun by `== name | topic | levels | season | weight` and followed by lines:

    kategori: Berita Terkini, Data Pemilih     categories of the site; one is taken
    judul:    one title of several
    awal:     the first paragraph, one of several; the dateline is put before it
    isi:      a further paragraph, usually there;   isi!: always there
    ~:        another wording of the paragraph above
    kutip:    quotations, one or two are taken
    tutup:    last paragraphs, one or none is taken
    lampiran: title of an attached document
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache

from aggregator.demo.almanac import Season, season
from aggregator.demo.grammar import DATA, Template, compiled, expand, read_lines

_UNIT = re.compile(r"(?<=\d )(?:persen|ribu|juta|miliar|triliun)\b")  # in a title with a capital
LEVELS = {"kab": "regency", "prov": "province", "ri": "national"}
STAGE_FACTOR = 4.0  # within an election stage its news outweighs the rest


@dataclass(slots=True)
class Scenario:
    name: str
    topic: str  # as named in topic_keywords.csv
    levels: frozenset[str]
    season: Season
    weight: float
    categories: list[str] = field(default_factory=list)
    titles: list[Template] = field(default_factory=list)
    leads: list[Template] = field(default_factory=list)
    body: list[tuple[bool, list[Template]]] = field(default_factory=list)  # (always?, wordings)
    quotes: list[Template] = field(default_factory=list)
    closings: list[Template] = field(default_factory=list)
    attachment: Template | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A post as written, before a site puts its marks on it. Plain text."""

    title: str
    paragraphs: tuple[str, ...]
    attachment: str
    category: str


def compose(scenario: Scenario, facts: Callable[[str], str], rng: random.Random) -> Draft:
    def text(template: Template) -> str:
        return " ".join(expand(template, facts, rng).split())

    title = _UNIT.sub(lambda match: match[0].title(), text(rng.choice(scenario.titles)))
    middle = [
        text(rng.choice(wordings)) for always, wordings in scenario.body if always or rng.random() < 0.78
    ]
    for template in rng.sample(scenario.quotes, min(len(scenario.quotes), 2 if rng.random() < 0.4 else 1)):
        middle.insert(rng.randint(1, max(1, len(middle))), text(template))
    if scenario.closings and rng.random() < 0.8:
        middle.append(text(rng.choice(scenario.closings)))
    return Draft(
        title=title,
        paragraphs=(text(rng.choice(scenario.leads)), *middle),
        attachment=text(scenario.attachment) if scenario.attachment else "",
        category=rng.choice(scenario.categories) if scenario.categories else "Berita Terkini",
    )


@cache
def scenarios() -> Mapping[str, Scenario]:
    """All scenarios by name. Raises ValueError for a line that cannot be read."""
    found: dict[str, Scenario] = {}
    for path in sorted((DATA / "berita").glob("*.txt")):
        current: Scenario | None = None
        for line in read_lines(path):
            if line.startswith("=="):
                current = _begin(line)
                if current.name in found:
                    raise ValueError(f"{path.name}: {current.name} is there twice")
                found[current.name] = current
            elif current is not None:
                _add(current, line)
    return found


def _begin(line: str) -> Scenario:
    name, topic, levels, when, weight = (part.strip() for part in line.removeprefix("==").split("|"))
    return Scenario(
        name, topic, frozenset(LEVELS[word] for word in levels.split()), season(when), float(weight)
    )


def _add(scenario: Scenario, line: str) -> None:
    key, _, text = line.partition(":")
    text = text.strip()
    match key.strip():
        case "kategori":
            scenario.categories += [word.strip() for word in text.split(",")]
        case "judul":
            scenario.titles.append(compiled(text))
        case "awal":
            scenario.leads.append(compiled(text))
        case "isi" | "isi!":
            scenario.body.append((key == "isi!", [compiled(text)]))
        case "~":
            scenario.body[-1][1].append(compiled(text))
        case "kutip":
            scenario.quotes.append(compiled(text))
        case "tutup":
            scenario.closings.append(compiled(text))
        case "lampiran":
            scenario.attachment = compiled(text)
        case _:
            raise ValueError(f"{scenario.name}: {line[:60]}")


@lru_cache(maxsize=4096)
def in_season(level: str, day: date) -> tuple[tuple[Scenario, ...], tuple[float, ...]]:
    """What an office of this level may report on this day, with cumulative weights."""
    chosen, sums, total = [], [], 0.0
    for scenario in scenarios().values():
        if level in scenario.levels and scenario.season.covers(day):
            total += scenario.weight * (STAGE_FACTOR if scenario.season.stage else 1.0)
            chosen.append(scenario)
            sums.append(total)
    return tuple(chosen), tuple(sums)
