"""Sums over kept counts, asked for in plain SQL: to build such a question by the ORM costs more than to
answer it, and a page asks a dozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from django.db import connection

from portal.spans import Ranges

Rows = list[tuple[Any, ...]]


class Part(NamedTuple):
    """Rows of one table that meet a condition. `named` are expressions for what is no column there."""

    table: str
    condition: str
    values: Sequence[Any]
    named: Mapping[str, str]


def part(table: str, *conditions: tuple[str, Sequence[Any]], **named: str) -> Part:
    """Conditions of this file and its callers only; nothing of a question stands in them but as a value."""
    values = [value for _text, some in conditions for value in some]
    return Part(table, " AND ".join(text for text, _some in conditions), values, named)


def within(column: str, ranges: Ranges) -> tuple[str, list[str]]:
    """Days in one of these ranges, both ends included."""
    text = " OR ".join([f"{column} BETWEEN %s AND %s"] * len(ranges))
    return f"({text or '1 = 0'})", [day.isoformat() for pair in ranges for day in pair]


def among(column: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    return f"{column} IN ({', '.join(['%s'] * len(values))})" if values else "1 = 0", values


def add_up(keys: Sequence[str], figures: Sequence[str], parts: Sequence[Part], newest: str = "") -> Rows:
    """The sums of the figures by the keys; of the figure `newest` the highest is told."""
    names = [*keys, *figures, *([newest] if newest else [])]
    texts = [
        f"SELECT {', '.join(f'{one.named.get(name, name)} AS {name}' for name in names)}"  # noqa: S608
        f" FROM {one.table} WHERE {one.condition}"
        for one in parts
    ]
    told = [*keys, *(f"SUM({name})" for name in figures), *([f"MAX({newest})"] if newest else [])]
    text = f"SELECT {', '.join(told)} FROM ({' UNION ALL '.join(texts)}) AS parts"  # noqa: S608
    if keys:
        text += f" GROUP BY {', '.join(keys)}"
    return ask(text, [value for one in parts for value in one.values])


def posts_of(parts: Sequence[Part]) -> int:
    """All posts of these rows."""
    found: int | None = add_up([], ["posts"], parts)[0][0]
    return found or 0


def ask(text: str, values: Sequence[Any]) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        rows: Rows = cursor.fetchall()
        return rows


def as_day(value: date | str) -> date:
    """A day as either database gives it."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def as_moment(value: datetime | str | None) -> datetime | None:
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value
