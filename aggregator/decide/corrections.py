"""What a post is about, which stage it belongs to, whose it is: corrections that go before the rules and
stay until staff give the post back to them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from aggregator import journal
from aggregator.classify import BY_STAFF
from aggregator.decide.record import DecisionRefused, locked, mark, name_of, reason_of
from aggregator.models import Correction, Entry, EntryTopic, Stage, Topic

MOST_TOPICS = 3
FIRST_SCORE = 100.0  # topics keep the order in which staff named them


@transaction.atomic
def correct_topics(entry: Entry, topics: Iterable[Topic], by: str, reason: str) -> Entry:
    """The post is about these topics, the first one most of all, and no others; none at all is allowed."""
    entry, by, reason = locked(entry), name_of(by), reason_of(reason)
    wanted = list(dict.fromkeys(topics))
    if len(wanted) > MOST_TOPICS:
        raise DecisionRefused(_("Satu berita paling banyak mempunyai %d topik.") % MOST_TOPICS)
    before = _slugs(entry)
    rows = EntryTopic.objects.filter(entry=entry)
    rows.exclude(topic__in=wanted).update(removed=True, by_staff=True)
    for place, topic in enumerate(wanted):
        given = {"score": FIRST_SCORE - place, "rule": "", "by_staff": True, "removed": False}
        rows.update_or_create(entry=entry, topic=topic, defaults=given)
    _record(entry, Correction.Kind.TOPICS, before, _slugs(entry), by, reason)
    mark([entry.pk])
    return entry


@transaction.atomic
def correct_stage(entry: Entry, stage: Stage | None, by: str, reason: str) -> Entry:
    """The post belongs to this stage, or with None to no stage at all."""
    entry, by, reason = locked(entry), name_of(by), reason_of(reason)
    before, after = _stage_slug(entry.stage), _stage_slug(stage)
    entry.stage, entry.stage_rule = stage, BY_STAFF
    entry.save(update_fields=["stage", "stage_rule"])
    _record(entry, Correction.Kind.STAGE, before, after, by, reason)
    mark([entry.pk])
    return entry


@transaction.atomic
def correct_origin(entry: Entry, origin: str, by: str, reason: str) -> Entry:
    """The post is its office's own work, or carried from the centre, the province, a child or a peer."""
    entry, by, reason = locked(entry), name_of(by), reason_of(reason)
    if origin not in Entry.Origin.values or origin == Entry.Origin.UNDECIDED:
        raise DecisionRefused(_("Asal berita “%s” tidak dikenal.") % origin)
    before = entry.origin
    entry.origin = origin
    entry.save(update_fields=["origin"])
    _record(entry, Correction.Kind.ORIGIN, before, origin, by, reason)
    mark([entry.pk])
    return entry


@transaction.atomic
def undo_correction(entry: Entry, kind: str, by: str, reason: str) -> Entry:
    """Give topics, stage or origin (a `Correction.Kind`) back to the rules; the worker applies them."""
    entry, by, reason = locked(entry), name_of(by), reason_of(reason)
    in_force = Correction.objects.in_force([entry.pk], kind)
    if entry.pk not in in_force:
        raise DecisionRefused(_("Tidak ada koreksi yang berlaku pada berita %d.") % entry.pk)
    if kind == Correction.Kind.TOPICS:
        EntryTopic.objects.filter(entry=entry, by_staff=True).delete()
    elif kind == Correction.Kind.STAGE:
        entry.stage_rule = ""
    entry.clustered_at = entry.classified_at = None
    entry.save(update_fields=["stage_rule", "clustered_at", "classified_at"])
    _record(entry, kind, in_force[entry.pk], "", by, reason, by_rules=True)
    mark([entry.pk])
    return entry


def _record(
    entry: Entry, kind: str, before: str, after: str, by: str, reason: str, *, by_rules: bool = False
) -> None:
    Correction.objects.create(
        entry=entry, kind=kind, before=before, after=after, by_rules=by_rules, decided_by=by, reason=reason
    )
    action = "correct.undo" if by_rules else f"correct.{kind}"
    journal.tell(action, by, entry, reason, kind=kind, before=before, after=after)


def _slugs(entry: Entry) -> str:
    shown = EntryTopic.objects.filter(entry=entry, removed=False)
    return " ".join(shown.order_by("-score", "topic").values_list("topic__slug", flat=True))


def _stage_slug(stage: Stage | None) -> str:
    return stage.slug if stage else "non"
