"""Judge again what was judged before, by the rules of today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from aggregator.models import Change, Entry, Quarantine, Revision
from aggregator.querysets import EntryQuerySet
from aggregator.screen.judge import Verdict, judge
from aggregator.screen.publish import (
    BY_STAFF,
    SCREENER,
    approved_hosts,
    linked_before,
    post_of,
    screen_pending,
)


@dataclass(frozen=True, slots=True)
class RescreenReport:
    looked_at: int = 0
    held: int = 0
    released: int = 0
    last: int = 0  # the number to go on after


def rescreened(since: datetime | None, after: int = 0) -> EntryQuerySet:
    """Public posts and those that only the screener holds."""
    held = Q(state=Entry.State.HELD, quarantines__state=Quarantine.State.HELD, public_revision__isnull=True)
    entries = Entry.objects.filter(Q(state=Entry.State.PUBLIC) | held, id__gt=after).distinct()
    return entries.filter(first_seen_at__gte=since) if since else entries


def rescreen(
    now: datetime, after: int = 0, limit: int = 500, since: datetime | None = None
) -> RescreenReport:
    """One batch of posts with numbers above `after`. What a person decided is left alone."""
    with transaction.atomic():
        batch = rescreened(since, after).order_by("id").values_list("id", "state")[:limit]
        states = dict(batch)
        if not states:
            return RescreenReport(last=after)
        public = [pk for pk, state in states.items() if state == Entry.State.PUBLIC]
        held = _hold_public(public, now)
        _hold_former(public, now)
        freed = _free_held([pk for pk in states if pk not in set(public)], now)
    released = screen_pending(now, limit=len(freed), satker_ids=freed.values()).released if freed else 0
    return RescreenReport(len(states), held, released, max(states))


def _verdicts(revisions: Iterable[Revision]) -> dict[int, Verdict]:
    """By revision; hosts that other public posts of the satker link count as known, as on the first day."""
    rows = list(revisions)
    approved = approved_hosts({r.entry.satker_id for r in rows})
    found = {}
    for revision in rows:
        known = approved.get(revision.entry.satker_id, frozenset())
        verdict = judge(post_of(revision), known)
        if verdict.holds_entry and verdict.strange_hosts:
            linked = linked_before(revision.entry.satker_id, verdict.strange_hosts, but=revision.entry_id)
            verdict = judge(post_of(revision), known | linked)
        found[revision.pk] = verdict
    return found


def _hold_public(ids: list[int], now: datetime) -> int:
    locked = Entry.objects.select_for_update(of=("self",)).filter(id__in=ids, state=Entry.State.PUBLIC)
    shown = dict(locked.order_by("id").values_list("id", "public_revision_id"))
    revisions = {
        r.entry_id: r
        for r in Revision.objects.filter(id__in=shown.values()).select_related(
            "entry", "entry__public_revision"
        )
    }
    verdicts = _verdicts(revisions.values())
    decided = _released_by_staff(shown)
    bad = [pk for pk, row in revisions.items() if verdicts[row.pk].without(decided[pk]).holds_entry]
    Quarantine.objects.bulk_create(
        [_quarantine(revisions[pk], verdicts[revisions[pk].pk], now) for pk in bad]
    )
    Revision.objects.filter(id__in=[shown[pk] for pk in bad]).update(
        state=Revision.State.HELD, public_at=None
    )
    Entry.objects.filter(id__in=bad).update(state=Entry.State.HELD, withdrawn_at=now)
    _tell(bad)
    return len(bad)


def _hold_former(ids: list[int], now: datetime) -> None:
    """Versions that were public before the present one show in the history of the post."""
    former = Revision.objects.filter(
        entry__in=ids, state=Revision.State.SUPERSEDED, public_at__isnull=False
    ).select_related("entry", "entry__public_revision")
    rows = list(former)
    decided = _released_by_staff({r.entry_id for r in rows})
    verdicts = _verdicts(rows)
    bad = [r for r in rows if verdicts[r.pk].without(decided[r.entry_id]).holds_entry]
    Quarantine.objects.bulk_create([_quarantine(r, verdicts[r.pk], now) for r in bad])
    Revision.objects.filter(id__in=[r.pk for r in bad]).update(state=Revision.State.HELD, public_at=None)
    Change.objects.mark(sorted({r.entry_id for r in bad}))


def _quarantine(revision: Revision, verdict: Verdict, now: datetime) -> Quarantine:
    return Quarantine(
        entry_id=revision.entry_id,
        revision=revision,
        points=round(verdict.points, 2),
        signals=[signal.as_dict() for signal in verdict.signals],
        held_at=now,
        public_minutes=Quarantine.minutes_out(revision.entry, revision, now),
    )


def _released_by_staff(ids: Iterable[int]) -> dict[int, set[tuple[str, str]]]:
    forgiven: dict[int, set[tuple[str, str]]] = defaultdict(set)
    released = Quarantine.objects.filter(entry__in=list(ids), state=Quarantine.State.RELEASED)
    for entry, signals in released.exclude(decided_by=SCREENER).values_list("entry_id", "signals"):
        forgiven[entry] |= {(s.get("code", ""), s.get("detail", "")) for s in signals}
    return forgiven


def _free_held(ids: list[int], now: datetime) -> dict[int, int]:
    """Give posts that would pass today back to the screener; returns entry → satker."""
    open_rows = Quarantine.objects.filter(entry__in=ids, state=Quarantine.State.HELD).select_related(
        "revision", "revision__entry", "revision__entry__public_revision"
    )
    rows = {row.entry_id: row for row in open_rows.order_by("id")}
    by_person = {row.entry_id for row in open_rows if any(s.get("code") == BY_STAFF for s in row.signals)}
    verdicts = _verdicts(row.revision for row in rows.values() if row.entry_id not in by_person)
    good = {
        pk: row.revision.entry.satker_id
        for pk, row in rows.items()
        if pk not in by_person and not verdicts[row.revision_id].holds_entry
    }
    Quarantine.objects.filter(entry__in=good, state=Quarantine.State.HELD).update(
        state=Quarantine.State.RELEASED,
        decided_by=SCREENER,
        decided_at=now,
        reason="Lolos menurut aturan sekarang",
    )
    Revision.objects.filter(id__in=[rows[pk].revision_id for pk in good]).update(state=Revision.State.PENDING)
    Entry.objects.filter(id__in=good).update(state=Entry.State.PENDING)
    return good


def _tell(ids: list[int]) -> None:
    """Followers, and cluster: stories that lost a member choose a new lead."""
    Change.objects.mark(ids)
    stories = Entry.objects.filter(id__in=ids, story__isnull=False).values_list("story", flat=True)
    Entry.objects.public_of(story__in=set(stories)).update(clustered_at=None)
