"""Entries as the API shows them, read in a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, overload

from django.conf import settings
from django.db.models import Count, Prefetch, Q

from aggregator.models import Entry, EntryTopic, Province, Satker, Stage, Topic
from aggregator.querysets import EntryQuerySet
from feeds.items import shortened
from portal.api import schemas

EXCERPT = 300  # characters
LONG = ("public_revision__content_html", "public_revision__text", "public_revision__signals")


def listed(ids: Sequence[int]) -> list[schemas.Entry]:
    """Those of these posts that are public, in this order."""
    rows = _with_company(Entry.objects.public_of(pk__in=ids).defer(*LONG)).order_by().in_bulk()
    return [entry_of(rows[pk]) for pk in ids if pk in rows]


def whole(entries: EntryQuerySet) -> EntryQuerySet:
    """These posts with all that `full_of` tells."""
    versions = Count("revisions", filter=Q(revisions__public_at__isnull=False))
    return _with_company(entries).annotate(versions=versions)


def _with_company(entries: EntryQuerySet) -> EntryQuerySet:
    topics = EntryTopic.objects.filter(removed=False).select_related("topic")
    return entries.select_related("public_revision", "satker", "province", "stage").prefetch_related(
        Prefetch("entry_topics", queryset=topics, to_attr="shown_topics")
    )


def entry_of(row: Entry) -> schemas.Entry:
    return schemas.Entry(**_facts(row))


def full_of(row: Entry) -> schemas.FullEntry:
    revision = row.public_revision
    assert revision is not None  # noqa: S101 - public entries have one
    return schemas.FullEntry(
        **_facts(row),
        author=revision.author,
        text=revision.text,
        html=revision.content_html,
        first_seen_at=row.first_seen_at,
        versions=getattr(row, "versions", 1),
        text_sha256=revision.content_sha256,
    )


def _facts(row: Entry) -> dict[str, Any]:
    revision = row.public_revision
    assert revision is not None  # noqa: S101
    page = settings.BASE_URL + row.get_absolute_url()
    story = None
    if row.story_id:
        story = schemas.StoryRef(id=row.story_id, carriers=row.carriers, is_original=row.is_lead)
    return {
        "id": row.pk,
        "title": revision.title,
        "url": revision.url or row.url or page,
        "page": page,
        "published_at": row.published_at,
        "date_is_clear": row.has_clear_date,
        "updated_at": revision.public_at or row.published_at,
        "excerpt": shortened(revision.summary, EXCERPT),
        "language": revision.language or "id",
        "satker": schemas.SatkerRef(code=row.satker.code, name=row.satker.name),
        "province": named(row.province),
        "topics": [named(label.topic) for label in getattr(row, "shown_topics", ())],
        "stage": named(row.stage),
        "origin": row.origin or None,
        "event_on": row.event_on,
        "story": story,
    }


@overload
def named(thing: Province | Topic | Stage) -> schemas.Named: ...
@overload
def named(thing: None) -> None: ...
@overload
def named(thing: Province | Stage | None) -> schemas.Named | None: ...
def named(thing: Province | Topic | Stage | None) -> schemas.Named | None:
    return schemas.Named(slug=thing.slug, name=thing.name) if thing else None


def satker_of(row: Satker) -> schemas.Satker:
    """An office annotated with `has_feed`, `feed_failing` and `last_post_at`."""
    seen = row.hostname_evidence != Satker.HostEvidence.PATTERN
    return schemas.Satker(
        code=row.code,
        name=row.name,
        level=row.level,
        parent=row.parent.code if row.parent else None,
        province=named(row.province),
        timezone=row.timezone,
        host=row.hostname if row.hostname and seen else None,
        has_feed=getattr(row, "has_feed", False),
        feed_is_failing=getattr(row, "feed_failing", False),
        last_post_at=getattr(row, "last_post_at", None),
        page=settings.BASE_URL + row.get_absolute_url(),
    )


def json_lines(entries: Iterable[Entry]) -> Iterable[bytes]:
    return (full_of(row).model_dump_json().encode() + b"\n" for row in entries)
