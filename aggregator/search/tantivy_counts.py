"""What tantivy counts: facets under their folds, from three columns instead of six.

A post's values of the facets of one column make one cell together with the folds it stands for. One pass
counts the cells; sums of them are the counts of every facet under every fold, and the number of hits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import zip_longest
from typing import TypeAlias

import tantivy

from aggregator.search.documents import FOLDS, Document
from aggregator.words import Remembered

# Of these facets a post has one value or none, but for topics. Each cell that there is costs two microseconds
# of every question.
COLUMNS = {"place": ("satker", "provinsi"), "time": ("bulan", "tahapan"), "subject": ("topik", "asal")}
COLUMN_OF = {facet: column for column, facets in COLUMNS.items() for facet in facets}
SEPARATOR = "\t"
MOST_CELLS = 20_000  # of one column
ALWAYS = 1 << len(FOLDS)  # set in every cell: what counts when nothing is folded

Cells: TypeAlias = list[tuple[str, int]]  # (cell, how many posts)


def fold_bit(fold: str) -> int:
    """The bit of a fold within a cell; of none, the bit that every cell has."""
    return 1 << FOLDS.index(fold) if fold else ALWAYS


@lru_cache(maxsize=32)
def fold_bits(folds: tuple[str, ...]) -> int:
    return ALWAYS | sum(fold_bit(fold) for fold in folds)


def cells(document: Document) -> Iterator[tuple[str, str]]:
    """(column, cell) of all cells of a post: several only in the column of topics, and there the first alone
    has a value of the other facet, so that this is counted once."""
    folds = f"{fold_bits(document.folds):x}"
    for column, facets in COLUMNS.items():
        given = zip_longest(*(document.facets.get(facet, ()) for facet in facets), fillvalue="")
        for values in list(given) or [("",) * len(facets)]:
            yield column, SEPARATOR.join((folds, *values))


def columns_of(facets: Iterable[str]) -> set[str]:
    return {COLUMN_OF[facet] for facet in facets}


def total(places: Cells, fold: str) -> int:
    """How many posts stand for a fold."""
    bit = fold_bit(fold)
    return sum(count for cell, count in places if READ[cell][0] & bit)


def sums(counted: Mapping[str, Cells], facets: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, int]]:
    """The counts of these facets; each with the fold of each of its values, "" for values not named."""
    return {facet: _sum(counted[COLUMN_OF[facet]], facet, folds) for facet, folds in facets.items()}


def _sum(column: Cells, facet: str, folds: Mapping[str, str]) -> dict[str, int]:
    at = COLUMNS[COLUMN_OF[facet]].index(facet)
    usual = fold_bit(folds[""])
    special = {value: fold_bit(fold) for value, fold in folds.items() if value}
    found: dict[str, int] = defaultdict(int)
    for cell, count in column:
        stands_for, values = READ[cell]
        value = values[at]
        if stands_for & (special.get(value, usual) if special else usual):
            found[value] += count
    found.pop("", None)
    return dict(found)


def _read(cell: str) -> tuple[int, list[str]]:
    folds, *values = cell.split(SEPARATOR)
    return int(folds, 16), values


READ = Remembered(_read)


def count(searcher: tantivy.Searcher, query: tantivy.Query, columns: Collection[str]) -> dict[str, Cells]:
    """The cells of these columns, counted in one pass."""
    answer = searcher.aggregate(query, asked(columns))
    return {
        column: [(bucket["key"], int(bucket["doc_count"])) for bucket in answer[column]["buckets"]]
        for column in columns
    }


def less(cells: Cells, others: Cells) -> Cells:
    """The counts of cells, less those of others."""
    taken = dict(others)
    return [(cell, rest) for cell, number in cells if (rest := number - taken.get(cell, 0))]


def asked(columns: Collection[str]) -> dict[str, dict[str, dict[str, object]]]:
    """The aggregation that counts these columns."""
    return {column: {"terms": {"field": column, "size": MOST_CELLS}} for column in columns}
