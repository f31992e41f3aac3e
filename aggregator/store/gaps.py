"""Gaps: posts that passed through a feed's window between two fetches, unseen.

A window holds the newest posts. So if none of the newest posts we know is in it any more, there were others
in between. Pinned old posts do not hide that, and a site that deletes its newest post does not feign it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.models import Entry, Feed, Gap
from aggregator.store.reading import Counts, Reading

NEWEST = 3  # known posts of which one should still be in the window
LEAST_NEW = 3


def note_gaps(readings: list[Reading], counts: dict[int, Counts], now: datetime) -> None:
    """Record a gap for each feed whose window has moved on beyond what is known. After storing."""
    for reading in readings:
        tally = counts[reading.feed.pk]
        if reading.is_window and reading.feed.last_new_at is not None and _has_moved_on(reading.feed, tally):
            tally.has_gap = _note(reading.feed, tally.first_new_id, now)


def _has_moved_on(feed: Feed, tally: Counts) -> bool:
    if tally.new < LEAST_NEW or tally.new <= len(tally.known_ids):
        return False
    before = Entry.objects.filter(feed=feed, id__lt=tally.first_new_id).order_by("-published_at", "-id")
    newest = set(before.values_list("id", flat=True)[:NEWEST])
    return not newest & tally.known_ids if newest else not tally.known_ids


def _note(feed: Feed, first_new_id: int, now: datetime) -> bool:
    """The gap ends where the new posts begin, and begins where we last looked."""
    new = Entry.objects.filter(feed=feed, id__gte=first_new_id, date_status="ok").order_by("published_at")
    dates = list(new.values_list("published_at", flat=True))
    from_at, to_at = feed.last_success_at or feed.last_new_at or now, dates[0] if dates else now
    if to_at <= from_at:
        return False
    about = _about(dates, to_at - from_at)
    Gap.objects.create(feed=feed, from_at=from_at, to_at=to_at, about=about, found_at=now, next_try_at=now)
    return True


def _about(dates: list[datetime], span: timedelta) -> int | None:
    """How many posts are missing, by the pace of those in the window."""
    if len(dates) < 2 or (window := dates[-1] - dates[0]) <= timedelta(0):
        return None
    return max(1, round((len(dates) - 1) * (span / window)))
