"""Kinds of own activity: what offices do lately, who began it, and who does something alike.

A kind is a group of headlines that share their telling words once places, numbers, dates and offices are
taken out. Made anew by the worker every quarter of an hour and kept; thrown away, it comes back.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from aggregator.models import Entry, EntryTopic, Province, Satker, Topic
from aggregator.search.analysis import tokens
from portal.days import DATED
from portal.models import Kind

WINDOW = timedelta(days=120)  # a kind is new when nobody did it earlier in these days
LATELY = timedelta(days=30)  # kinds without a post since then are not shown
MOST_KINDS = 60  # kept of one topic
MOST_EXAMPLES = 6  # one an office
MOST_TITLES = 40_000
ALIKE = 0.5  # share of the lesser headline's weight
LEAST_WORDS = 2
GENERAL = frozenset((Path(__file__).parent / "data" / "general_words.txt").read_text().split())


@dataclass(slots=True)
class Headline:
    entry: int
    satker: int
    at: datetime
    title: str
    words: list[tuple[str, str]]  # (stem, as it is written)

    @property
    def stems(self) -> set[str]:
        return {stem for stem, _form in self.words}


@dataclass(slots=True)
class Group:
    """Headlines that tell of something alike, the earliest first."""

    members: list[Headline] = field(default_factory=list)
    stems: Counter[str] = field(default_factory=Counter)

    def add(self, headline: Headline) -> None:
        self.members.append(headline)
        self.stems.update(headline.stems)

    @property
    def shared(self) -> set[str]:
        """The words of at least a third of its headlines: a drifting group keeps its subject."""
        least = max(1, len(self.members) / 3)
        return {stem for stem, count in self.stems.items() if count >= least}

    @property
    def offices(self) -> int:
        return len({member.satker for member in self.members})


def rebuild() -> int:
    """All kinds of all topics anew; returns how many."""
    made_at, count = timezone.now(), 0
    for topic in Topic.objects.all():
        kinds = kinds_of(headlines(topic, made_at - WINDOW), made_at - LATELY)
        rows = [_row(topic, group, made_at) for group in kinds[:MOST_KINDS]]
        with transaction.atomic():
            Kind.objects.filter(topic=topic).delete()
            Kind.objects.bulk_create(rows)
        count += len(rows)
    return count


def headlines(topic: Topic, since: datetime) -> list[Headline]:
    """Of public own posts on the topic, the earliest first."""
    tagged = EntryTopic.objects.filter(topic=topic, removed=False).values("entry")
    own = Entry.objects.public().filter(
        DATED, origin=Entry.Origin.OWN, published_at__gte=since, pk__in=tagged
    )
    rows = own.newest().values_list("pk", "satker", "published_at", "public_revision__title")[:MOST_TITLES]
    places = _place_words()
    found = [Headline(pk, satker, at, title, _telling(title, places)) for pk, satker, at, title in rows]
    return found[::-1]


def kinds_of(found: Sequence[Headline], lately: datetime) -> list[Group]:
    """The kinds with a post lately, those that began last first."""
    groups = grouped(found)
    recent = [group for group in groups if group.members[-1].at >= lately]
    return sorted(recent, key=lambda group: group.members[0].at, reverse=True)


def grouped(found: Sequence[Headline]) -> list[Group]:
    """Each headline joins the group that shares most of its weight, or begins one."""
    weights = _weights(found)
    groups: list[Group] = []
    by_stem: dict[str, list[int]] = defaultdict(list)
    for headline in found:
        if len(headline.stems) < LEAST_WORDS:
            continue
        best = _best(headline, groups, by_stem, weights)
        if best is None:
            best = len(groups)
            groups.append(Group())
        for stem in headline.stems:
            if groups[best].stems[stem] == 0:
                by_stem[stem].append(best)
        groups[best].add(headline)
    return groups


def _best(
    headline: Headline, groups: list[Group], by_stem: dict[str, list[int]], weights: dict[str, float]
) -> int | None:
    """Looked for among the groups that share one of its four most telling words."""
    telling = sorted(headline.stems, key=lambda stem: (-weights[stem], stem))
    near = {place for stem in telling[:4] for place in by_stem[stem]}
    best, most = None, ALIKE
    weight = sum(weights[stem] for stem in telling)
    for place in sorted(near):
        shared = groups[place].shared
        common = headline.stems & shared
        if len(common) < LEAST_WORDS:
            continue
        least = min(weight, sum(weights[stem] for stem in shared)) or 1.0
        alike = sum(weights[stem] for stem in common) / least
        if alike > most:
            best, most = place, alike
    return best


def _weights(found: Iterable[Headline]) -> dict[str, float]:
    """Rare words tell more; a word of a single office (a name, a place) tells hardly anything."""
    offices: dict[str, set[int]] = defaultdict(set)
    everybody = set()
    for headline in found:
        everybody.add(headline.satker)
        for stem in headline.stems:
            offices[stem].add(headline.satker)
    total = len(everybody) + 1
    return {stem: math.log(total / len(who)) + 0.1 if len(who) > 1 else 0.1 for stem, who in offices.items()}


def _telling(title: str, places: frozenset[str]) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for token in tokens(title):
        if token.form in places or token.form in GENERAL or token.stem in GENERAL or _is_number(token.form):
            continue
        found.setdefault(token.stem, token.form)
    return list(found.items())


def _is_number(form: str) -> bool:
    return len(form) < 2 or any(char.isdigit() for char in form) or re.fullmatch(r"[ivx]+", form) is not None


@lru_cache(maxsize=1)
def _place_words() -> frozenset[str]:
    """All words of the names of regions; "Tanah Laut" costs the words tanah and laut, which is bearable."""
    names = [
        *Satker.objects.values_list("region_name", flat=True),
        *Province.objects.values_list("name", flat=True),
    ]
    return frozenset(token.form for name in names for token in tokens(name))


def _row(topic: Topic, group: Group, made_at: datetime) -> Kind:
    first = group.members[0]
    words = [form for stem, form in first.words if stem in group.shared] if group.offices > 1 else []
    examples: dict[int, int] = {}
    for member in [first, *reversed(group.members)]:
        examples.setdefault(member.satker, member.entry)
    return Kind(
        topic=topic,
        first_at=first.at,
        last_at=group.members[-1].at,
        posts=len(group.members),
        offices=group.offices,
        words=words[:6],
        examples=list(examples.values())[:MOST_EXAMPLES],
        made_at=made_at,
    )


def newest_kinds(size: int) -> list[Kind]:
    """Those that began last, once each: a post on two topics is of a kind in both."""
    found: dict[int, Kind] = {}
    for kind in Kind.objects.order_by("-first_at", "pk")[: size * 4]:
        found.setdefault(kind.examples[0], kind)
    return list(found.values())[:size]


@dataclass(frozen=True, slots=True)
class Shown:
    """A kind with its posts, the earliest first. What is no longer public is left out."""

    kind: Kind
    examples: list[Entry]

    @property
    def first(self) -> Entry:
        return self.examples[0]

    @property
    def later(self) -> list[Entry]:
        """Those of others that are shown beside it."""
        return self.examples[1:5]

    @property
    def others(self) -> int:
        """Offices beside the one that began."""
        return self.kind.offices - 1


def shown(kinds: Iterable[Kind]) -> list[Shown]:
    """One query for all posts."""
    kinds = list(kinds)
    wanted = {pk for kind in kinds for pk in kind.examples}
    entries = Entry.objects.public_of(pk__in=wanted).for_lines().order_by().in_bulk()
    rows = [Shown(kind, [entries[pk] for pk in kind.examples if pk in entries]) for kind in kinds]
    return [row for row in rows if row.examples]
