"""Where KPU stands in the election calendar: in which stages, or between elections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _

from aggregator.models import Stage

ELECTIONS = {
    "pemilu-2024": _("Pemilu 2024"),
    "pemilu-2024-putaran-2": _("Pemilu 2024, putaran kedua"),
    "pilkada-2024": _("Pemilihan 2024 (Pilkada)"),
}


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
    """One query over the few dozen stages there are."""
    stages = list(Stage.objects.exclude(end=None).order_by("end", "position"))
    current = [stage for stage in stages if stage.start and stage.start <= today <= (stage.end or today)]
    ended = [stage for stage in stages if stage.end and stage.end < today]
    coming = [stage for stage in stages if stage.start and stage.start > today]
    return Standing(
        current=current,
        last=ended[-1] if ended else None,
        following=min(coming, key=lambda stage: stage.start or today) if coming else None,
    )
