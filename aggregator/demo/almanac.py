"""Indonesian days, months, quarters and election stages of a date."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni",
    "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip
ROMAN = ("I", "II", "III", "IV")
STAGES_CSV = Path(__file__).parent.parent / "data" / "stages.csv"
AFTER_2024 = date(2025, 2, 25)  # the heads elected in 2024 were in office, most disputes decided
_PLENARY = timedelta(days=15)  # a quarter's list is fixed from about ten days before its end to ten after


def day_name(day: date) -> str:
    return DAYS[day.weekday()]


def long_date(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def voter_quarter(day: date) -> tuple[int, int]:
    """(year, quarter 1 … 4) of the voter list that people speak of on this day."""
    spoken_of = day - _PLENARY
    return spoken_of.year, (spoken_of.month - 1) // 3 + 1


def quarters_since_2024(year: int, quarter: int) -> int:
    return (year - 2025) * 4 + quarter


def is_plenary_time(day: date) -> bool:
    """Days on which offices fix the voter list of a quarter; in December it is early in the month."""
    if day.month == 12:
        return 4 <= day.day <= 16
    return (day.month in (3, 6, 9) and day.day >= 24) or (day.month in (4, 7, 10) and day.day <= 9)


@dataclass(frozen=True, slots=True)
class Season:
    """When a kind of news is written. `stage`: the slug of the election stage it belongs to, or empty."""

    start: date = date(2021, 1, 1)
    end: date = date(2099, 12, 31)
    yearly: tuple[tuple[int, int], tuple[int, int]] | None = None  # (month, day) to (month, day)
    plenary: bool | None = None
    stage: str = ""

    def covers(self, day: date) -> bool:
        if not self.start <= day <= self.end:
            return False
        if self.plenary is not None and self.plenary != is_plenary_time(day):
            return False
        return self.yearly is None or self._in_year((day.month, day.day))

    def _in_year(self, day: tuple[int, int]) -> bool:
        first, last = self.yearly or (day, day)
        return first <= day <= last if first <= last else day >= first or day <= last


def season(text: str) -> Season:
    """`biasa`, `kini`, `pleno`, `triwulan`, a stage's slug, `2025-03-01..2025-08-30`, or `11-08..11-11`
    (every year); several parted by spaces hold together. Raises ValueError for anything else."""
    parts: dict[str, object] = {}
    for word in text.split():
        parts |= _season_part(word)
    return Season(**parts)  # type: ignore[arg-type]


def _season_part(word: str) -> dict[str, object]:
    if word == "biasa":
        return {}
    if word == "kini":
        return {"start": AFTER_2024}
    if word in ("pleno", "triwulan"):
        return {"start": AFTER_2024, "plenary": word == "pleno"}
    if match := re.fullmatch(r"(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)", word):
        return {"start": date.fromisoformat(match[1]), "end": date.fromisoformat(match[2])}
    if match := re.fullmatch(r"(\d\d)-(\d\d)(?:\.\.(\d\d)-(\d\d))?", word):
        first = (int(match[1]), int(match[2]))
        return {"yearly": (first, (int(match[3]), int(match[4])) if match[3] else first)}
    if word in stages():
        start, end = stages()[word]
        return {"start": start, "end": end, "stage": word}
    raise ValueError(f"no season: {word}")


@cache
def stages() -> Mapping[str, tuple[date, date]]:
    """Slug → first and last day. The slugs are those of the portal's stages."""
    with STAGES_CSV.open(encoding="utf-8", newline="") as file:
        return {
            f"{row['election']}-{slug(row['stage'])}": (
                date.fromisoformat(row["start"] or row["end"]) - timedelta(days=0 if row["start"] else 60),
                date.fromisoformat(row["end"]),
            )
            for row in csv.DictReader(file)
        }


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower().replace("'", "").replace("’", "")).strip("-")
