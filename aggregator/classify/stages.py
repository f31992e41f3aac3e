"""Which stage of which election a post belongs to, or none (non-tahapan): its words must name the stage
and its date must lie in the stage's time. Rules: data/stage_rules.csv and the calendar (Stage rows)."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from aggregator.classify.topics import DATA, words

BEFORE = timedelta(days=21)  # a stage is prepared and announced before it begins
AFTER = timedelta(days=21)  # and told of after its end
REPEAT = timedelta(days=330)  # ordered by the Constitutional Court, months after the day itself
TITLE, BODY = 3.0, 1.0
LEAST = 3.0
LEAD_WORDS = 150

_REPEATED = ("psu", "pemungutan suara ulang", "pilkada ulang", "pemilihan ulang", "penghitungan suara ulang")
_BETWEEN = (
    "pdpb",
    "dpb",
    "data pemilih berkelanjutan",
    "daftar pemilih berkelanjutan",
    "non tahapan",
    "pasca tahapan",
)


@dataclass(frozen=True, slots=True)
class StageTime:
    """A row of the calendar. Without `start` a stage is bound by its end only."""

    pk: int
    election: str
    name: str
    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class StageHit:
    stage: int | None  # None: non-tahapan
    rule: str


@lru_cache(maxsize=1)
def _rules() -> dict[tuple[str, str], tuple[str, ...]]:
    with (DATA / "stage_rules.csv").open(encoding="utf-8", newline="") as file:
        return {(r["election"], r["stage"]): tuple(r["terms"].split(";")) for r in csv.DictReader(file)}


def _kind_terms(kind: str) -> tuple[str, ...]:
    """Words that tell Pemilu from Pilkada: rules without a stage."""
    return _rules()[kind, ""]


@lru_cache(maxsize=1)
def _first_words() -> frozenset[str]:
    return frozenset(term.split()[0] for terms in _rules().values() for term in terms)


def stage_of(title: str, text: str, on: date, calendar: Iterable[StageTime]) -> StageHit:
    """`on`: the day of the post in its satker's zone."""
    in_time = [stage for stage in calendar if _time_fits(stage, on)]
    if not in_time:
        return StageHit(None, "non-tahapan: di luar jadwal semua tahapan")
    head, body = words(title), words(text)[:LEAD_WORDS]
    if _first_words().isdisjoint(head) and _first_words().isdisjoint(body):
        return StageHit(None, "non-tahapan: tidak menyebut tahapan")
    lines = (f" {' '.join(head)} ", f" {' '.join(body)} ")
    if between := _first_in(lines, _BETWEEN):
        return StageHit(None, f"non-tahapan: {between}")
    return _best(in_time, lines, on)


def _time_fits(stage: StageTime, on: date) -> bool:
    if (stage.election, stage.name) not in _rules() or stage.end is None:
        return False
    start = stage.start or stage.end - timedelta(days=365)
    return start - BEFORE <= on <= stage.end + (REPEAT if _may_repeat(stage) else AFTER)


def _may_repeat(stage: StageTime) -> bool:
    return "pemungutan suara" in stage.name.lower()


def _first_in(lines: tuple[str, str], terms: Iterable[str]) -> str:
    return next((term for term in terms if f" {term} " in lines[0] or f" {term} " in lines[1]), "")


def _best(stages: list[StageTime], lines: tuple[str, str], on: date) -> StageHit:
    kind_points = {kind: _points(lines, _kind_terms(kind))[0] for kind in ("pemilu", "pilkada")}
    ranked: dict[StageTime, tuple[float, str]] = defaultdict(lambda: (0.0, ""))
    repeated = _first_in(lines, _REPEATED)
    for stage in stages:
        late = stage.end is not None and on > stage.end + AFTER
        if late and not repeated:
            continue
        points, terms = _points(lines, _rules()[stage.election, stage.name])
        if points >= LEAST:
            ranked[stage] = (points + _kind_bonus(stage, kind_points) + _closeness(stage, on), terms)
    if not ranked:
        return StageHit(None, "non-tahapan: tidak menyebut tahapan yang sedang berjalan")
    stage, (_, terms) = max(ranked.items(), key=lambda item: (item[1][0], -item[0].pk))
    since = f"{stage.start:%d-%m-%Y}" if stage.start else "…"
    return StageHit(stage.pk, f"{terms}; jadwal {since} s.d. {stage.end:%d-%m-%Y}"[:200])


def _points(lines: tuple[str, str], terms: Iterable[str]) -> tuple[float, str]:
    """Longer terms count more: "rekapitulasi hasil" tells more than "dpt"."""
    points, found = 0.0, []
    for term in terms:
        wide = 1 + 0.5 * term.count(" ")
        in_title, in_body = f" {term} " in lines[0], f" {term} " in lines[1]
        if in_title or in_body:
            points += wide * (TITLE if in_title else BODY)
            found.append(f"{'judul' if in_title else 'isi'}: {term}")
    return points, ", ".join(found[:3])


def _kind_bonus(stage: StageTime, kinds: dict[str, float]) -> float:
    """Pemilu and Pilkada overlapped for half a year: what the text speaks of decides."""
    mine = "pilkada" if stage.election.startswith("pilkada") else "pemilu"
    other = "pemilu" if mine == "pilkada" else "pilkada"
    if kinds[mine] > kinds[other]:
        return 6.0
    return -6.0 if kinds[other] > kinds[mine] else 0.0


def _closeness(stage: StageTime, on: date) -> float:
    """Within its own days a stage goes before one that is only near."""
    start = stage.start or on
    return 3.0 if stage.end and start <= on <= stage.end else 0.0
