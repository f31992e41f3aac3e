"""What django-q2 runs for the public site. Safe to run twice."""

from __future__ import annotations

from aggregator import holders
from aggregator.models import Duty
from portal import bulk, inspiration

SCHEDULES = {"make_bulk_files": 1, "find_kinds": 15}  # minutes between two runs
BULK_SECONDS = 60.0
KINDS_SECONDS = 120.0


def make_bulk_files() -> int:
    """The bulk files that are due, by one node at a time."""
    if not Duty.take("bulk", holders.me(), BULK_SECONDS * 2):
        return 0
    try:
        return bulk.make_due(BULK_SECONDS)
    finally:
        Duty.release("bulk", holders.me())


def find_kinds() -> int:
    """The kinds of activity behind `/inspirasi`, anew, by one node at a time."""
    if not Duty.take("find_kinds", holders.me(), KINDS_SECONDS):
        return 0
    try:
        return inspiration.rebuild()
    finally:
        Duty.release("find_kinds", holders.me())
