"""Draws `outlines.json` (SVG paths of the 38 provinces, as one map) and `close_ups.json` (each province
filling a drawing of its own, and where a place lies in it) from `provinces.geojson`.

    python portal/data/draw_outlines.py

Plate carrée at the equator's scale, which Indonesia lies on; whole units of a drawing WIDTH wide; lines
simplified to TOLERANCE units (Douglas–Peucker), islands below LEAST_AREA left out but for the largest of
a province. Borders are simplified ring by ring, so neighbours may part by less than TOLERANCE.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

WIDTH = 1600
MARGIN = 8
TOLERANCE = 1.1
LEAST_AREA = 6.0
CLOSE_UP = 480  # longer side of a province's own drawing
CLOSE_MARGIN = 16  # so that a place on the coast has room for its mark
HERE = Path(__file__).resolve().parent

Point = tuple[float, float]


def main() -> None:
    features = json.loads((HERE / "provinces.geojson").read_text())["features"]
    rings = {feature["properties"]["code"]: outer_rings(feature["geometry"]) for feature in features}
    points = [point for found in rings.values() for ring in found for point in ring]
    west, east = min(x for x, _y in points), max(x for x, _y in points)
    south, north = min(y for _x, y in points), max(y for _x, y in points)
    scale = (WIDTH - 2 * MARGIN) / (east - west)

    def place(ring: list[Point]) -> list[Point]:
        return [((x - west) * scale + MARGIN, (north - y) * scale + MARGIN) for x, y in ring]

    paths = {code: path([place(ring) for ring in found]) for code, found in sorted(rings.items())}
    drawing = {"width": WIDTH, "height": round((north - south) * scale + 2 * MARGIN), "paths": paths}
    (HERE / "outlines.json").write_text(json.dumps(drawing, indent=0) + "\n")
    close_ups = {code: close_up(found) for code, found in sorted(rings.items())}
    (HERE / "close_ups.json").write_text(json.dumps(close_ups, indent=0) + "\n")


def close_up(rings: list[list[Point]]) -> dict[str, Any]:
    """One province. A place is drawn at ((longitude - west) * scale, (north - latitude) * scale)."""
    points = [point for ring in rings for point in ring]
    west, east = min(x for x, _y in points), max(x for x, _y in points)
    south, north = min(y for _x, y in points), max(y for _x, y in points)
    scale = (CLOSE_UP - 2 * CLOSE_MARGIN) / max(east - west, north - south)
    west, north = west - CLOSE_MARGIN / scale, north + CLOSE_MARGIN / scale
    return {
        "width": round((east - west) * scale) + CLOSE_MARGIN,
        "height": round((north - south) * scale) + CLOSE_MARGIN,
        "west": round(west, 5),
        "north": round(north, 5),
        "scale": round(scale, 4),
        "path": path([[((x - west) * scale, (north - y) * scale) for x, y in ring] for ring in rings]),
    }


def outer_rings(geometry: dict[str, Any]) -> list[list[Point]]:
    """Coastlines and borders; lakes (inner rings) are not drawn."""
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return [[(x, y) for x, y in part[0]] for part in parts]


def path(rings: list[list[Point]]) -> str:
    rings = sorted(rings, key=area, reverse=True)
    kept = [ring for index, ring in enumerate(rings) if index == 0 or area(ring) >= LEAST_AREA]
    return "".join(segment(simplified(ring, TOLERANCE)) for ring in kept)


def segment(ring: list[Point]) -> str:
    """Relative whole steps: shorter than absolute ones."""
    x, y = round(ring[0][0]), round(ring[0][1])
    text = f"M{x} {y}l"
    steps = []
    for next_x, next_y in ((round(px), round(py)) for px, py in ring[1:-1]):
        if (next_x, next_y) != (x, y):
            steps.append(f"{next_x - x} {next_y - y}")
        x, y = next_x, next_y
    return text + " ".join(steps).replace(" -", "-") + "z"


def simplified(ring: list[Point], tolerance: float) -> list[Point]:
    """Douglas–Peucker on a closed ring, halved at the point farthest from its start."""
    far = max(range(len(ring)), key=lambda index: distance(ring[index], ring[0], ring[0]))
    return simplified_line(ring[: far + 1], tolerance)[:-1] + simplified_line(ring[far:], tolerance)


def simplified_line(line: list[Point], tolerance: float) -> list[Point]:
    if len(line) < 3:
        return line
    far = max(range(1, len(line) - 1), key=lambda index: distance(line[index], line[0], line[-1]))
    if distance(line[far], line[0], line[-1]) <= tolerance:
        return [line[0], line[-1]]
    return simplified_line(line[: far + 1], tolerance)[:-1] + simplified_line(line[far:], tolerance)


def distance(point: Point, start: Point, end: Point) -> float:
    """From a point to a segment."""
    (px, py), (sx, sy), (ex, ey) = point, start, end
    dx, dy = ex - sx, ey - sy
    length = dx * dx + dy * dy
    along = max(0.0, min(1.0, ((px - sx) * dx + (py - sy) * dy) / length)) if length else 0.0
    return float(((px - sx - along * dx) ** 2 + (py - sy - along * dy) ** 2) ** 0.5)


def area(ring: list[Point]) -> float:
    pairs = pairwise(ring)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2


if __name__ == "__main__":
    main()
