"""What the posts of one satker amount to, day by day and month by month: pure counting, no database."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from portal.monitoring.figures import duty
from portal.monitoring.figures import months as months_of

Key = tuple[Any, ...]
CLEAR = ("ok", "future")
REPOST = ("central", "province", "peer")
STAGE, OUTSIDE, TOPIC, SOURCE = "s", "n", "t", "r"
GENERIC = frozenset(
    """berita\nberita terbaru\npengumuman\ninformasi\nkegiatan\ndokumentasi\nfoto\nfoto kegiatan\ngaleri
video\nartikel\nsiaran pers\npress release\nuntitled\nno title\ntanpa judul\njudul\npost\ntest\ntes
hello world\nhalo dunia\nauto draft\ndraf""".splitlines()
)
_WORD = re.compile(r"[^\W_]+")
_NOTICE = re.compile(r"^\W*(?:pengumuman|announcement)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Post:
    """What counting needs to know of a public post. `topics`: keys, the best first."""

    pk: int
    published_at: datetime
    first_seen_at: datetime
    date_status: str
    origin: str
    stage: int | None
    title: str
    topics: tuple[int, ...] = ()
    event_on: date | None = None
    is_import: bool = False
    is_empty: bool = False
    is_garbled: bool = False
    is_corrected: bool = False
    is_announcement: bool = False  # by its categories
    slug: str = ""
    source: int | None = None  # the satker whose post it carries
    named_duty: str = ""  # passage that names the continuous update of the voter list


@dataclass(slots=True)
class Day:
    """The numbers of a day: here they are named for sums, kept rows and indexes alike."""

    posts: int = 0
    own: int = 0
    own_on_topic: int = 0
    central: int = 0
    provincial: int = 0
    peer: int = 0
    child: int = 0
    announcements: int = 0
    staged: int = 0


NUMBERS = tuple(one.name for one in fields(Day))


@dataclass(slots=True)
class Month:
    posts: int = 0
    impossible: int = 0
    future: int = 0
    undated: int = 0
    empty_title: int = 0
    generic_title: int = 0
    empty_body: int = 0
    double_slug: int = 0
    encoding: int = 0
    corrected: int = 0
    lags: list[int] = field(default_factory=list)
    delays: list[int] = field(default_factory=list)


QUALITY = tuple(one.name for one in fields(Month))


@dataclass(frozen=True, slots=True)
class Duty:
    entry: int
    day: date
    quarter: int
    named: bool
    title: str


@dataclass(slots=True)
class Counted:
    """All figures of one satker."""

    days: dict[date, Day] = field(default_factory=lambda: defaultdict(Day))
    months: dict[date, Month] = field(default_factory=lambda: defaultdict(Month))
    subjects: Counter[tuple[date, str, int]] = field(default_factory=Counter)
    duties: dict[int, Duty] = field(default_factory=dict)

    def day_rows(self) -> dict[Key, Key]:
        return {(day,): _values(figures, NUMBERS) for day, figures in self.days.items()}

    def month_rows(self) -> dict[Key, Key]:
        return {(month,): _values(figures, QUALITY) for month, figures in self.months.items()}

    def sums_rows(self) -> dict[Key, Key]:
        """The days of each month added up, with how many had an own post, and a bit for each."""
        months: dict[int, list[tuple[date, Day]]] = defaultdict(list)
        for day, figures in self.days.items():
            months[months_of.number(day)].append((day, figures))
        return {
            (month,): (
                *(sum(getattr(figures, name) for _day, figures in its) for name in NUMBERS),
                sum(figures.own > 0 for _day, figures in its),
                sum(1 << (day.day - 1) for day, _figures in its),
            )
            for month, its in months.items()
        }


def _values(figures: Day | Month, names: Iterable[str]) -> Key:
    return tuple(getattr(figures, name) for name in names)


def count(posts: Iterable[Post], zone: str) -> Counted:
    """`zone`: of the satker; a post counts on the day it was published on the clocks there."""
    counted, clocks = Counted(), ZoneInfo(zone)
    slugs: dict[date, Counter[str]] = defaultdict(Counter)
    for post in posts:
        day = post.published_at.astimezone(clocks).date()
        month = day.replace(day=1)
        _quality(counted.months[month], post)
        slugs[month][post.slug] += 1
        if post.date_status in CLEAR:
            _day(counted.days[day], post)
            _subjects(counted.subjects, month, post)
            _times(counted.months[month], post, day)
            _duty(counted.duties, post, day)
    for month, found in slugs.items():
        counted.months[month].double_slug = sum(n - 1 for slug, n in found.items() if slug and n > 1)
    for figures in counted.months.values():
        figures.lags.sort()
        figures.delays.sort()
    return counted


def _day(day: Day, post: Post) -> None:
    day.posts += 1
    day.staged += post.stage is not None
    day.announcements += post.is_announcement or bool(_NOTICE.match(post.title))
    match post.origin:
        case "own":
            day.own += 1
            day.own_on_topic += bool(post.topics)
        case "central":
            day.central += 1
        case "province":
            day.provincial += 1
        case "peer":
            day.peer += 1
        case "child":
            day.child += 1


def _subjects(subjects: Counter[tuple[date, str, int]], month: date, post: Post) -> None:
    subjects[month, STAGE, post.stage or 0] += 1
    if post.stage is None:
        subjects[month, OUTSIDE, post.topics[0] if post.topics else 0] += 1
    for topic in post.topics:
        subjects[month, TOPIC, topic] += 1
    if post.origin in REPOST and post.source:
        subjects[month, SOURCE, post.source] += 1


def _times(month: Month, post: Post, day: date) -> None:
    """A first import tells nothing of how fast a post came here, a re-post nothing of its event."""
    if post.origin == "own" and post.event_on is not None and post.event_on <= day:
        month.lags.append((day - post.event_on).days)
    if not post.is_import and post.date_status == "ok":
        month.delays.append(max(0, int((post.first_seen_at - post.published_at).total_seconds() // 60)))


def _quality(month: Month, post: Post) -> None:
    words = _WORD.findall(post.title.lower())
    month.posts += 1
    month.impossible += post.date_status == "impossible"
    month.future += post.date_status == "future"
    month.undated += post.date_status == "missing"
    month.empty_title += not words
    month.generic_title += " ".join(words) in GENERIC
    month.empty_body += post.is_empty
    month.encoding += post.is_garbled
    month.corrected += post.is_corrected


def _duty(duties: dict[int, Duty], post: Post, day: date) -> None:
    """A release of somebody else fulfils nobody's duty."""
    if post.origin in (*REPOST, "child") or not duty.is_duty(post.title, post.named_duty):
        return
    found = duty.quarter_of(post.title, day)
    duties[post.pk] = Duty(post.pk, day, found.quarter, found.named, post.title[:500])


def median(values: Sequence[int]) -> float | None:
    """Of sorted or unsorted numbers; of none it is not known."""
    return quantile(sorted(values), 50)


def quantile(ordered: Sequence[int], part: int) -> float | None:
    """The number below which so many per cent of these lie, linear between the two nearest ones."""
    if not ordered:
        return None
    low, rest = divmod((len(ordered) - 1) * part, 100)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * rest / 100
