"""What a feed as a whole tells: far more posts than ever, at once or a few at a time; many changes by another
software; or a redirect to a host nobody approved.

A burst is measured against the satker's own baseline and against the nation that day, so that an election
day, on which everybody writes, holds nobody. A satker whose site moves by announcement raises no such alarm.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from aggregator.models import Entry, Feed, FetchLog, Gap, Revision, SatkerHold, SatkerMove
from aggregator.querysets import EntryQuerySet

WINDOW = timedelta(hours=1)  # posts first seen within it belong to one burst
BASELINE_DAYS = 60
LEAST = 8.0  # posts that never are a burst
TIMES_BASELINE = 10.0  # so many days' worth of posts at once
OLD_POST_WEIGHT = 0.4  # posts dated long ago: an archive that was added, or a reset of all guids
FRESH = timedelta(days=2)
LEAST_OTHERS = 5  # satker with new posts, before the nation is thought busy
WORKING_HOURS = 10  # in which an ordinary day's posts come
LEAST_BASELINE = 0.2  # posts a day, for a satker that hardly writes
LEAST_CHANGED = 5  # new or edited posts at once that, with other software, are asked about


def allowed(baseline: float, national_factor: float) -> float:
    """Posts of one satker within WINDOW that are no burst. `baseline`: its posts a day;
    `national_factor`: the nation's posts now against an ordinary day's."""
    return max(LEAST, TIMES_BASELINE * max(baseline, LEAST_BASELINE) * max(1.0, national_factor))


def is_burst(fresh: int, old: int, baseline: float, national_factor: float) -> bool:
    """`fresh` and `old`: posts first seen within WINDOW and dated within or before FRESH."""
    return fresh + OLD_POST_WEIGHT * old >= allowed(baseline, national_factor)


def alarms(now: datetime, satker_ids: set[int] | None) -> dict[int, str]:
    """Satker (of these) whose feed raises an alarm, each with the reason in words."""
    return _redirected(satker_ids) | _replaced(now, satker_ids) | _bursts(now, satker_ids)


def _redirected(satker_ids: set[int] | None) -> dict[int, str]:
    """Feeds that lead to a host nobody approved; one alarm each time it begins, not at each poll."""
    feeds = Feed.objects.active().filter(error_code="redirect_host")
    if satker_ids is not None:
        feeds = feeds.filter(satker__in=satker_ids)
    reasons = {}
    for satker, url, success in feeds.values_list("satker_id", "url", "last_success_at"):
        known = SatkerHold.objects.filter(satker=satker, reason__startswith="Umpan dialihkan")
        if not (known.filter(started_at__gt=success) if success else known).exists():
            reasons[satker] = f"Umpan dialihkan ke host yang tidak disetujui: {url}"
    return reasons


def _replaced(now: datetime, satker_ids: set[int] | None) -> dict[int, str]:
    """Sites that another software writes since a moment, and that bring many new or edited posts with it."""
    feeds = (
        Feed.objects.active().filter(generator_changed_at__gt=now - WINDOW).exclude(satker__in=_moving(now))
    )
    if satker_ids is not None:
        feeds = feeds.filter(satker__in=satker_ids)
    reasons = {}
    for satker, generator in feeds.values_list("satker_id", "generator"):
        pending = Revision.objects.filter(
            state=Revision.State.PENDING, entry__satker=satker, seen_at__gt=now - WINDOW
        )
        fresh = pending.exclude(number=1, entry__is_import=True).count()
        if fresh >= LEAST_CHANGED and not _released_since(now, satker):
            reasons[satker] = (
                f"Perangkat lunak situs berganti ({generator[:60]}) bersamaan dengan {fresh} kiriman baru"
                " atau ubahan"
            )
    return reasons


def _moving(now: datetime) -> QuerySet[Any, Any]:
    return SatkerMove.objects.filter(calm_until__gt=now).values("satker")


def _bursts(now: datetime, satker_ids: set[int] | None) -> dict[int, str]:
    recent = Entry.objects.filter(
        state=Entry.State.PENDING, is_import=False, first_seen_at__gt=now - WINDOW, first_seen_at__lte=now
    )
    if satker_ids is not None:
        recent = recent.filter(satker__in=satker_ids)
    recent = recent.exclude(satker__in=_moving(now))
    counts = recent.values("satker").annotate(
        fresh=Count("id", filter=Q(published_at__gt=now - FRESH)), all=Count("id")
    )
    rows = list(counts.order_by())
    dripped = _dripped(now, [row["satker"] for row in rows])
    reasons: dict[int, str] = {}
    for row in rows:
        satker, old = row["satker"], row["all"] - row["fresh"]
        fresh = max(row["fresh"], dripped.get(satker, 0) - old)
        if not is_burst(fresh, old, 0.0, 1.0):
            continue
        baseline = per_day(Entry.objects.public().filter(satker=satker), now)
        factor = national_factor(now, satker)
        backlog = min(old, round(baseline * days_away(now, satker)))
        if is_burst(fresh, old - backlog, baseline, factor) and not _released_since(now, satker):
            reasons[satker] = (
                f"Lonjakan: {fresh + old} kiriman baru dalam satu jam, biasanya {baseline:.1f} sehari"
                f" (faktor nasional {factor:.1f})"
            )
    return reasons


def _dripped(now: datetime, satker_ids: list[int]) -> dict[int, int]:
    """New posts within WINDOW by the log of fetches: what came a few at a time is public already."""
    logs = FetchLog.objects.filter(
        feed__satker__in=satker_ids,
        feed__first_success_at__lte=now - WINDOW,
        started_at__gt=now - WINDOW,
        started_at__lte=now,
    )
    return dict(logs.values_list("feed__satker").annotate(Sum("new")).order_by())


def days_away(now: datetime, satker: int) -> float:
    """For how many days nobody had read a feed of this satker, when the fetch just now found a gap: so many
    days' posts come at once without anything being wrong."""
    gaps = Gap.objects.filter(feed__satker=satker, found_at__gt=now - WINDOW, found_at__lte=now)
    return max(((gap.found_at - gap.from_at) / timedelta(days=1) for gap in gaps), default=0.0)


def _released_since(now: datetime, satker: int) -> bool:
    """Staff have looked at this very burst."""
    return SatkerHold.objects.filter(satker=satker, ended_at__gt=now - WINDOW).exists()


def per_day(entries: EntryQuerySet, now: datetime) -> float:
    """Posts a day over BASELINE_DAYS, the last two days left out."""
    end = now - FRESH
    posts = entries.filter(published_at__gt=end - timedelta(days=BASELINE_DAYS), published_at__lte=end)
    return posts.count() / BASELINE_DAYS


def national_factor(now: datetime, but: int) -> float:
    """New posts of all other satker against an ordinary day or hour of theirs; at least 1.

    A few satker prove nothing about the nation: they may have been broken into together.
    """
    others = Entry.objects.exclude(satker=but)
    seen = others.filter(is_import=False, first_seen_at__gt=now - timedelta(days=1), first_seen_at__lte=now)
    if seen.values("satker").distinct().count() < LEAST_OTHERS:
        return 1.0
    day = max(per_day(others.public(), now), 1.0)
    last_hour = seen.filter(first_seen_at__gt=now - WINDOW).count()
    return max(1.0, seen.count() / day, last_hour / max(day / WORKING_HOURS, 1.0))
