"""Many rows into one table at the speed of the driver.

Django's bulk_create spends about 50 µs of CPU a row on making objects and SQL; a first pass writes some
130,000 rows. This prepares the statement once and hands the driver tuples: about 4 µs a row, measured by
bench/ingest.py. Values go through the fields' own conversion, so what is stored is the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC
from functools import lru_cache
from itertools import chain
from typing import Any, TypeAlias

from django.db import connection, models

Convert: TypeAlias = Callable[[Any], Any]
Converts: TypeAlias = tuple[tuple[int, Convert], ...]  # place in the row

PARAMETERS = 990  # of one statement; SQLite before 3.32 takes 999


def insert(model: type[models.Model], names: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows whose values stand in the order of `names` (attribute names, `entry_id` for a key).

    Columns that are not named take the field's default. Runs inside the caller's transaction; raises
    IntegrityError as the driver does."""
    statement, converts, rest = _prepared_insert(connection.vendor, model, names)
    _execute(statement, _ready(rows, converts, rest))


def insert_ready(model: type[models.Model], columns: tuple[str, ...], rows: list[Sequence[Any]]) -> None:
    """Insert short rows of values that the driver takes as they are, into all columns but the key. Many go in
    one statement, as for them a statement costs more than a row."""
    head, marks = _head(model, columns), _marks(len(columns))
    at_once = PARAMETERS // len(columns)
    with connection.cursor() as cursor:
        for start in range(0, len(rows), at_once):
            part = rows[start : start + at_once]
            cursor.execute(head + ", ".join([marks] * len(part)), list(chain.from_iterable(part)))


def update(model: type[models.Model], names: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> None:
    """Set the named columns of the rows whose primary key stands last in each tuple."""
    statement, converts = _prepared_update(connection.vendor, model, names)
    _execute(statement, _ready(rows, converts, ()))


def _execute(statement: str, rows: list[Sequence[Any]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def _ready(rows: Iterable[Sequence[Any]], converts: Converts, rest: tuple[Any, ...]) -> list[Sequence[Any]]:
    ready: list[Sequence[Any]] = []
    for row in rows:
        values = [*row, *rest]
        for place, convert in converts:
            if (value := values[place]) is not None:
                values[place] = convert(value)
        ready.append(values)
    return ready


def new_ids(model: type[models.Model], count: int) -> list[int]:
    """Take `count` primary keys that nobody else will get. Call inside a transaction that writes."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return [row[0] for row in cursor.fetchall()]
        # SQLite: this transaction holds the write lock, and AUTOINCREMENT remembers the ids it is given.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        last = row[0] if row else 0
        return list(range(last + 1, last + 1 + count))


@lru_cache(maxsize=64)
def _prepared_insert(
    vendor: str, model: type[models.Model], names: tuple[str, ...]
) -> tuple[str, Converts, tuple[Any, ...]]:
    fields = [_field(model, name) for name in names]
    rest = [f for f in model._meta.concrete_fields if f not in fields and not f.primary_key]
    columns = tuple(str(f.column) for f in [*fields, *rest])
    defaults = tuple(f.get_db_prep_save(f.get_default(), connection) for f in rest)
    return _head(model, columns) + _marks(len(columns)), _converts(fields), defaults


def _head(model: type[models.Model], columns: tuple[str, ...]) -> str:
    quote = connection.ops.quote_name
    return f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(map(quote, columns))}) VALUES "  # noqa: S608


def _marks(width: int) -> str:
    return f"({', '.join(['%s'] * width)})"


@lru_cache(maxsize=64)
def _prepared_update(vendor: str, model: type[models.Model], names: tuple[str, ...]) -> tuple[str, Converts]:
    fields = [_field(model, name) for name in names]
    quote = connection.ops.quote_name
    sets = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)
    sql = f"UPDATE {quote(model._meta.db_table)} SET {sets} WHERE id = %s"  # noqa: S608 - names of our own
    return sql, _converts(fields)


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    for field in model._meta.concrete_fields:
        if name in (field.attname, field.name):
            return field
    raise LookupError(f"{model.__name__} has no column {name}")


def _converts(fields: list[models.Field[Any, Any]]) -> Converts:
    """Where in a row stand values that the driver does not take as they are, and what makes them fit."""
    return tuple((place, convert) for place, field in enumerate(fields) if (convert := _convert(field)))


def _convert(field: models.Field[Any, Any]) -> Convert | None:
    """The field's own conversion, or a shorter way to the same value: times and empty lists are most of
    what is written."""

    def own(value: Any) -> Any:
        return field.get_db_prep_save(value, connection)

    if isinstance(field, models.DateTimeField):
        if connection.vendor == "postgresql":
            return None
        return lambda value: value.isoformat(" ")[:-6] if value.tzinfo is UTC else own(value)
    if isinstance(field, models.JSONField):
        write = json.dumps if connection.vendor == "sqlite" and field.encoder is None else own
        nothing = own([])
        return lambda value: nothing if value == [] else write(value)
    return own if isinstance(field, models.DateField | models.UUIDField) else None
