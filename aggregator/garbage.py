"""Fewer looks for cyclic garbage while many thousand rows go by.

They look at every object that lives, and a batch makes millions that are freed without them: a tenth of the
time of a first pass, measured by bench/ingest.py.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 50_000  # objects more than were freed, before the young ones are looked at; Python's own is 700


@contextmanager
def seldom_collected() -> Iterator[None]:
    """What lives when it begins is left alone until it ends."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
