"""From numbers to five steps of colour."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from portal.wording import number

STEPS = 5


@dataclass(frozen=True, slots=True)
class Scale:
    """Lower bounds of at most five classes over the positive values, and the highest value. Nothing (0)
    is paper and no class; few classes are spread over the whole scale, darkest last."""

    bounds: tuple[float, ...]
    tops: tuple[float, ...]  # the highest value that occurs in each class

    def step(self, value: float) -> int:
        """1 to 5; 0 for nothing or less."""
        below = bisect_right(self.bounds, value)
        return STEPS - len(self.bounds) + below if below else 0

    @property
    def ranges(self) -> list[tuple[int, str]]:
        """(step, "3–7") for the legend, with the bounds that really occur."""
        return [
            (self.step(low), number(low) if low == top else f"{number(low)}–{number(top)}")
            for low, top in zip(self.bounds, self.tops, strict=True)
        ]


def scale_of(values: Iterable[float]) -> Scale:
    """Classes with about equally many members: one crowded province does not make all others pale."""
    positive = sorted(value for value in values if value > 0)
    bounds = sorted(set(positive))
    if len(bounds) > STEPS:
        bounds = sorted({positive[len(positive) * part // STEPS] for part in range(STEPS)})
    upper = [*bounds[1:], float("inf")]
    tops = tuple(max(value for value in positive if value < end) for end in upper[: len(bounds)])
    return Scale(tuple(bounds), tops)
