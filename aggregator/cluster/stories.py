"""Lead, carriers and origins of stories, as their public members give them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Substr

from aggregator import bulk
from aggregator.cluster.lead import Member, Office, Offices, lead_of, origin_alone, relation, source_of
from aggregator.cluster.told import Told
from aggregator.models import Change, Correction, Entry, Satker, Story

HEAD = 160  # characters of the text that can hold a dateline
_KIND = re.compile(r"^(?:kabupaten|kota|provinsi)\s+")

Face = tuple[bool, int, str]  # is_lead, carriers, origin


def offices() -> Offices:
    rows = Satker.objects.values_list("id", "level", "parent_id", "province_id", "hostname", "region_name")
    return Offices(
        {
            pk: Office(pk, level, parent, province, hostname, _KIND.sub("", region.lower()))
            for pk, level, parent, province, hostname, region in rows
        }
    )


def refresh(stories: set[int], alone: Collection[int], now: datetime) -> None:
    """Choose the leads of `stories` anew and say what every member is; entries in `alone` that are in no
    story stand for themselves. Marks what changed, and sets `clustered_at` of the entries in `alone`."""
    registry = offices()
    faces: dict[int, Face] = {}
    before: dict[int, Face] = {}
    for pk, satker, title, head, *face in _alone(alone):
        before[pk] = (face[0], face[1], face[2])
        faces[pk] = (True, 0, origin_alone(registry.by_id[satker], Told(title, head or ""), registry))
    leads = {}
    for story, members in _members(stories, registry, before).items():
        leads[story] = lead_of(members)
        faces |= _faces(members, leads[story], registry)
    for entry, origin in Correction.objects.in_force(faces, Correction.Kind.ORIGIN).items():
        faces[entry] = (*faces[entry][:2], origin)
    _write(faces, before, set(alone), now)
    _name_leads(stories, leads)


_FACE = ("is_lead", "carriers", "origin")
_HEAD = Substr("public_revision__text", 1, HEAD)


def _alone(ids: Collection[int]) -> QuerySet[Entry, tuple[Any, ...]]:
    entries = Entry.objects.public_of(id__among=ids, story__isnull=True).annotate(head=_HEAD)
    return entries.values_list("id", "satker_id", "public_revision__title", "head", *_FACE)


def _members(stories: set[int], registry: Offices, before: dict[int, Face]) -> dict[int, list[Member]]:
    """By story; `before` learns what they were until now."""
    entries = Entry.objects.public_of(story__among=stories).annotate(head=_HEAD)
    rows = entries.values_list(
        *("id", "story_id", "satker_id", "published_at", "first_seen_at", "public_revision__title", "head"),
        *_FACE,
    )
    members: dict[int, list[Member]] = defaultdict(list)
    for pk, story, satker, published_at, first_seen_at, title, head, *face in rows:
        before[pk] = (face[0], face[1], face[2])
        told = Told(title, head or "")
        members[story].append(Member(pk, registry.by_id[satker], published_at, first_seen_at, told))
    return members


def _faces(members: list[Member], lead: Member, registry: Offices) -> dict[int, Face]:
    others = {member.office.pk for member in members} - {lead.office.pk}
    source = source_of(members, lead, registry)
    return {
        member.entry: (
            member.entry == lead.entry,
            len(others) if member.entry == lead.entry else 0,
            relation(member.office, source),
        )
        for member in members
    }


def _write(faces: dict[int, Face], before: dict[int, Face], alone: set[int], now: datetime) -> None:
    """Most faces of a batch are alike: one statement for each kind."""
    kinds: dict[tuple[Face, bool], list[int]] = defaultdict(list)
    for pk, face in faces.items():
        if before.get(pk) != face:
            kinds[face, pk in alone].append(pk)
    for ((is_lead, carriers, origin), is_done), ids in kinds.items():
        done = {"clustered_at": now} if is_done else {}
        Entry.objects.filter(id__among=ids).update(is_lead=is_lead, carriers=carriers, origin=origin, **done)
    changed = set(chain.from_iterable(kinds.values()))
    Entry.objects.filter(id__among=alone - changed).update(clustered_at=now)
    Change.objects.mark(sorted(changed))


def _name_leads(stories: set[int], leads: dict[int, Member]) -> None:
    named = dict(Story.objects.filter(id__among=stories).values_list("id", "lead_id"))
    rows = [(leads[s].entry if s in leads else None, s) for s in sorted(named)]
    bulk.update(Story, ("lead_id",), [(lead, s) for lead, s in rows if named[s] != lead])
