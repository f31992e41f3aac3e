"""How long to wait before what failed is tried again."""

from __future__ import annotations

from datetime import timedelta


def doubled(first: timedelta, failures: int, most: timedelta) -> timedelta:
    """Twice as long after each failure; `failures` before this one."""
    return min(first * (1 << min(failures, 12)), most)
