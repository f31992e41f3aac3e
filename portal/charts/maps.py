"""Indonesia by province: tiles of equal size, or outlines."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.utils.translation import gettext as _

from aggregator.models import Province
from portal.charts.scale import Scale, scale_of
from portal.wording import number

TILE = 44
WEST_COLUMNS = 8  # of 15; below 600 px the map parts here
OUTLINES = Path(__file__).resolve().parent.parent / "data" / "outlines.json"


@dataclass(frozen=True, slots=True)
class Region:
    """One province on a map. `step` is 0–5, "u" where nothing is known, "d" where less than before,
    "x" for a province that the filters leave out."""

    province: Province
    value: float
    shown: str
    step: int | str
    query: str  # of the search that shows its posts
    label: str  # "Bali: 12 berita"
    fresh: bool = False  # one of the latest posts is from here

    @property
    def x(self) -> int:
        column = self.province.tile_col
        return TILE * (column - WEST_COLUMNS if column >= WEST_COLUMNS else column)

    @property
    def y(self) -> int:
        return TILE * self.province.tile_row

    @property
    def outline(self) -> str:
        return outlines().paths.get(self.province.code, "")


@dataclass(frozen=True, slots=True)
class Map:
    regions: list[Region]
    scale: Scale

    @property
    def west(self) -> list[Region]:
        return [region for region in self.regions if region.province.tile_col < WEST_COLUMNS]

    @property
    def east(self) -> list[Region]:
        return [region for region in self.regions if region.province.tile_col >= WEST_COLUMNS]

    @property
    def has_unknown(self) -> bool:
        return any(region.step == "u" for region in self.regions)

    @property
    def has_less(self) -> bool:
        return any(region.step == "d" for region in self.regions)

    @property
    def by_name(self) -> list[Region]:
        return sorted(self.regions, key=lambda row: row.province.name)

    @property
    def ranked(self) -> list[Region]:
        """Highest value first, unknown last; those left out are not there."""
        looked_at = [region for region in self.regions if region.step != "x"]
        return sorted(looked_at, key=lambda row: (row.step == "u", -row.value, row.province.code))


@dataclass(frozen=True, slots=True)
class Outlines:
    """SVG paths per province code, in a drawing of this size."""

    width: int
    height: int
    paths: dict[str, str]


@cache
def outlines() -> Outlines:
    """The simplified outlines that `draw_outlines` made of the boundary data."""
    kept = json.loads(OUTLINES.read_text())
    return Outlines(kept["width"], kept["height"], kept["paths"])


def map_of(
    rows: Sequence[tuple[Province, float]],
    query: str,
    known: Collection[int] | None = None,
    measure: str = "berita",
    fresh: Collection[int] = (),
    left_out: Collection[Province] = (),
) -> Map:
    """A map of one value for each province.

    `query` is the search's query string to which the province is added; `known` the ids of provinces
    of which at least one feed was ever read (None: all). A province without posts of which no feed was
    read is unknown, not zero. `measure` is one of MEASURES, `fresh` the ids of provinces of the latest posts.
    `left_out` are drawn without a number, so that the country keeps its shape.
    """
    scale = scale_of(value for _province, value in rows)
    words = Words(measure_words(measure), _("tidak diketahui"), measure == "perubahan")
    regions = [_region(province, value, scale, query, known, words) for province, value in rows]
    if fresh:
        regions = [replace(row, fresh=row.province.pk in fresh) for row in regions]
    outside = [Region(place, 0, "", "x", _query(place, query), place.name) for place in left_out]
    return Map(regions + outside, scale)


class Words(NamedTuple):
    """What is said of every province."""

    known: str  # with a place for the number
    unknown: str
    signed: bool


def _region(
    province: Province, value: float, scale: Scale, query: str, known: Collection[int] | None, words: Words
) -> Region:
    unknown = not value and known is not None and province.pk not in known
    step = "u" if unknown else "d" if value < 0 else scale.step(value)
    shown = "?" if unknown else number(value, signed=words.signed)
    said = words.unknown if unknown else words.known % shown
    return Region(province, value, shown, step, _query(province, query), f"{province.name}: {said}")


def _query(province: Province, query: str) -> str:
    return "&".join(filter(None, [f"provinsi={province.slug}", query]))


def measure_words(measure: str) -> str:
    """What a number of this measure says, with a place for the number."""
    return {
        "berita": _("%s berita"),
        "per-kantor": _("%s berita tiap kantor"),
        "perubahan": _("%s berita dibandingkan dengan masa sebelumnya"),
    }[measure]


MEASURES = ("berita", "per-kantor", "perubahan")
