"""One province from close by, with its offices where they stand."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from aggregator.models import Province
from portal.charts.scale import Scale, scale_of
from portal.ranking import OfficeCount
from portal.wording import number

CLOSE_UPS = Path(__file__).resolve().parent.parent / "data" / "close_ups.json"
SMALLEST, LARGEST = 7, 20  # radius of a mark


@dataclass(frozen=True, slots=True)
class Spot:
    """One office. `step` is 0–5, or "u" where nothing was ever read."""

    row: OfficeCount
    x: float
    y: float
    radius: float
    step: int | str
    query: str  # of the search that shows its posts
    label: str


@dataclass(frozen=True, slots=True)
class CloseUp:
    """Small marks are drawn last, so that none is hidden."""

    province: Province
    width: int
    height: int
    path: str
    spots: list[Spot]
    scale: Scale

    @property
    def has_unknown(self) -> bool:
        return any(spot.step == "u" for spot in self.spots)


@cache
def _drawings() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(CLOSE_UPS.read_text())
    return found


def close_up_of(
    province: Province, rows: Sequence[OfficeCount], query: str, read: Collection[int]
) -> CloseUp | None:
    """The offices whose place is known; `query` is the search's query string without office, `read` the ids
    of offices of which a feed was ever read. None for a province without a drawing."""
    drawing = _drawings().get(province.code)
    if drawing is None:
        return None
    scale = scale_of(row.posts for row in rows)
    most = max((row.posts for row in rows), default=0) or 1
    spots = [
        _spot(row, drawing, scale, most, query, row.office.pk in read) for row in rows if _is_placed(row)
    ]
    spots.sort(key=lambda spot: -spot.radius)
    return CloseUp(province, drawing["width"], drawing["height"], drawing["path"], spots, scale)


def _is_placed(row: OfficeCount) -> bool:
    return row.office.latitude is not None and row.office.longitude is not None


def _spot(
    row: OfficeCount, drawing: dict[str, Any], scale: Scale, most: int, query: str, is_read: bool
) -> Spot:
    longitude, latitude = row.office.longitude or 0.0, row.office.latitude or 0.0
    unknown = not row.posts and not is_read
    words = _("tidak diketahui") if unknown else _("%s berita") % number(row.posts)
    return Spot(
        row,
        x=_within((longitude - drawing["west"]) * drawing["scale"], drawing["width"]),
        y=_within((drawing["north"] - latitude) * drawing["scale"], drawing["height"]),
        radius=round(SMALLEST + (LARGEST - SMALLEST) * (row.posts / most) ** 0.5, 1),
        step="u" if unknown else scale.step(row.posts),
        query="&".join(filter(None, [f"satker={row.office.code}", query])),
        label=f"{row.office.name}: {words}",
    )


def _within(value: float, most: float) -> float:
    """On the drawing: an island that the outline leaves out is marked at its edge."""
    return round(min(max(value, SMALLEST), most - SMALLEST), 1)
