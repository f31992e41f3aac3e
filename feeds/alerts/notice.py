"""From a public change to what each watched channel has new, in one transaction with the cursor."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import F, Max
from django.db.models.functions import Greatest

from aggregator.models import Entry
from aggregator.search import Few
from feeds import following, places
from feeds.alerts.rhythms import GAP
from feeds.models import Alert, Letter, Noticed, Watched

NAME = "alerts"


Plan = list[tuple[Watched, list[int]]]


def notice(now: datetime) -> bool:
    """Take one step; whether there was one."""
    step = following.look(NAME, now)
    if step:
        plan = _plan(step, now)  # before the transaction: it may take a while
        following.take(step, lambda: _note(step, plan, now))
    return step is not None


def _note(step: following.Step, plan: Plan, now: datetime) -> int:
    if step.is_first:
        _begin_anew()
    for watched, entry_ids in plan:
        Noticed.objects.bulk_create(Noticed(watched=watched, entry_id=pk, at=now) for pk in entry_ids)
        _make_due(watched, now)
    return len(plan)


def _plan(step: following.Step, now: datetime) -> Plan:
    """What is new in which watched channel, in the order of release."""
    released = _new(step.ready, min(now, step.follower.moved_at) - following.FRESH)
    if not released and not step.gone:
        return []
    live = Watched.objects.filter(alerts__stopped_at__isnull=True, alerts__isnull=False).distinct()
    watched = {row.path: row for row in live}
    recalls = watched.pop("/feeds/ditarik", None)
    plan = [(recalls, _untold(recalls, sorted(step.gone), stories=False))] if recalls else []
    for held in places.holding(watched, Few(list(released))):
        row = watched[held.place]
        if held.channel is None:
            Watched.objects.filter(pk=row.pk).update(error=held.error[:300])
            continue
        since = [pk for pk in held.entry_ids if released[pk] > row.since]
        since.sort(key=lambda pk: (released[pk], pk))
        plan.append((row, _untold(row, since, stories=not held.channel.shows_all)))
    return [(row, entry_ids) for row, entry_ids in plan if entry_ids]


def _new(entry_ids: Collection[int], since: datetime) -> dict[int, datetime]:
    """Those that became public lately, and when. A correction is no news, an imported post none either."""
    found = Entry.objects.public_of(id__in=list(entry_ids)).filter(is_import=False, released_at__gt=since)
    return {pk: at for pk, at in found.values_list("id", "released_at") if at}


def _untold(watched: Watched, entry_ids: list[int], *, stories: bool) -> list[int]:
    """Those not noted before; with `stories`, of a story that was noted none either: its lead may change."""
    told = watched.noticed.filter(entry_id__in=entry_ids)
    known = set(told.values_list("entry_id", flat=True))
    fresh = [pk for pk in entry_ids if pk not in known]
    if not stories or not fresh:
        return fresh
    before = Entry.objects.filter(id__in=watched.noticed.values("entry_id"), story__isnull=False)
    of_story = dict(Entry.objects.filter(id__in=fresh, story__isnull=False).values_list("id", "story"))
    known = set(before.filter(story__in=set(of_story.values())).values_list("story", flat=True))
    return [pk for pk in fresh if of_story.get(pk) not in known]


def _make_due(watched: Watched, now: datetime) -> None:
    """Alerts at once are due now, or when their last letter is long enough ago."""
    idle = Alert.objects.filter(watched=watched, rhythm=Alert.Rhythm.NOW, due_at=None, stopped_at=None)
    idle.filter(told_at__isnull=True).update(due_at=now)
    idle.filter(told_at__isnull=False).update(due_at=Greatest(F("told_at") + GAP, now))


def _begin_anew() -> None:
    """In a restored database, what was on its way at the time of the backup may have gone out since: it is
    left to staff, and nobody is told anything twice."""
    last = Noticed.objects.aggregate(last=Max("id"))["last"] or 0
    Alert.objects.filter(seen__lt=last).update(seen=last)
    on_their_way = (Letter.State.WAITING, Letter.State.SENDING)
    Letter.objects.filter(state__in=on_their_way, alert__isnull=False).update(state=Letter.State.UNCLEAR)
