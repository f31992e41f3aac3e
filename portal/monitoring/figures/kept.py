"""Kept rows: which belong to some months, and bringing them up to date."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection, models
from django.db.models import Q

from aggregator.bulk import insert
from portal.monitoring.figures import months

Key = tuple[Any, ...]


def of_days(touched: Collection[int] | None) -> Q:
    """Rows of days of these months (None: of all)."""
    if touched is None:
        return Q()
    found = Q(pk__in=())
    for its in map(months.span, touched):
        found |= Q(day__range=(its.first, its.last))
    return found


def of_months(touched: Collection[int] | None) -> Q:
    """Rows of these months, where they name the month by its first day."""
    return Q() if touched is None else Q(month__in=[months.span(month).first for month in touched])


def keep(
    rows: models.QuerySet[Any],
    its: dict[str, int | None],
    key: tuple[str, ...],
    values: tuple[str, ...],
    wanted: dict[Key, Key],
) -> None:
    """Write what differs from these rows, and nothing else. `its`: what all of them share."""
    kept = {row[1 : 1 + len(key)]: row for row in rows.values_list("pk", *key, *values)}
    changed = {k for k, row in kept.items() if wanted.get(k) != row[1 + len(key) :]}
    for some in parts([kept[k][0] for k in changed], 500):
        rows.model._base_manager.filter(pk__in=some)._raw_delete(rows.db)
    shared = tuple(its.values())
    new = [(*shared, *k, *row) for k, row in wanted.items() if k in changed or k not in kept]
    insert(rows.model, (*its, *key, *values), new)


def one_at_a_time(rows: models.QuerySet[Any]) -> None:
    """Within a transaction: two that count for the same of these rows go one after the other from here.
    SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        list(rows.select_for_update(of=("self",), no_key=True).values("pk"))


def parts(keys: list[Any], size: int) -> Iterable[list[Any]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))
