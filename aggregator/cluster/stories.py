"""Lead, carriers and origins of stories, as their public members give them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models.functions import Substr

from aggregator import bulk
from aggregator.cluster.lead import Member, Office, Offices, lead_of, origin_of, source_of
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


def refresh(stories: set[int], alone: Iterable[int], now: datetime) -> None:
    """Choose the leads of `stories` anew and say what every member is; entries in `alone` that are in no
    story stand for themselves. Marks what changed, and sets `clustered_at` of the entries in `alone`."""
    registry = offices()
    rows = _members(stories, list(alone), registry)
    by_story: dict[int, list[Member]] = defaultdict(list)
    faces: dict[int, Face] = {}
    for story, member in rows.values():
        if story is None:
            faces[member.entry] = (True, 0, origin_of(member, None, registry))
        else:
            by_story[story].append(member)
    leads = {story: lead_of(members) for story, members in by_story.items()}
    for story, members in by_story.items():
        faces |= _faces(members, leads[story], registry)
    for entry, origin in Correction.objects.in_force(faces, Correction.Kind.ORIGIN).items():
        faces[entry] = (*faces[entry][:2], origin)
    _write(faces, set(alone), now)
    _name_leads(stories, leads)


def _members(stories: set[int], alone: list[int], registry: Offices) -> dict[int, tuple[int | None, Member]]:
    entries = Entry.objects.public_of(id__in=alone) | Entry.objects.public_of(story__in=stories)
    known = registry.by_id
    rows = entries.annotate(head=Substr("public_revision__text", 1, HEAD)).values_list(
        *("id", "story_id", "satker_id", "published_at", "first_seen_at", "public_revision__title", "head")
    )
    return {
        pk: (story, Member(pk, known[satker], published_at, first_seen_at, Told(title, head or "")))
        for pk, story, satker, published_at, first_seen_at, title, head in rows
    }


def _faces(members: list[Member], lead: Member, registry: Offices) -> dict[int, Face]:
    others = {member.office.pk for member in members} - {lead.office.pk}
    source = source_of(members, lead, registry)
    return {
        member.entry: (
            member.entry == lead.entry,
            len(others) if member.entry == lead.entry else 0,
            origin_of(member, lead, registry, source),
        )
        for member in members
    }


def _write(faces: dict[int, Face], done: set[int], now: datetime) -> None:
    before = {
        pk: (is_lead, carriers, origin)
        for pk, is_lead, carriers, origin in Entry.objects.filter(id__in=faces).values_list(
            "id", "is_lead", "carriers", "origin"
        )
    }
    changed = [pk for pk, face in faces.items() if before.get(pk) != face]
    bulk.update(Entry, ("is_lead", "carriers", "origin"), [(*faces[pk], pk) for pk in changed])
    Entry.objects.filter(id__in=done).update(clustered_at=now)
    Change.objects.mark(sorted(changed))


def _name_leads(stories: set[int], leads: dict[int, Member]) -> None:
    named = dict(Story.objects.filter(id__in=stories).values_list("id", "lead_id"))
    rows = [(leads[s].entry if s in leads else None, s) for s in sorted(named)]
    bulk.update(Story, ("lead_id",), [(lead, s) for lead, s in rows if named[s] != lead])
