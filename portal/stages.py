"""Where KPU stands in the election calendar: in which stages, or between elections."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aggregator.models import Stage
from portal import atlas

ELECTIONS = {
    "pemilu-2024": gettext_lazy("Pemilu 2024"),
    "pemilu-2024-putaran-2": gettext_lazy("Pemilu 2024, putaran kedua"),
    "pilkada-2024": gettext_lazy("Pemilihan 2024 (Pilkada)"),
}


WORDS = Path(__file__).parent / "data" / "stage_words.csv"


@cache
def _explanations() -> list[tuple[str, str]]:
    with WORDS.open(encoding="utf-8", newline="") as file:
        return [(row["words"], row["explanation"]) for row in csv.DictReader(file)]


def explanation(stage: Stage) -> str:
    """What is done in it, in one paragraph: of the first row whose words its name holds."""
    name = stage.name.casefold()
    return next((_(text) for words, text in _explanations() if words in name), "")


@dataclass(frozen=True, slots=True)
class Standing:
    """The stages of today, the last one that ended and the next to begin. All empty: nothing is known."""

    current: list[Stage]
    last: Stage | None
    following: Stage | None

    @property
    def is_between(self) -> bool:
        return not self.current


def election_name(code: str) -> str:
    """ "Pemilu 2024" for `pemilu-2024`; an unknown code in readable form."""
    return str(ELECTIONS.get(code) or code.replace("-", " ").capitalize())


def standing(today: date) -> Standing:
    there = atlas.current().stages
    stages = sorted(
        (stage for stage in there if stage.end), key=lambda stage: (stage.end or today, stage.position)
    )
    current = [stage for stage in stages if stage.start and stage.start <= today <= (stage.end or today)]
    ended = [stage for stage in stages if stage.end and stage.end < today]
    coming = [stage for stage in stages if stage.start and stage.start > today]
    return Standing(
        current=current,
        last=ended[-1] if ended else None,
        following=min(coming, key=lambda stage: stage.start or today) if coming else None,
    )
