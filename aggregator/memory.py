"""What processes take for themselves while many thousand rows go by."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

CACHE_KB = 32_768
YOUNG = 50_000  # objects more than were freed, before the young ones are looked at; Python's own is 700


def take_little_memory() -> None:
    """SQLite's caches are sized for readers; who writes or goes through all posts once gains nothing by them,
    and what is mapped of the file counts as his own. Holds until the connection is closed."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA mmap_size=0")
            cursor.execute(f"PRAGMA cache_size=-{CACHE_KB}")


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Fewer looks for cyclic garbage, and none at what lives when this begins: a batch makes millions of
    objects that are freed without them, and they took a tenth of the time. What somebody else has taken
    out of its sight stays so."""
    usual, is_outer = gc.get_threshold(), not gc.get_freeze_count()
    if is_outer:
        gc.freeze()
    gc.set_threshold(YOUNG, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        if is_outer:
            gc.unfreeze()
