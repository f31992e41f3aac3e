"""From a public change to what each watched channel has new, in one transaction with the cursor."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import F, Max
from django.db.models.functions import Greatest

from aggregator.errors import RequestError
from aggregator.models import Entry
from aggregator.search import Few
from feeds import channels, following
from feeds.alerts.rhythms import GAP
from feeds.models import Alert, Letter, Noticed, Watched

NAME = "alerts"


def notice(now: datetime) -> bool:
    """Take one step; whether there was one."""
    step = following.look(NAME, now)
    if step:
        following.take(step, lambda: _note(step, now))
    return step is not None


def _note(step: following.Step, now: datetime) -> int:
    if step.is_first:
        _begin_anew()
    released = _new(step.ready, min(now, step.follower.moved_at) - following.FRESH)
    few = Few(list(released))
    if not few.entry_ids and not step.gone:
        return 0
    return sum(_note_in(watched, few, released, step.gone, now) for watched in _watched())


def _new(entry_ids: Collection[int], since: datetime) -> dict[int, datetime]:
    """Those that became public lately, and when. A correction is no news, an imported post none either."""
    found = Entry.objects.public_of(id__in=list(entry_ids)).filter(is_import=False, released_at__gt=since)
    return {pk: at for pk, at in found.values_list("id", "released_at") if at}


def _watched() -> Collection[Watched]:
    return Watched.objects.filter(alerts__stopped_at__isnull=True, alerts__isnull=False).distinct()


def _note_in(
    watched: Watched, few: Few, released: Mapping[int, datetime], gone: Collection[int], now: datetime
) -> int:
    try:
        channel = channels.at(watched.path)
    except RequestError as error:
        Watched.objects.filter(pk=watched.pk).update(error=error.message[:300])
        return 0
    if channel.kind == "ditarik":
        found = list(gone)
    else:
        found = [pk for pk in following.holds(channel, few) if released[pk] > watched.since]
    found.sort(key=lambda pk: (released.get(pk, now), pk))
    fresh = _untold(watched, found, stories=not channel.shows_all) if found else []
    if fresh:
        Noticed.objects.bulk_create(Noticed(watched=watched, entry_id=pk, at=now) for pk in fresh)
        _make_due(watched, now)
    return len(fresh)


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
