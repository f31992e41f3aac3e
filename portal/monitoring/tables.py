"""A table as every staff page shows, exports and prints it: what the screen shows is what a file holds."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any, TypeVar, overload
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format, get_format, number_format, time_format
from django.utils.html import conditional_escape, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.wording import zone_label

NUMBERS = frozenset({"number", "decimal", "percent"})
TIGHT = frozenset({"day", "moment", "name"})  # never broken into lines
DASH = "–"
LONG_HEAD, LONG_TEXT = 14, 24  # letters from which a column is given room
PLAIN_CELL, LONG_CELL = "<td>", '<td class="long">'
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Link:
    """Text that leads somewhere on screen; a file holds the text."""

    text: str
    href: str
    note: str = ""  # a line below, on screen alone

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class State:
    """A state as word, shape and colour: `tone` is good, wait, bad, unknown or off."""

    text: str
    tone: str
    note: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Box:
    """A box to tick, on screen alone."""

    name: str
    value: int
    label: str

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant on the clocks of a zone, shown with the zone's name."""

    at: datetime
    zone: str = ""

    @property
    def local(self) -> datetime:
        return self.at.astimezone(ZoneInfo(self.zone or settings.TIME_ZONE))

    @property
    def zone_label(self) -> str:
        return zone_label(self.zone or settings.TIME_ZONE)

    def __str__(self) -> str:
        return f"{self.local:%Y-%m-%d %H:%M} {self.zone_label}"


Cell = str | int | float | date | Link | State | Box | Moment | None


@dataclass(frozen=True, slots=True)
class Column:
    """`kind`: text, name, number, decimal, percent, day or moment. Numbers stand right."""

    label: str
    kind: str = "text"

    @property
    def is_number(self) -> bool:
        return self.kind in NUMBERS

    @property
    def opening(self) -> str:
        """The tag with which a cell begins."""
        if self.is_number:
            return '<td class="n">'
        return '<td class="tight">' if self.kind in TIGHT else PLAIN_CELL

    @property
    def kinds(self) -> str:
        """Classes of its head: a long one is not to be broken into many lines."""
        return f"{'n' if self.is_number else ''} {'long' if len(self.label) > LONG_HEAD else ''}".strip()


class Lazily(Sequence[Sequence[Cell]]):
    """Rows that are made when they are asked for: a page shows fewer than there are."""

    def __init__(self, things: Sequence[T], make: Callable[[T], Sequence[Cell]]) -> None:
        self._things, self._make = things, make

    def __len__(self) -> int:
        return len(self._things)

    @overload
    def __getitem__(self, at: int) -> Sequence[Cell]: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Sequence[Cell]]: ...
    def __getitem__(self, at: int | slice) -> Sequence[Cell] | Sequence[Sequence[Cell]]:
        if isinstance(at, slice):
            return [self._make(thing) for thing in self._things[at]]
        return self._make(self._things[at])


def columns(*heads: str | tuple[str, str]) -> list[Column]:
    """From labels, or pairs of label and kind."""
    return [Column(head) if isinstance(head, str) else Column(*head) for head in heads]


def moment(at: datetime | None, zone: str = "") -> Moment | None:
    return Moment(at, zone) if at else None


@dataclass(frozen=True, slots=True)
class Table:
    """`name` becomes the file's name; `filters` say what was chosen, `counted` how the figures come about."""

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    as_of: datetime = field(default_factory=timezone.now)
    filters: Sequence[str] = ()
    counted: str = ""
    summary: str = ""  # one sentence with the numbers that matter

    @property
    def head(self) -> SafeString:
        return format_html_join(
            "", '<th scope="col" class="{}">{}</th>', ((c.kinds, c.label) for c in self.columns)
        )

    @property
    def body(self) -> SafeString:
        """All rows as markup. Written here and not in a template: a report has thousands of cells, and a
        template takes ten times as long."""
        opening, language = [column.opening for column in self.columns], get_language()
        rows: list[str] = []
        for row in self.rows:
            cells = [
                (LONG_CELL if start == PLAIN_CELL and _is_long(cell) else start) + _markup(cell, language)
                for start, cell in zip(opening, row, strict=True)
            ]
            rows.append(f"<tr>{'</td>'.join(cells)}</td></tr>")
        return mark_safe("".join(rows))


def shown(cell: Cell) -> str:
    """A cell as text, as people read it."""
    return _shown(cell, get_language())


def _shown(cell: Cell, language: str | None) -> str:
    match cell:
        case None:
            return DASH
        case bool():
            return _("ya") if cell else _("tidak")
        case int() | float():
            return _number(cell, language)
        case Moment():
            local = cell.local
            clock = _clock(local.hour, local.minute, language)
            return f"{_day(local.date(), language)} {clock} {cell.zone_label}"
        case date():
            return _day(cell, language)
    return str(cell)


# A report holds the same days and numbers many times, and Django's formats cost some 50 µs each.
@lru_cache(maxsize=4096)
def _day(day: date, language: str | None) -> str:
    return date_format(day, "SHORT_DATE_FORMAT")


@lru_cache(maxsize=2048)
def _clock(hour: int, minute: int, language: str | None) -> str:
    return time_format(time(hour, minute), "TIME_FORMAT")


@lru_cache(maxsize=4096, typed=True)  # 85 and 85.0 are one key otherwise, and not one text
def _number(value: float, language: str | None) -> str:
    if isinstance(value, int):
        return f"{value:,d}".replace(",", _separator(language))
    return number_format(value, decimal_pos=1, force_grouping=True)


@lru_cache(maxsize=8)
def _separator(language: str | None) -> str:
    return str(get_format("THOUSAND_SEPARATOR"))


def _markup(cell: Cell, language: str | None) -> str:
    kind = type(cell)
    if kind is int and -1000 < cell < 1000:  # type: ignore[operator]
        return str(cell)
    if cell is None:
        return DASH
    if kind in _FORMATTED:
        return html.escape(_shown(cell, language))
    write = _WRITERS.get(kind)
    return write(cell) if write else conditional_escape(_shown(cell, language))


def _is_long(cell: Cell) -> bool:
    if isinstance(cell, (Link, State)):
        return len(cell.text) > LONG_TEXT
    return isinstance(cell, str) and len(cell) > LONG_TEXT


def _link(cell: Link) -> str:
    note = f'<br><span class="muted">{html.escape(cell.note)}</span>' if cell.note else ""
    return f'<a href="{html.escape(cell.href)}">{html.escape(cell.text)}</a>{note}'


def _state(cell: State) -> str:
    note = f'<br><span class="muted">{html.escape(cell.note)}</span>' if cell.note else ""
    return f'<span class="is {html.escape(cell.tone)}">{html.escape(cell.text)}</span>{note}'


def _box(cell: Box) -> str:
    return (
        f'<input type="checkbox" name="{html.escape(cell.name)}" value="{cell.value}"'
        f' aria-label="{html.escape(cell.label)}">'
    )


# By exact type: a subclass, as of a boolean, goes the long way.
_FORMATTED = frozenset({int, float, date, Moment})
_WRITERS: dict[type, Callable[[Any], str]] = {
    str: html.escape,
    Link: _link,
    State: _state,
    Box: _box,
}


def share(part: int, whole: int) -> float | None:
    """Per cent with one decimal; of nothing it is not known."""
    return round(100 * part / whole, 1) if whole else None


def totals(rows: Iterable[Sequence[Cell]], columns: Sequence[int]) -> list[int]:
    """The sums of some whole-number columns."""
    sums = [0] * len(columns)
    for row in rows:
        for position, column in enumerate(columns):
            value = row[column]
            sums[position] += value if isinstance(value, int) else 0
    return sums
