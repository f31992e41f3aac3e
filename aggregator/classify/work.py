"""From marks in the database to topics, stages and event days."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from aggregator import bulk
from aggregator.classify.events import event_on
from aggregator.classify.stages import StageHit, StageTime, stage_of
from aggregator.classify.topics import TopicHit, topics_of
from aggregator.models import Change, Correction, Entry, EntryTopic, Stage, Topic

BY_STAFF = "staff"  # a stage_rule that begins so was given by a person and stays


class _Row(NamedTuple):
    """What is read of an entry, in the order of `_COLUMNS`."""

    pk: int
    published_at: datetime
    stage: int | None
    stage_rule: str
    event_on: date | None
    timezone: str
    title: str
    text: str
    categories: list[str]


_COLUMNS = (
    *("id", "published_at", "stage_id", "stage_rule", "event_on", "satker__timezone"),
    *("public_revision__title", "public_revision__text", "public_revision__categories"),
)


@dataclass(slots=True)
class _Place:
    """What the rules say of one entry."""

    entry: _Row
    hits: list[TopicHit]
    stage: StageHit
    event: date | None


def classify_new(now: datetime, limit: int = 500) -> int:
    """Classify public entries that wait for it, oldest id first; returns how many were looked at."""
    with transaction.atomic():
        rows = _waiting(limit)
        if not rows:
            return 0
        calendar = _calendar()
        places = [_place(row, calendar) for row in rows]
        changed = _store_topics(places) | _store_rest(places, now)
        Change.objects.mark(sorted(changed))
    return len(rows)


def _waiting(limit: int) -> list[_Row]:
    waiting = Entry.objects.public_of(classified_at__isnull=True).order_by("id")
    if connection.features.has_select_for_update_skip_locked:
        locked = waiting.select_for_update(skip_locked=True).values_list("id", flat=True)[:limit]
        waiting = Entry.objects.filter(id__among=list(locked)).order_by("id")
    return [_Row(*row) for row in waiting.values_list(*_COLUMNS)[:limit]]


def _calendar() -> list[StageTime]:
    rows = Stage.objects.order_by("position", "id").values_list("id", "election", "name", "start", "end")
    return [StageTime(*row) for row in rows]


def _place(row: _Row, calendar: list[StageTime]) -> _Place:
    posted = row.published_at.astimezone(ZoneInfo(row.timezone)).date()
    return _Place(
        row,
        topics_of(row.title, row.text, row.categories),
        stage_of(row.title, row.text, posted, calendar),
        event_on(row.title, row.text, posted),
    )


def _store_topics(places: list[_Place]) -> set[int]:
    """Replace the topics that rules gave; returns the entries whose topics are others now. Where staff said
    what a post is about, rules add nothing."""
    said = Correction.objects.in_force((place.entry.pk for place in places), Correction.Kind.TOPICS)
    places = [place for place in places if place.entry.pk not in said]
    ids = dict(Topic.objects.values_list("name", "id"))
    kept: dict[int, dict[int, EntryTopic]] = defaultdict(dict)
    for row in EntryTopic.objects.filter(entry__among=[place.entry.pk for place in places]):
        kept[row.entry_id][row.topic_id] = row
    new: list[tuple[int, int, float, str]] = []
    stale, changed = [], set()
    for place in places:
        rows = kept[place.entry.pk]
        ruled = {topic: row for topic, row in rows.items() if not (row.by_staff or row.removed)}
        hits = {ids[h.topic]: h for h in place.hits if h.topic in ids}
        wanted = {topic: hit for topic, hit in hits.items() if topic not in rows or topic in ruled}
        if wanted.keys() != ruled.keys():
            changed.add(place.entry.pk)
        if {t: (h.score, h.rule) for t, h in wanted.items()} == {
            t: (r.score, r.rule) for t, r in ruled.items()
        }:
            continue
        stale += [row.pk for row in ruled.values()]
        new += [(place.entry.pk, topic, hit.score, hit.rule) for topic, hit in wanted.items()]
    if stale:
        EntryTopic.objects.filter(id__among=stale).delete()
    bulk.insert(EntryTopic, ("entry_id", "topic_id", "score", "rule"), new)
    return changed


def _store_rest(places: list[_Place], now: datetime) -> set[int]:
    """Stage, rule, event day and the mark, in one prepared statement for the batch."""
    changed, rows = set(), []
    for place in places:
        entry = place.entry
        stage, rule = (
            (entry.stage, entry.stage_rule)
            if entry.stage_rule.startswith(BY_STAFF)
            else (place.stage.stage, place.stage.rule)
        )
        if (stage, place.event) != (entry.stage, entry.event_on):
            changed.add(entry.pk)
        rows.append((stage, rule, place.event, now, entry.pk))
    bulk.update(Entry, ("stage_id", "stage_rule", "event_on", "classified_at"), rows)
    return changed
