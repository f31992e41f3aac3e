"""Grids of satker or provinces by day as markup: colour and number together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe

from portal.charts import Scale, number, scale_of
from portal.monitoring.figures.days_off import SATURDAY
from portal.monitoring.figures.grid import Row
from portal.monitoring.figures.overview import Overview
from portal.monitoring.tables import Link

ROOM = 6  # days that are wide enough for words


@dataclass(frozen=True, slots=True)
class Line:
    """`off`: days on which nothing is expected of it; `unread`: of which nobody can say that there was no
    post. `note` says why."""

    name: Link | str
    days: Sequence[int | None]
    off: Collection[date] = ()
    unread: Collection[date] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Heat:
    days: Sequence[date]
    lines: Sequence[Line]
    scale: Scale

    @property
    def head(self) -> SafeString:
        cells = (f'<th scope="col"{_weekend(day)}>{day.day}</th>' for day in self.days)
        return mark_safe("".join(cells))

    @property
    def body(self) -> SafeString:
        return mark_safe("".join(self._row(line) for line in self.lines))

    def _row(self, line: Line) -> str:
        name = line.name
        label = (
            format_html('<a href="{}">{}</a>', name.href, name.text)
            if isinstance(name, Link)
            else conditional_escape(name)
        )
        days = list(zip(self.days, line.days, strict=True))
        told = _told(days, line)
        cells = "".join(self._cell(day, posts, line) for day, posts in days[:told])
        coming = [day for day in days[told:] if day[1] is None]
        if words := len(days) - told - len(coming):
            cells += f'<td class="unread" colspan="{words}"><span>{escape(line.note)}</span></td>'
        total = number(sum(posts or 0 for posts in line.days))
        ends = "<td></td>" * len(coming)
        return f'<tr><th scope="row">{label}</th>{cells}{ends}<td class="n">{total}</td></tr>'

    def _cell(self, day: date, posts: int | None, line: Line) -> str:
        if posts is None:
            return "<td></td>"
        if posts:
            return f'<td class="b{self.scale.step(posts)}">{posts}</td>'
        if day in line.unread:
            return '<td class="unread">?</td>'
        return '<td class="free">–</td>' if day in line.off else f"<td{_weekend(day)}>·</td>"


def _told(days: list[tuple[date, int | None]], line: Line) -> int:
    """How many days stand one by one: a long unread end is one field that says why."""
    end = len(days)
    while end and days[end - 1][1] is None:
        end -= 1
    start = end
    while start and not days[start - 1][1] and days[start - 1][0] in line.unread:
        start -= 1
    return start if line.note and end - start >= ROOM else len(days)


def of_offices(found: Overview, links: Iterable[Link]) -> Heat:
    rows = zip(links, found.rows, strict=True)
    return _heat(found.days, [_office(link, row, found.days) for link, row in rows])


def _office(link: Link, row: Row, days: Sequence[date]) -> Line:
    unread = [day for day in days if not row.known.covers(day)]
    return Line(link, row.days, row.off, unread, str(row.known.why) if unread else "")


def of_provinces(found: Overview, links: Iterable[Link | str]) -> Heat:
    rows = zip(links, found.places, strict=True)
    return _heat(found.days, [Line(link, row.days, unread=row.unread) for link, row in rows])


def _heat(days: Sequence[date], lines: list[Line]) -> Heat:
    return Heat(days, lines, scale_of(posts or 0 for line in lines for posts in line.days))


def _weekend(day: date) -> str:
    return ' class="weekend"' if day.weekday() >= SATURDAY else ""
