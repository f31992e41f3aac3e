"""Which entry of a story is the original, and what every other one is to it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.cluster.told import Told, facts

NATIONAL, PROVINCE = "national", "province"
OWN, CENTRAL, FROM_PROVINCE, CHILD, PEER = "own", "central", "province", "child", "peer"
CAPITAL = "jakarta"
NATIONWIDE = 3  # provinces


@dataclass(frozen=True, slots=True)
class Office:
    """A satker as far as origins need it."""

    pk: int
    level: str
    parent: int | None
    province: int | None
    hostname: str
    region: str  # "kediri": lower case, without its kind


@dataclass(slots=True)
class Offices:
    by_id: dict[int, Office]
    by_host: dict[str, Office] = field(default_factory=dict)
    national: Office | None = None
    by_region: dict[tuple[int | None, str], Office] = field(default_factory=dict)  # province and region

    def __post_init__(self) -> None:
        for office in self.by_id.values():
            if office.level == NATIONAL:
                self.national = office
            if office.hostname:
                self.by_host[bare(office.hostname)] = office
            if office.level not in (NATIONAL, PROVINCE):
                self.by_region.setdefault((office.province, office.region), office)


@dataclass(frozen=True, slots=True)
class Member:
    """An entry of a story; `head` needs its title and the beginning of its text only."""

    entry: int
    office: Office
    published_at: datetime
    first_seen_at: datetime
    head: Told


def bare(hostname: str) -> str:
    return hostname.lower().removeprefix("www.")


def lead_of(members: Iterable[Member]) -> Member:
    """The central one; else the one whose host others name in their datelines; else the first published.

    A dateline is a hint and no proof: many offices write "kpu.go.id" whatever they tell."""
    everyone = list(members)
    named = Counter(
        host
        for member in everyone
        if (host := bare(member.head.dateline_host)) != bare(member.office.hostname)
    )
    return min(
        everyone,
        key=lambda m: (
            m.office.level != NATIONAL,
            -named[bare(m.office.hostname)],
            m.published_at,
            m.first_seen_at,
            m.entry,
        ),
    )


def source_of(members: Iterable[Member], lead: Member, offices: Offices) -> Office:
    """Whose story it is, even if its original is not here: the lead's own, unless most datelines name
    another office, or offices of so many provinces carry it that only the centre can have sent it."""
    everyone = list(members)
    if lead.office.level == NATIONAL:
        return lead.office
    named = Counter(office.pk for member in everyone if (office := _named(member, offices)))
    if named:
        source, votes = named.most_common(1)[0]
        if 2 * votes > len(everyone) or votes > 2:
            return offices.by_id[source]
    provinces = {member.office.province for member in everyone}
    if len(provinces) >= NATIONWIDE and offices.national:
        return offices.national
    return lead.office


def _named(member: Member, offices: Offices) -> Office | None:
    """The other office that a dateline names. "kpu.go.id" alone proves nothing: only with the capital."""
    host = bare(member.head.dateline_host)
    office = offices.by_host.get(host)
    if office is None or office.pk == member.office.pk:
        return None
    if office.level == NATIONAL and _place(member.head) != CAPITAL:
        return None
    return office


def _place(head: Told) -> str:
    return head.dateline.lower().split(",")[0].split("(")[0].strip()


def relation(office: Office, source: Office) -> str:
    """What a report counts an entry as: own work, or carried from whom (`source`: see source_of)."""
    if source.pk == office.pk:
        return OWN
    if source.level == NATIONAL:
        return CENTRAL
    if source.parent == office.pk or office.level == NATIONAL:
        return CHILD
    if source.level == PROVINCE:
        return FROM_PROVINCE
    return CHILD if office.level == PROVINCE and source.province == office.province else PEER


def origin_alone(office: Office, head: Told, offices: Offices) -> str:
    """Nobody else tells it here: only the dateline and the title can say whose it is."""
    host = bare(head.dateline_host)
    source = offices.by_host.get(host)
    place = _place(head)
    if source is not None and source.level != NATIONAL:
        return relation(office, source)
    if office.level == NATIONAL:
        return OWN
    if (
        place == CAPITAL
        and office.region != CAPITAL
        and _office_of_title(office, head, offices) is not office
    ):
        return CENTRAL
    subject = _office_of_title(office, head, offices)
    return relation(office, subject) if subject and office.level == PROVINCE else OWN


def _office_of_title(office: Office, head: Told, offices: Offices) -> Office | None:
    """The office that a title begins with: "KPU Klungkung Mantapkan …"."""
    words = list(head.title_words[:7])
    if "kpu" not in words[:2] and "kip" not in words[:2]:
        return None
    named = facts(words)["place"]
    if office.region in named:
        return office
    return next(filter(None, (offices.by_region.get((office.province, name)) for name in named)), None)
