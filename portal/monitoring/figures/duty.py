"""The one periodic duty between elections: the continuous update of the voter list (PDPB; PKPU 1/2025),
quarterly for regencies and cities, half-yearly for provinces. Told by the 15th after the period's end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

DUE_DAY = 15
_NAMES = re.compile(
    r"\b(?:p?dpb|ppdb|(?:data|daftar) pemilih berkelanjutan|coktas|coklit terbatas)\b", re.IGNORECASE
)
_NUMBER = r"(?P<{0}>i{{1,3}}|iv|[1-4]|pertama|kedua|ketiga|keempat|satu|dua|tiga|empat)"
_QUARTER = re.compile(r"\btri\s?wulan\s+(?:ke[- ]?)?" + _NUMBER.format("number") + r"\b", re.IGNORECASE)
_HALF = re.compile(r"\bsemester\s+(?:ke[- ]?)?" + _NUMBER.format("number") + r"\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(20\d\d)\b")
_NUMBERS = {
    word: number
    for number, words in enumerate(
        ("i 1 pertama satu", "ii 2 kedua dua", "iii 3 ketiga tiga", "iv 4 keempat empat"), start=1
    )
    for word in words.split()
}


@dataclass(frozen=True, slots=True)
class Told:
    """`quarter` counts quarters since the year 0; of a half-year it is the last quarter."""

    quarter: int
    named: bool


@dataclass(frozen=True, slots=True)
class Span:
    """A quarter or a half-year: the quarters it has, its days, and the day by which it is to be told."""

    quarters: range
    first: date
    last: date
    due: date

    @property
    def name(self) -> str:
        year, position = divmod(self.quarters[-1], 4)
        if len(self.quarters) == 2:
            return f"Semester {('I', 'II')[position // 2]} {year}"
        return f"Triwulan {('I', 'II', 'III', 'IV')[position]} {year}"


def is_duty(title: str, passage: str = "") -> bool:
    return bool(_NAMES.search(title) or _NAMES.search(passage))


def quarter_index(day: date) -> int:
    return day.year * 4 + (day.month - 1) // 3


def quarter_of(title: str, day: date) -> Told:
    """Which quarter a post of this day tells of: the one it names, else the one it was posted in."""
    now = quarter_index(day)
    if match := _QUARTER.search(title):
        return Told(_year(title, day, _NUMBERS[match["number"].lower()] - 1, now), True)
    if (match := _HALF.search(title)) and (half := _NUMBERS[match["number"].lower()]) <= 2:
        return Told(_year(title, day, half * 2 - 1, now), True)
    return Told(now, False)


def _year(title: str, day: date, position: int, now: int) -> int:
    """Without a year the period is the nearest to the day of the post."""
    if match := _YEAR.search(title):
        return int(match[1]) * 4 + position
    return min(((day.year + step) * 4 + position for step in (-1, 0, 1)), key=lambda q: (abs(q - now), q))


def quarter(index: int) -> Span:
    return _span(range(index, index + 1))


def half(index: int) -> Span:
    """The half-year that the quarter lies in."""
    first = index - index % 2
    return _span(range(first, first + 2))


def span_for(level: str, index: int) -> Span | None:
    """Provinces answer for half-years, which end with every second quarter; the national office for none."""
    if level == "regency":
        return quarter(index)
    return half(index) if level == "province" else None


def _span(quarters: range) -> Span:
    begin, after = _first_day(quarters[0]), _first_day(quarters[-1] + 1)
    return Span(quarters, begin, date.fromordinal(after.toordinal() - 1), after.replace(day=DUE_DAY))


def _first_day(index: int) -> date:
    return date(index // 4, index % 4 * 3 + 1, 1)
