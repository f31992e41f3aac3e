"""What goes into store, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aggregator.errors import FeedError
from aggregator.models import Feed
from aggregator.records import CleanEntry, CleanFeed, FetchResult


@dataclass(frozen=True, slots=True)
class Reading:
    """One leased feed with what fetch and parse made of it."""

    feed: Feed
    result: FetchResult
    clean: CleanFeed | None = None
    error: FeedError | None = None  # from fetch or from parse
    # An older page or a kept body, not the feed's window of now: its entries are neither pushed nor mailed,
    # and the feed's own state and schedule stay as they are.
    is_archive: bool = False
    # News that a hub pushed: not the whole window, and no poll.
    is_push: bool = False

    @property
    def is_window(self) -> bool:
        """What the feed shows now, asked for by a poll: it settles the feed's own state and schedule."""
        return not (self.is_archive or self.is_push)

    @property
    def entries(self) -> tuple[CleanEntry, ...]:
        return self.clean.entries if self.clean else ()


@dataclass(slots=True)
class Counts:
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    relinked: int = 0  # known by link or content under a guid never seen: a migration if they are many
    reused: int = 0  # guids that came back on another post
    first_new_id: int = 0
    known_ids: set[int] = field(default_factory=set)
    has_gap: bool = False


@dataclass(frozen=True, slots=True)
class NextCheck:
    """What the schedule decided for a feed after this attempt."""

    interval: int
    at: datetime
    stop: bool = False


@dataclass(frozen=True, slots=True)
class StorePolicy:
    publish_delay: timedelta = timedelta(0)
    keep_raw: bool = True
    next_check: Callable[[Reading, Counts], NextCheck] = field(kw_only=True)
