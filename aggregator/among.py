"""`filter(id__among={…})`: what `id__in` says, for the thousands of ids of a batch.

Django prepares, checks and binds every value of an `in` one by one, about 5 µs each; a batch asks ten times
for its posts. Whole numbers can stand in the statement itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, ForeignKey, Lookup
from django.db.models.sql.compiler import SQLCompiler


@Field.register_lookup
@ForeignKey.register_lookup
class Among(Lookup):
    lookup_name = "among"

    def get_prep_lookup(self) -> str:
        numbers: Iterable[int] = self.rhs
        return ",".join(map(str, map(int, numbers)))

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        if not self.rhs:
            raise EmptyResultSet
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} IN ({self.rhs})", tuple(parameters)
