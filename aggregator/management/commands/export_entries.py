"""Every stored entry as one line of JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import Exists, F, OuterRef, Prefetch, Q
from django.utils.dateparse import parse_date, parse_datetime

from aggregator.management.quick import QuickCommand
from aggregator.models import Entry, EntryTopic, Revision, SatkerHold
from aggregator.querysets import EntryQuerySet

BATCH = 500
# What INTERFACE calls the states. A post that only waits (delay, future date) is `pending`; one that waits
# because its satker is held counts as quarantined.
STATUS = {"public": "published", "held": "quarantined", "withdrawn": "removed", "pending": "pending"}


class Command(QuickCommand):
    help = (
        "Write every stored entry to standard output, one JSON object a line, oldest number first, with the "
        "public version where there is one, else the newest."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", metavar="TIME", help="first seen at or after: YYYY-MM-DD or ISO 8601")
        parser.add_argument("--status", choices=sorted(set(STATUS.values())))

    def handle(self, *args: Any, **options: Any) -> None:
        since = _since(options["since"]) if options["since"] else None
        try:
            for line in _lines(_entries(since, options["status"])):
                self.stdout.write(line)
        except BrokenPipeError:  # whoever read us has enough; keep Python from complaining at its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _since(text: str) -> datetime:
    """A date means its midnight, and a time without an offset is taken, in UTC."""
    try:
        moment = parse_datetime(text)
        if moment is None and (day := parse_date(text)):
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(
            f"--since takes a time such as 2026-11-20 or 2026-11-20T07:00:00+07:00, not {text!r}."
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _entries(since: datetime | None, status: str | None) -> EntryQuerySet:
    holds = SatkerHold.objects.filter(satker=OuterRef("satker"), ended_at__isnull=True)
    entries = Entry.objects.annotate(is_satker_held=Exists(holds)).order_by("pk")
    if since:
        entries = entries.filter(first_seen_at__gte=since)
    if status == "quarantined":
        return entries.filter(Q(state="held") | Q(state="pending", is_satker_held=True))
    if status == "pending":
        return entries.filter(state="pending", is_satker_held=False)
    if status:
        return entries.filter(state={name: state for state, name in STATUS.items()}[status])
    return entries


def _lines(entries: EntryQuerySet) -> Iterator[str]:
    """Batch by batch behind the last number: constant memory, and no long read beside a busy writer."""
    topics = EntryTopic.objects.filter(removed=False).select_related("topic")
    entries = entries.select_related("satker", "feed", "stage").prefetch_related(
        Prefetch("entry_topics", queryset=topics)
    )
    last = 0
    while batch := list(entries.filter(pk__gt=last)[:BATCH]):
        versions = _versions([entry.pk for entry in batch])
        for entry in batch:
            yield json.dumps(_record(entry, versions[entry.pk]), ensure_ascii=False)
        last = batch[-1].pk


def _versions(ids: list[int]) -> dict[int, Revision]:
    """The public version of each entry, else its newest."""
    shown = Q(pk=F("entry__public_revision")) | Q(
        entry__public_revision__isnull=True, number=F("entry__revisions_count")
    )
    revisions = Revision.objects.filter(shown, entry__in=ids).only("entry_id", "title", "url", "text")
    return {revision.entry_id: revision for revision in revisions}


def _record(entry: Entry, version: Revision) -> dict[str, object]:
    held = entry.state == "pending" and getattr(entry, "is_satker_held", False)
    return {
        "id": entry.pk,
        "guid": entry.guid,
        "url": version.url,
        "title": version.title,
        "satker": entry.satker.code,
        "feed": entry.feed.url,
        "published_at": entry.published_at.isoformat(),
        "first_seen_at": entry.first_seen_at.isoformat(),
        "status": "quarantined" if held else STATUS[entry.state],
        "story": entry.story_id,
        "is_lead": entry.is_lead,
        "topics": sorted(row.topic.slug for row in entry.entry_topics.all()),
        "stage": entry.stage.slug if entry.stage else None,
        "text_sha256": sha256(version.text.encode()).hexdigest(),
    }
