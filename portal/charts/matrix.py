"""Topics against time, as a table whose cells are coloured."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from aggregator.models import Topic
from portal.activity import TopicCount
from portal.charts.scale import Scale, scale_of
from portal.wording import day

MOST_MONTHS = 24  # beyond, a column is a year


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    first: date
    last: date


class Cell(NamedTuple):  # a page makes hundreds
    column: Column
    posts: int
    step: int


@dataclass(frozen=True, slots=True)
class Row:
    topic: Topic
    posts: int
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Matrix:
    columns: list[Column]
    rows: list[Row]
    scale: Scale


def matrix_of(
    topics: Sequence[TopicCount], counts: Mapping[tuple[int, str], int], first: date, last: date
) -> Matrix:
    """`counts` are posts per topic's id and month (`YYYY-MM`); the topics keep their order."""
    keys = _months(first, last)
    length = 7 if len(keys) <= MOST_MONTHS else 4  # of a month's name, or of a year's
    columns = {key[:length]: _column(key[:length], first, last) for key in keys}
    sums: dict[tuple[int, str], int] = {}
    for (topic, month), posts in counts.items():
        sums[topic, month[:length]] = sums.get((topic, month[:length]), 0) + posts
    scale = scale_of(sums.values())
    rows = [
        Row(
            row.topic,
            row.posts,
            [
                Cell(column, posts := sums.get((row.topic.pk, key), 0), scale.step(posts))
                for key, column in columns.items()
            ],
        )
        for row in topics
    ]
    return Matrix(list(columns.values()), rows, scale)


def _months(first: date, last: date) -> list[str]:
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in months]


def _column(key: str, first: date, last: date) -> Column:
    if len(key) == 4:
        begin, end = date(int(key), 1, 1), date(int(key), 12, 31)
        label = key
    else:
        begin = date(int(key[:4]), int(key[5:]), 1)
        end = begin.replace(day=calendar.monthrange(begin.year, begin.month)[1])
        label = day(begin, "M y")
    return Column(label, max(begin, first), min(end, last))
