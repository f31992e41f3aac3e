"""Stories: two posts tell the same, or they do not. Kept by pair, so it survives folding anew."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator import journal
from aggregator.cluster import refresh
from aggregator.decide.record import DecisionRefused, locked, name_of, reason_of
from aggregator.models import Entry, Story, StoryDecision


@transaction.atomic
def split_story(entry: Entry, by: str, reason: str) -> Entry:
    """Take a post out of its story for good: it tells something else than every present member."""
    entry, by, reason = locked(entry), name_of(by), reason_of(reason)
    story = entry.story_id
    others = list(Entry.objects.filter(story=story).exclude(pk=entry.pk).values_list("pk", flat=True))
    if story is None or not others:
        raise DecisionRefused(_("Berita %d tidak disatukan dengan berita lain.") % entry.pk)
    _keep([(entry.pk, other) for other in others], StoryDecision.Verdict.DIFFERENT, by, reason)
    Entry.objects.filter(pk=entry.pk).update(story=None)
    refresh({story}, [entry.pk], timezone.now())
    entry.refresh_from_db()
    journal.tell("story.split", by, entry, reason, story=story)
    return entry


@transaction.atomic
def join_stories(entry: Entry, other: Entry, by: str, reason: str) -> Entry:
    """Say that two posts tell the same, whatever the rules say: `entry`, and what was folded with it, goes
    into the story of `other`. A post that staff took away from a member of that story stays where it is."""
    entry, other, by, reason = locked(entry), locked(other), name_of(by), reason_of(reason)
    if entry.pk == other.pk or (entry.story_id is not None and entry.story_id == other.story_id):
        raise DecisionRefused(_("Kedua berita itu sudah satu cerita."))
    _keep([(entry.pk, other.pk)], StoryDecision.Verdict.SAME, by, reason)
    story = other.story_id or Story.objects.create().pk
    moving = _moving(entry, story)
    Entry.objects.filter(pk__in=[*moving, other.pk]).update(story=story)
    left = {entry.story_id} if entry.story_id is not None else set()
    refresh({story} | left, [entry.pk, other.pk], timezone.now())
    entry.refresh_from_db()
    journal.tell("story.join", by, entry, reason, story=story, other=other.pk)
    return entry


def _moving(entry: Entry, story: int) -> set[int]:
    mates = {entry.pk}
    if entry.story_id is not None:
        mates |= set(Entry.objects.filter(story=entry.story_id).values_list("pk", flat=True))
    there = set(Entry.objects.filter(story=story).values_list("pk", flat=True))
    parted = StoryDecision.objects.filter(verdict=StoryDecision.Verdict.DIFFERENT)
    pairs = parted.filter(low__in=mates, high__in=there) | parted.filter(low__in=there, high__in=mates)
    kept_apart = {pk for pair in pairs.values_list("low_id", "high_id") for pk in pair} & mates
    return mates - kept_apart | {entry.pk}


def _keep(pairs: list[tuple[int, int]], verdict: str, by: str, reason: str) -> None:
    """The last word on a pair holds."""
    now = timezone.now()
    StoryDecision.objects.bulk_create(
        [
            StoryDecision(
                low_id=min(pair),
                high_id=max(pair),
                verdict=verdict,
                decided_by=by,
                reason=reason,
                decided_at=now,
            )
            for pair in pairs
        ],
        update_conflicts=True,
        unique_fields=["low", "high"],
        update_fields=["verdict", "decided_by", "reason", "decided_at"],
    )
