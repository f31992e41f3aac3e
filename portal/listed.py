"""Posts by a list of their ids, of any length."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.db import connection
from django.db.models.expressions import RawSQL


def listed(entry_ids: Sequence[int]) -> RawSQL:
    """The ids as one parameter: SQLite allows only so many."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", [list(entry_ids)])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(entry_ids)])
