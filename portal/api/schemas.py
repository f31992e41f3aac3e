"""What the API gives: one class an object. The field descriptions are the reference documentation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from ninja import Field, Schema

EntryId = Annotated[int, Field(gt=0, lt=2**63)]


class Problem(Schema):
    """Problem details of an error (RFC 9457)."""

    type: str = Field("about:blank", description="Always about:blank: the status says it")
    title: str = Field(description="What kind of error it is")
    status: int = Field(description="The HTTP status, again")
    detail: str = Field(description="What is wrong with this request, in a sentence")
    parameter: str | None = Field(None, description="The parameter that is at fault, where one is")


class Named(Schema):
    """A province, topic or stage."""

    slug: str = Field(description="As used in filters and addresses")
    name: str = Field(description="Name in Indonesian")


class SatkerRef(Schema):
    """The office that published a post."""

    code: str = Field(description="Four digits; two for a province; 0 for the national office")
    name: str = Field(description="Full name")


class StoryRef(Schema):
    """The story that a post tells together with posts of other offices."""

    id: int = Field(description="Number of the story; see /stories/{id}")
    carriers: int = Field(description="How many other offices carry it (told on its original)")
    is_original: bool = Field(description="Whether this post is the original of the story")


class Entry(Schema):
    """One post of one office, as its list entry."""

    id: int = Field(description="Number of the post; stays through corrections and moves")
    title: str = Field(description="Title, plain text")
    url: str = Field(description="The post at the office's own site")
    page: str = Field(description="The post on this portal")
    published_at: datetime = Field(description="When the site published it (UTC)")
    date_is_clear: bool = Field(description="False: the site gives no usable date; the time of first sight")
    updated_at: datetime = Field(description="When this version became public here (UTC)")
    excerpt: str = Field(description="Beginning of the text, plain")
    language: str = Field(description="BCP 47 code")
    satker: SatkerRef
    province: Named | None = Field(description="None for the national office")
    topics: list[Named]
    stage: Named | None = Field(description="Election stage; None outside of stages")
    origin: str | None = Field(
        description="own, central, province, child or peer (whose work it is); None: not decided"
    )
    event_on: date | None = Field(description="Day of the event, where the text states one")
    story: StoryRef | None = Field(description="None: nobody else tells it")


class FullEntry(Entry):
    """One post with its text."""

    author: str = Field(description="As the site names one, else empty")
    text: str = Field(description="Whole text, plain")
    html: str = Field(description="Whole text, sanitised HTML without scripts, styles and images")
    first_seen_at: datetime = Field(description="When the portal first saw it (UTC)")
    versions: int = Field(description="How many versions were public; see /entries/{id}/versions")
    text_sha256: str = Field(description="SHA-256 of the version, as told on its history page")


class EntryPage(Schema):
    """A page of posts."""

    items: list[Entry]
    total: int = Field(description="How many posts these filters find")
    total_is_exact: bool = Field(description="False: at least so many")
    next: str | None = Field(description="Address of the next page; None: this was the last")
    notes: list[str] = Field(description="Sentences for a person: how a question was read, what was left out")


class Version(Schema):
    """One public version of a post."""

    number: int
    public_at: datetime
    title: str
    text_sha256: str


class Story(Schema):
    """One story with every post that tells it, the original first."""

    id: int
    original: Entry
    carried_by: list[Entry] = Field(description="Newest first; at most 600")


class StoryPage(Schema):
    items: list[Entry] = Field(description="The originals of stories that at least one other office carries")
    next: str | None = Field(description="Address of the next page; None: this was the last")


class Change(Schema):
    """A post that became public or changed, or the trace of one that is public no longer."""

    id: int
    public: bool = Field(description="False: delete your copy")
    entry: FullEntry | None = Field(description="The post as it is now; None when it is public no longer")


class ChangePage(Schema):
    items: list[Change]
    next: str = Field(description="Ask here next, at once while has_more, later otherwise")
    has_more: bool


class Satker(Schema):
    """One of KPU's 553 offices."""

    code: str
    name: str
    level: str = Field(description="national, province or regency")
    parent: str | None = Field(description="Code of the office above")
    province: Named | None
    timezone: str = Field(description="IANA name")
    host: str | None = Field(description="Host of its site, where somebody has seen it")
    has_feed: bool = Field(description="Whether the portal reads a feed of it")
    feed_is_failing: bool = Field(description="Whether the last reading failed: silence means nothing then")
    last_post_at: datetime | None
    page: str


class Province(Schema):
    """One of the 38 provinces."""

    code: str = Field(description="Code of the Ministry of Home Affairs")
    slug: str
    name: str
    abbr: str
    timezone: str
    offices: int = Field(description="KPU offices in it")
    posts: int = Field(description="Public posts of all times")


class Topic(Schema):
    slug: str
    name: str
    description: str
    posts: int = Field(description="Public posts of all times")


class Stage(Schema):
    """One stage of one election."""

    slug: str
    name: str
    election: str
    start: date | None
    end: date | None
    posts: int = Field(description="Public posts of all times")


class ProvinceCount(Schema):
    province: Named
    posts: int
    offices: int = Field(description="KPU offices in it")


class DayCount(Schema):
    day: date
    posts: int


class TopicCount(Schema):
    topic: Named
    posts: int


class Activity(Schema):
    """Figures of a period. Days are those of WIB; posts without a clear date count on no day."""

    first: date
    last: date
    posts: int
    own: int = Field(description="Of these, the offices' own work")
    decided: int = Field(description="Of these, with a known origin")
    outside_stages: int
    undated: int = Field(description="Posts within the filters that are not counted for want of a date")
    per_province: list[ProvinceCount]
    per_day: list[DayCount] = Field(description="Days with at least one post")
    per_topic: list[TopicCount] = Field(description="A post may be on several topics")
    notes: list[str]


class Month(Schema):
    """All public posts that were published in one month (WIB), as gzipped JSON Lines of FullEntry."""

    month: str = Field(description="YYYY-MM")
    url: str
    entries: int
    bytes: int
    sha256: str = Field(description="Of the file")
    made_at: datetime


class Months(Schema):
    items: list[Month]
