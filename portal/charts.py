"""Geometry of the charts: numbers in, places and colour classes out. Templates draw; CSS colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from aggregator.models import Province

TILE = 44
WEST_COLUMNS = 8  # of 15; below 600 px the map parts here
STEPS = 5


@dataclass(frozen=True, slots=True)
class Scale:
    """Lower bounds of at most five classes over the positive values; 0 is paper and no class."""

    bounds: tuple[int, ...]
    top: int

    def step(self, value: int) -> int:
        """1 to 5; 0 for nothing. Few classes are spread over the whole scale, darkest last."""
        below = sum(value >= bound for bound in self.bounds)
        return STEPS - len(self.bounds) + below if below else 0

    @property
    def ranges(self) -> list[tuple[int, str]]:
        """(step, "3–7") for the legend, with the real bounds."""
        ends = [*(bound - 1 for bound in self.bounds[1:]), self.top][: len(self.bounds)]
        return [
            (self.step(low), number(low) if low >= high else f"{number(low)}–{number(high)}")
            for low, high in zip(self.bounds, ends, strict=True)
        ]


def number(value: int) -> str:
    return number_format(value, force_grouping=True)


def scale_of(values: Iterable[int]) -> Scale:
    """Classes with about equally many members: one crowded province does not make all others pale."""
    positive = sorted(value for value in values if value > 0)
    if not positive:
        return Scale((), 0)
    distinct = sorted(set(positive))
    if len(distinct) > STEPS:
        distinct = sorted({positive[len(positive) * part // STEPS] for part in range(STEPS)})
    return Scale(tuple(distinct), positive[-1])


@dataclass(frozen=True, slots=True)
class Tile:
    """One province on the map. `step` is 0–5 or "u" where nothing is known."""

    province: Province
    value: int
    step: int | str
    x: int
    y: int
    query: str  # of the search that shows its posts
    label: str

    @property
    def shown(self) -> str:
        return "?" if self.step == "u" else number(self.value)


@dataclass(frozen=True, slots=True)
class TileMap:
    west: list[Tile]
    east: list[Tile]
    scale: Scale
    has_unknown: bool

    @property
    def ranked(self) -> list[Tile]:
        """All tiles, highest value first, unknown last."""
        return sorted(
            [*self.west, *self.east], key=lambda tile: (tile.step == "u", -tile.value, tile.province.code)
        )


def tile_map(rows: Sequence[tuple[Province, int]], query: str, known: set[int] | None = None) -> TileMap:
    """Tiles of equal size for each province.

    `query` is the search's query string to which the province is added; `known` the ids of provinces
    of which at least one feed was ever read (None: all). A province without posts of which no feed was
    read is unknown, not zero.
    """
    scale = scale_of(value for _province, value in rows)
    tiles = [_tile(province, value, scale, query, known) for province, value in rows]
    return TileMap(
        west=[tile for tile in tiles if tile.province.tile_col < WEST_COLUMNS],
        east=[tile for tile in tiles if tile.province.tile_col >= WEST_COLUMNS],
        scale=scale,
        has_unknown=any(tile.step == "u" for tile in tiles),
    )


def _tile(province: Province, value: int, scale: Scale, query: str, known: set[int] | None) -> Tile:
    unknown = not value and known is not None and province.pk not in known
    words = _("tidak diketahui") if unknown else _("%s berita") % number(value)
    column = province.tile_col - (WEST_COLUMNS if province.tile_col >= WEST_COLUMNS else 0)
    return Tile(
        province=province,
        value=value,
        step="u" if unknown else scale.step(value),
        x=column * TILE,
        y=province.tile_row * TILE,
        query="&".join(filter(None, [f"provinsi={province.slug}", query])),
        label=f"{province.name}: {words}",
    )
