"""Processes that ask the database every moment for as long as they live."""

from __future__ import annotations

from django.db import connection, connections

KEPT_SECONDS = 10


def stay_connected() -> None:
    """Keep a connection for many rounds. Django would open SQLite's file for each of them, which takes ten
    times as long as to ask it; a connection to PostgreSQL is kept anyway."""
    if connection.vendor == "sqlite":
        connections.settings[connection.alias]["CONN_MAX_AGE"] = KEPT_SECONDS
