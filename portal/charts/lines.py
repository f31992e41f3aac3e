"""Numbers over time, with the stages behind them, and shares by month."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aggregator.models import Stage
from portal.wording import day, number

WIDTH, HEIGHT = 1000, 200
BAND = 12  # height of a stage's lane
MOST_BANDS = 8
DAILY, WEEKLY = 100, 800  # longest periods drawn by day, by week; beyond, by month


@dataclass(frozen=True, slots=True)
class Point:
    """A day, week or month: `first` to `last`, both included."""

    first: date
    last: date
    posts: int
    x: float
    width: float
    y: float

    @property
    def span(self) -> str:
        return span(self.first, self.last)


@dataclass(frozen=True, slots=True)
class Band:
    stage: Stage
    x: float
    width: float
    y: int


@dataclass(frozen=True, slots=True)
class Line:
    """Steps over time. `unit` is "hari", "pekan" or "bulan"; `top` the highest value."""

    unit: str
    points: list[Point]
    bands: list[Band]
    hidden_bands: int
    top: int

    @property
    def path(self) -> str:
        """A stepped line: each span is flat, so that no value between two is invented."""
        return " ".join(
            f"{'L' if index else 'M'}{point.x:.1f} {point.y:.1f}H{point.x + point.width:.1f}"
            for index, point in enumerate(self.points)
        )

    @property
    def area(self) -> str:
        return f"{self.path}V{HEIGHT}H0Z" if self.points else ""

    @property
    def band_height(self) -> int:
        return len(self.bands) * (BAND + 2)

    @property
    def peak(self) -> Point | None:
        return max(self.points, key=lambda point: point.posts, default=None)


def line_of(counts: Mapping[date, int], first: date, last: date, stages: Iterable[Stage] = ()) -> Line:
    """The sums per day, week (from Monday) or month, whichever the period's length asks for."""
    unit = _unit((last - first).days + 1)
    spans = list(_spans(first, last, unit))
    sums = [sum(counts.get(day, 0) for day in _days(begin, end)) for begin, end in spans]
    top = max(sums, default=0)
    scale = WIDTH / ((last - first).days + 1)
    points = [
        Point(
            begin,
            end,
            posts,
            x=(begin - first).days * scale,
            width=((end - begin).days + 1) * scale,
            y=HEIGHT - (HEIGHT - 8) * posts / top if top else HEIGHT,
        )
        for (begin, end), posts in zip(spans, sums, strict=True)
    ]
    bands = _bands(stages, first, last, scale)
    return Line(unit, points, bands[:MOST_BANDS], max(0, len(bands) - MOST_BANDS), top)


def _unit(days: int) -> str:
    return "hari" if days <= DAILY else "pekan" if days <= WEEKLY else "bulan"


def _spans(first: date, last: date, unit: str) -> Iterable[tuple[date, date]]:
    begin = first
    while begin <= last:
        if unit == "hari":
            end = begin
        elif unit == "pekan":
            end = begin + timedelta(days=6 - begin.weekday())
        else:
            end = begin.replace(day=calendar.monthrange(begin.year, begin.month)[1])
        yield begin, min(end, last)
        begin = end + timedelta(days=1)


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _bands(stages: Iterable[Stage], first: date, last: date, scale: float) -> list[Band]:
    shown = [
        stage for stage in stages if stage.start and stage.end and stage.start <= last and stage.end >= first
    ]
    bands = []
    for lane, stage in enumerate(sorted(shown, key=lambda stage: (stage.start, stage.end))):
        begin, end = max(stage.start or first, first), min(stage.end or last, last)
        bands.append(
            Band(stage, (begin - first).days * scale, ((end - begin).days + 1) * scale, lane * (BAND + 2))
        )
    return bands


@dataclass(frozen=True, slots=True)
class MonthMix:
    """Posts of one month within a stage and outside of any, and the heights of their bars."""

    first: date
    last: date
    within: int
    outside: int
    x: float
    width: float
    within_height: float
    outside_height: float
    stages: tuple[int, ...] = ()  # ids of those that the posts within are of

    @property
    def posts(self) -> int:
        return self.within + self.outside

    @property
    def label(self) -> str:
        return self.labelled(self.words())

    @staticmethod
    def words() -> str:
        return _("%(month)s: %(within)s tahapan, %(outside)s non-tahapan")

    def labelled(self, words: str) -> str:
        month = day(self.first, "F Y")
        return words % {"month": month, "within": number(self.within), "outside": number(self.outside)}

    @property
    def within_y(self) -> float:
        return HEIGHT - self.outside_height - self.within_height

    @property
    def outside_y(self) -> float:
        return HEIGHT - self.outside_height


def mix_of(
    months: Mapping[date, tuple[int, int]],
    first: date,
    last: date,
    stages: Mapping[date, Iterable[int]] | None = None,
) -> list[MonthMix]:
    """A bar a month, also for months without a post; `stages` are the ids of the stages in each."""
    spans = list(_spans(first.replace(day=1), last, "bulan"))
    top = max((sum(pair) for pair in months.values()), default=0) or 1
    step = WIDTH / len(spans)
    bars = []
    for index, (begin, end) in enumerate(spans):
        within, outside = months.get(begin, (0, 0))
        bars.append(
            MonthMix(
                max(begin, first),
                min(end, last),
                within,
                outside,
                x=index * step + step * 0.1,
                width=step * 0.8,
                within_height=(HEIGHT - 8) * within / top,
                outside_height=(HEIGHT - 8) * outside / top,
                stages=tuple(sorted((stages or {}).get(begin, ()))),
            )
        )
    return bars


def span(first: date, last: date) -> str:
    """ "3 Mei 2025", "3–9 Mei 2025", "Mei 2025" for a whole month."""
    return _span(first, last, get_language())


@lru_cache(maxsize=4096)
def _span(first: date, last: date, language: str | None) -> str:
    if first == last:
        return day(first, "j F Y")
    whole = first.day == 1 and last.day == calendar.monthrange(last.year, last.month)[1]
    if whole and (first.year, first.month) == (last.year, last.month):
        return day(first, "F Y")
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last, 'j F Y')}"
    return f"{day(first, 'j F Y')} – {day(last, 'j F Y')}"
