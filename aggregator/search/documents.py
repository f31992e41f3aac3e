"""Entries as the index holds them: analysed text, facets, sort keys and which folds they stand for.

A story that many satker carry is shown once. Which of its entries stands for it depends on what the
reader narrows by, so each entry says for which folds it stands:

    nation    nothing is narrowed by place: the lead of the story
    province  within its province: the lead if it is there, else the earliest there
    satker    within its satker, likewise
    repost    among the re-posts of the story, when only re-posts are asked for
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from aggregator.clocks import weekday_and_hour
from aggregator.models import Entry, EntryTopic
from aggregator.search.analysis import MONTHS, terms
from aggregator.search.filters import NON_STAGE, origins
from aggregator.search.moments import WIB, order_key
from aggregator.search.phrases import marks

FOLDS = ("nation", "province", "satker", "repost")
LONGEST_TEXT = 100_000  # characters of a body that are searchable
BREAK = "¶"  # between title, places, date and body, so that no phrase reaches over
REPOSTS = frozenset(origins("muat-ulang"))


@dataclass(frozen=True, slots=True)
class Document:
    """One public entry. Lists are analysed words; keys of facets are `results.FACETS` and `CLOCK`."""

    entry_id: int
    order: int  # sort key, see moments.order_key
    released: int
    title: list[str]  # stems
    words: list[str]  # stems of title, places and body, and marks of phrases
    forms: list[str]  # the same words as written, each once
    facets: dict[str, tuple[str, ...]]
    folds: tuple[str, ...]


def documents(entry_ids: Collection[int]) -> list[Document]:
    """The documents of those of the entries that are public. Four queries whatever the number."""
    rows = list(
        Entry.objects.public()
        .filter(id__among=entry_ids)
        .values(
            "id", "published_at", "released_at", "origin", "story_id", "satker__code", "satker__name",
            "satker__region_name", "satker__timezone", "province__slug", "province__name", "stage__slug",
            "public_revision__title", "public_revision__summary", "public_revision__text",
        )
    )  # fmt: skip
    found = [row["id"] for row in rows]
    topics: dict[int, list[str]] = defaultdict(list)
    for entry_id, slug in EntryTopic.objects.filter(entry__among=found, removed=False).values_list(
        "entry_id", "topic__slug"
    ):
        topics[entry_id].append(slug)
    owners = _owners({row["story_id"] for row in rows if row["story_id"]})
    return [_document(row, tuple(topics[row["id"]]), owners) for row in rows]


def neighbours(entry_ids: Collection[int]) -> set[int]:
    """Other entries of the same stories whose folds may have changed with these: for each fold that one
    of these is in, whoever stands for it now and whoever would without them."""
    touched = list(Entry.objects.filter(id__among=entry_ids, story__isnull=False).values(*_MEMBER))
    public = _members({row["story_id"] for row in touched})
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in public:
        for _fold, key in _groups(row):
            groups[key].append(row)
    given, found = set(entry_ids), set()
    still_public = {row["id"] for row in public}
    for row in touched:
        for _fold, key in _groups(row):
            others = [member for member in groups[key] if member["id"] not in given]
            if not others:
                continue
            owner, without = _first(groups[key]), _first(others)
            if owner["id"] in given or row["id"] not in still_public:
                found.add(without["id"])
    return found


_MEMBER = ("id", "story_id", "province_id", "satker_id", "is_lead", "origin", "published_at")


def _members(story_ids: Collection[int]) -> list[dict[str, Any]]:
    if not story_ids:
        return []
    return list(Entry.objects.public().filter(story__among=story_ids).values(*_MEMBER))


def _groups(row: dict[str, Any]) -> Iterable[tuple[str, tuple[Any, ...]]]:
    """The folds an entry of a story takes part in, each with its key."""
    story = row["story_id"]
    yield "nation", ("nation", story)
    yield "province", ("province", story, row["province_id"])
    yield "satker", ("satker", story, row["satker_id"])
    if row["origin"] in REPOSTS:
        yield "repost", ("repost", story)


def _first(members: list[dict[str, Any]]) -> dict[str, Any]:
    return min(members, key=lambda row: (not row["is_lead"], row["published_at"], row["id"]))


def _owners(story_ids: Collection[int]) -> dict[int, set[str]]:
    """By entry id, for every public entry of these stories: the folds it stands for."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    members = _members(story_ids)
    for row in members:
        for _fold, key in _groups(row):
            groups[key].append(row)
    owners: dict[int, set[str]] = {row["id"]: set() for row in members}
    for key, rows in groups.items():
        owners[_first(rows)["id"]].add(key[0])
    return owners


def _document(row: Mapping[str, Any], topics: tuple[str, ...], owners: dict[int, set[str]]) -> Document:
    title = terms(row["public_revision__title"])
    text = row["public_revision__text"] or row["public_revision__summary"]
    body = terms(text[:LONGEST_TEXT])
    places = terms(" ".join(dict.fromkeys(filter(None, (row["satker__name"], row["province__name"])))))
    local = timezone.localtime(row["published_at"], WIB)
    # "31 oktober 2025" is asked for in words.
    dated = terms(f"{local.day} {MONTHS[local.month - 1]} {local.year}")
    weekday, hour = weekday_and_hour(row["published_at"], row["satker__timezone"])
    words = [stem for _form, stem in title] + [BREAK]
    words += [stem for _form, stem in places] + [BREAK] + [stem for _form, stem in dated] + [BREAK]
    words += [stem for _form, stem in body]
    folds = owners.get(row["id"], FOLDS) if row["story_id"] else FOLDS
    origin = row["origin"]
    named = "sendiri" if origin == Entry.Origin.OWN else "muat-ulang" if origin in REPOSTS else ""
    return Document(
        entry_id=row["id"],
        order=order_key(row["published_at"], row["id"]),
        released=order_key(row["released_at"] or row["published_at"], row["id"]),
        title=[stem for _form, stem in title],
        words=[*words, BREAK, *marks(words)],
        forms=list(dict.fromkeys([form for form, _stem in (*title, *places, *body)])),
        facets={
            "provinsi": tuple(filter(None, (row["province__slug"],))),
            "satker": (row["satker__code"],),
            "topik": topics,
            "tahapan": (row["stage__slug"] or NON_STAGE,),
            "asal": tuple(filter(None, (named,))),
            "bulan": (f"{local:%Y-%m}",),
            "hari": (str(weekday),),
            "jam": (str(hour),),
        },
        folds=tuple(fold for fold in FOLDS if fold in folds),
    )
