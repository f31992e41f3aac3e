"""Posts of the demonstration network with the truth about each: which story, which topic, whose work.

A post is a pure function of seed, slot and version: asked for again, it is the same again.
"""

from __future__ import annotations

import random
import re
from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from aggregator.demo import noise
from aggregator.demo.almanac import slug
from aggregator.demo.facts import Facts
from aggregator.demo.introductions import introduced
from aggregator.demo.places import Office, mixed, offices
from aggregator.demo.scenarios import Draft, Scenario, compose, in_season
from aggregator.demo.timeline import DAY, Session, Slot, Timeline, day_of, utc

RECENT = 36 * 3600  # a re-post follows its release within this time
RECENT_LIVE = 25 * 60
REPOSTS = 0.17  # of what an office other than the national one posts, at most
DATE_FAULTS = ("30 Feb {y} 09:00:00 +0700", "0000-00-00 00:00:00", "Wed, 01 Jan 0201 08:00:00 +0700")


@dataclass(frozen=True, slots=True)
class Post:
    """One post as a site holds it. Texts are plain; how a site dresses them is `formats`' business.

    Truth: `topic` as in topic_keywords.csv; `stage` a slug of stages.csv, or "" for non-tahapan; `origin`
    own, central, provincial or child; `story_key` is shared by all carriers of one text; `event_key` by all
    who tell of one event in their own words, or "".
    """

    code: str
    number: int
    title: str
    paragraphs: tuple[str, ...]
    slug: str
    published_at: datetime
    updated_at: datetime | None
    date_text: str | None  # None: the site gives `published_at`; "" no date; else this nonsense
    author: str
    categories: tuple[str, ...]
    attachment: str
    has_picture: bool
    topic: str
    stage: str
    origin: str
    story_key: str
    event_key: str
    scenario: str
    version: int = 1

    @property
    def key(self) -> str:
        """Names the post in the whole network."""
        return f"{self.code}-{self.number}"

    @property
    def text(self) -> str:
        return "\n\n".join(self.paragraphs)


class World:
    """All posts of all offices. `sessions`: when the network ran and posted live."""

    def __init__(self, seed: int = 1, sessions: Sequence[Session] = (), registry: str | None = None) -> None:
        self.seed = seed
        self.offices: Mapping[str, Office] = offices(seed, registry)
        self.timeline = Timeline(self.offices, seed, sessions)
        self._release = lru_cache(maxsize=2000)(self._own)  # those that others re-post

    def posts(self, code: str, now: datetime, count: int, skip: int = 0) -> list[Post]:
        """What the site of this office shows at `now`, newest first, without the first `skip`."""
        moment = int(now.timestamp())
        return [self.post(slot, moment) for slot in self.timeline.newest(code, moment, skip + count)[skip:]]

    def window(self, code: str) -> int:
        """How many entries the feed of this office holds: 10 to 50, 30 on average."""
        return (10, 10, 15, 20, 20, 25, 30, 30, 30, 35, 40, 50, 50, 50)[
            self.offices[code].habit("window", 14)
        ]

    def post(self, slot: Slot, now: int) -> Post:
        """The post of this slot as it stands at `now`."""
        origin, source = self._origin(slot)
        post = self._own(slot) if source is None else self._repost(slot, source, origin)
        return self._version(self._with_marks(post, slot), slot, now)

    def next_event(self, code: str, now: int) -> int:
        """When something changes at this site: a new post or a correction. At most an hour ahead."""
        first = self.timeline.after(code, now)
        for slot in self.timeline.newest(code, now, 12):
            corrected = self._corrected_at(slot)
            if corrected and now < corrected < first:
                first = corrected
        return first

    # --- Who wrote it ----------------------------------------------------------------------------
    def _origin(self, slot: Slot) -> tuple[str, Slot | None]:
        """own, or whose release this slot carries."""
        kind, writer = self._wish(slot)
        source = self._pick(slot, writer) if writer else None
        return (kind, source) if source else ("own", None)

    def _wish(self, slot: Slot) -> tuple[str, str]:
        """What this slot is to carry, and of which office, if there is something."""
        office, luck = self.offices[slot.code], (slot.luck & 0xFFFF) / 0x10000
        if office.level == "national" or luck >= REPOSTS:
            return "own", ""
        if luck < (0.10 if office.level == "province" else 0.13 if slot.live else 0.11):
            return "central", "0"
        if office.level == "regency":
            return "provincial", office.parent
        return "child", office.children[(slot.luck >> 16) % len(office.children)].code

    def _pick(self, slot: Slot, writer: str) -> Slot | None:
        """The release this slot carries: a recent one, rather a much-carried one, and not one that an
        earlier post of the same site carries."""
        ranked = self._ranked(slot, writer)
        if not ranked:
            return None
        earlier = self.timeline.between(slot.code, slot.when - RECENT, slot.when)
        taken = {
            s for other in earlier if self._wish(other)[1] == writer for s in self._ranked(other, writer)[:1]
        }
        return next((source for source in ranked if source not in taken), None)

    def _ranked(self, slot: Slot, writer: str) -> list[Slot]:
        """Releases it might carry, the likeliest first."""
        end = slot.when - (60 * (2 + (slot.luck >> 20) % 9) if slot.live else 1500)
        candidates = self._own_slots(writer, slot.when - (RECENT_LIVE if slot.live else RECENT), end)
        if not candidates and slot.live:
            candidates = self._own_slots(writer, slot.when - RECENT, end)

        def heat(source: Slot) -> float:
            appeal = ((source.luck >> 40) / 2**24) ** 3
            return appeal * (0.3 + 0.7 * mixed(slot.luck ^ source.luck) / 2**64)

        return sorted(candidates, key=heat, reverse=True)

    def _own_slots(self, code: str, start: int, end: int) -> list[Slot]:
        slots = self.timeline.between(code, start, end)
        return [slot for slot in slots if self._wish(slot)[0] == "own"]

    # --- Own work --------------------------------------------------------------------------------
    def _own(self, slot: Slot) -> Post:
        office = self.offices[slot.code]
        nation = self.offices.get("0", office)
        parent = self.offices.get(office.parent, nation)
        rng = random.Random(slot.luck)
        happened = self._happened(slot, office, rng)
        scenario = self._scenario(office, happened, rng)
        facts = Facts(office, parent, nation, happened, rng)
        draft = compose(scenario, facts, rng)
        draft = replace(draft, paragraphs=introduced(draft.paragraphs, facts, rng))
        return self._post(slot, office, scenario, draft, happened, rng)

    def _happened(self, slot: Slot, office: Office, rng: random.Random) -> datetime:
        """Local time of what is told: the same day if it was over by then, else a working day before."""
        local = datetime.fromtimestamp(slot.when, UTC).replace(tzinfo=None) + timedelta(hours=office.offset)
        hour = rng.choice((8, 9, 9, 9, 10, 10, 13, 14))
        event = local.replace(hour=hour, minute=rng.choice((0, 0, 30)), second=0)
        if local - event < timedelta(hours=1) or rng.random() < 0.2:
            event -= timedelta(days=1)
        while event.weekday() > 4:
            event -= timedelta(days=1)
        return event

    def _scenario(self, office: Office, happened: datetime, rng: random.Random) -> Scenario:
        kinds, sums = in_season(office.level, happened.date())
        return kinds[bisect(sums, rng.random() * sums[-1])]

    def _post(
        self,
        slot: Slot,
        office: Office,
        scenario: Scenario,
        draft: Draft,
        happened: datetime,
        rng: random.Random,
    ) -> Post:
        categories = [draft.category]
        if rng.random() < 0.25 and draft.category != scenario.topic:
            categories.append(rng.choice(("Berita", office.short, "Kegiatan", f"Berita {office.short}")))
        return Post(
            code=slot.code,
            number=slot.number,
            title=draft.title,
            paragraphs=draft.paragraphs,
            slug=slug(draft.title)[:90].strip("-"),
            published_at=utc(slot.when),
            updated_at=None,
            date_text=None,
            author=self._author(office, rng),
            categories=tuple(dict.fromkeys(categories)),
            attachment=draft.attachment,
            has_picture=rng.random() < 0.8,
            topic=scenario.topic,
            stage=scenario.season.stage,
            origin="own",
            story_key=f"{slot.code}-{slot.number}",
            event_key="",
            scenario=scenario.name,
        )

    def _author(self, office: Office, rng: random.Random) -> str:
        names = ("admin", f"Humas {office.short}", office.people[14], office.people[15], office.short, "")
        habit = office.habit("author", len(names))
        return names[habit] if rng.random() < 0.85 else names[rng.randrange(len(names))]

    # --- Re-posts --------------------------------------------------------------------------------
    def _repost(self, slot: Slot, source: Slot, origin: str) -> Post:
        release = self._release(source)
        carrier, writer = self.offices[slot.code], self.offices[source.code]
        rng = random.Random(slot.luck ^ 1)
        part = rng.choice((0.0, 0.0, 0.1, 0.25, 0.5))  # of the words that have another word for them
        paragraphs = tuple(noise.reword(text, part, rng) for text in release.paragraphs)
        paragraphs = noise.dateline(paragraphs, writer, rng)
        title = self._retitled(release.title, writer, rng)
        if rng.random() < 0.14:
            paragraphs = (
                *noise.shortened(paragraphs, rng),
                f"Selengkapnya: https://{writer.row['hostname']}/",
            )
        elif rng.random() < 0.5:
            paragraphs = (*paragraphs, noise.credit(writer, carrier, rng))
        return replace(
            release,
            code=slot.code,
            number=slot.number,
            title=title,
            slug=slug(title)[:90].strip("-"),
            paragraphs=paragraphs,
            published_at=utc(slot.when),
            author=self._author(carrier, rng),
            categories=(rng.choice(("Berita Terkini", "KPU Dalam Berita", "Berita KPU RI", "Umum"))
                        if origin == "central" else "Berita Terkini",),
            attachment=release.attachment if rng.random() < 0.5 else "",
            has_picture=rng.random() < 0.7,
            origin=origin,
        )  # fmt: skip

    def _retitled(self, title: str, writer: Office, rng: random.Random) -> str:
        match rng.randrange(12):
            case 0:
                return title.upper()
            case 1:
                return f"{writer.name}: {title}"
            case 2:
                return title.split(",", 1)[1].strip() if title.count(",") == 1 and len(title) > 60 else title
            case _:
                return title

    # --- What a site does to it ------------------------------------------------------------------
    def _with_marks(self, post: Post, slot: Slot) -> Post:
        office = self.offices[slot.code]
        rng = random.Random(slot.luck ^ 2)
        paragraphs = post.paragraphs
        if post.origin == "own":
            paragraphs = noise.dateline(paragraphs, office, rng, post.published_at)
            if office.trait("signs") < 0.6:
                paragraphs = (*paragraphs, noise.signature(office, rng))
        title = post.title
        if office.trait("capitals") < 0.06 or rng.random() < 0.02:
            title = title.upper()
        if rng.random() < 0.02:
            title = noise.misprint(title, rng)
        if rng.random() < 0.03:
            title = noise.typewritten(title, rng).strip()
        if rng.random() < 0.04:
            at = rng.randrange(len(paragraphs))
            paragraphs = (*paragraphs[:at], noise.typewritten(paragraphs[at], rng), *paragraphs[at + 1 :])
        return replace(post, title=title, paragraphs=paragraphs, date_text=_date_text(rng, post))

    def _corrected_at(self, slot: Slot) -> int:
        """When the first version is replaced; 0 for never."""
        if (slot.luck >> 24 & 0xFFFF) > 0x10000 * (0.05 if slot.live else 0.022):
            return 0
        delay = slot.luck >> 44
        return slot.when + (120 + delay % 600 if slot.live else 3600 + delay % (30 * 3600))

    def _version(self, post: Post, slot: Slot, now: int) -> Post:
        """A post that will be corrected shows a mistyped figure (or title) first."""
        corrected_at = self._corrected_at(slot)
        if not corrected_at:
            return post
        if now >= corrected_at:
            return replace(post, version=2, updated_at=utc(corrected_at))
        rng = random.Random(slot.luck ^ 3)
        whole = "\n".join((post.title, *post.paragraphs))
        figures = noise.wrong_figure(whole, rng)
        if figures is None:
            return replace(post, title=noise.misprint(post.title, rng))
        right, wrong = figures
        title, *paragraphs = re.sub(rf"(?<![\d.]){re.escape(right)}(?![\d.])", wrong, whole, count=1).split(
            "\n"
        )
        return replace(post, title=title, paragraphs=tuple(paragraphs))


def _date_text(rng: random.Random, post: Post) -> str | None:
    luck = rng.random()
    if luck < 0.003:
        return ""
    if luck < 0.005:
        return rng.choice(DATE_FAULTS).replace("{y}", str(post.published_at.year))
    return None


__all__ = ["DAY", "Post", "Session", "World", "day_of"]
