"""How one site publishes, by seed and code: its feed, its character set, what its server remembers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.demo.places import Office
from aggregator.demo.posts import Post
from aggregator.demo.timeline import LIVE_NUMBERS

FEED_PATHS = {
    "wordpress": "/feed/",
    "joomla": "/index.php?format=feed&type=rss",
    "platform": "/rss",  # RSS 2.0 with the addresses of the uniform site and dates in Indonesian
    "atom": "/atom.xml",
    "rdf": "/index.rdf",
    "json": "/feed.json",
}
MEDIA_TYPES = {
    "wordpress": "application/rss+xml",
    "joomla": "application/rss+xml",
    "platform": "text/xml",
    "atom": "application/atom+xml",
    "rdf": "application/rdf+xml",
    "json": "application/feed+json",
}
_KINDS = (
    ("wordpress",) * 10 + ("joomla",) * 6 + ("platform",) * 3 + ("atom",) * 3 + ("rdf",) * 2 + ("json",) * 2
)


@dataclass(frozen=True, slots=True)
class Habits:
    kind: str
    charset: str  # of the feed, as Python knows it
    has_etag: bool
    has_modified: bool
    compresses: bool
    curly: bool  # typographic quotation marks
    excerpts_only: bool  # the feed has the first paragraph, not the whole text
    dates: str  # rfc, wib or words: how the uniform platform writes its dates

    @property
    def feed_path(self) -> str:
        return FEED_PATHS[self.kind]

    @property
    def media_type(self) -> str:
        return f"{MEDIA_TYPES[self.kind]}; charset={self.charset.upper()}"


def habits(office: Office) -> Habits:
    luck = office.trait
    kind = _KINDS[office.habit("kind", len(_KINDS))]
    if office.level == "national":
        kind = "wordpress"
    old = kind in ("joomla", "rdf", "platform")
    charset = "utf-8"
    if old and luck("charset") < 0.24:
        charset = "windows-1252" if luck("which charset") < 0.55 else "iso-8859-1"
    memory = luck("memory")
    return Habits(
        kind=kind,
        charset=charset,
        has_etag=memory < 0.84,
        has_modified=memory < 0.76 or 0.84 <= memory < 0.93,
        compresses=luck("compresses") < 0.85,
        curly=charset != "iso-8859-1" and luck("curly") < 0.6,
        excerpts_only=office.level == "regency" and luck("excerpts") < 0.08,
        dates=("rfc", "wib", "words")[office.habit("dates", 3)],
    )


# What the board of the migration would say of a site of each kind, as often as it stands here.
_MIGRATION = {
    "wordpress": ("M",) * 7 + ("M!", "K3", "K3"),
    "platform": ("K3", "K3", "M"),
    "joomla": ("K2", "K2", "K2", "M!"),
    "atom": ("K2", "K1"),
    "rdf": ("K2", "K1"),
    "json": ("K2", "K1"),
}


def migration_status(office: Office) -> str:
    """One of `Satker.Migration`, the same at every start."""
    if office.level == "national":
        return "M"
    choices = _MIGRATION[habits(office).kind]
    return choices[office.habit("migration", len(choices))]


def local_time(office: Office, moment: datetime) -> datetime:
    """`moment` on the office's clock, naive."""
    return moment.replace(tzinfo=None) + timedelta(hours=office.offset)


def post_path(office: Office, kind: str, post: Post) -> str:
    """The path of a post at its site; no two posts of a site share one."""
    if kind == "wordpress":
        local = local_time(office, post.published_at)
        return f"/{local:%Y/%m/%d}/{post.slug}{repeat_mark(post.number)}/"
    if kind == "joomla":
        return f"/index.php/berita/{post.number}-{post.slug}"
    if kind == "platform":
        return f"/blog/read/{post.number}_{post.slug}"
    return f"/berita/baca/{post.number}/{post.slug}"


def repeat_mark(number: int) -> str:
    """What WordPress puts behind a slug that the day has already; nothing for the first post of a day."""
    again = number % 10 if number < LIVE_NUMBERS else number
    return f"-{again + 1}" if again else ""


def picture_path(kind: str, post: Post) -> str:
    folder = {"wordpress": "/wp-content/uploads", "joomla": "/images/berita", "platform": "/public/images"}
    return f"{folder.get(kind, '/images')}/{post.published_at:%Y/%m}/kegiatan-{post.number}.png"


def document_path(post: Post) -> str:
    return f"/dmdocument/{post.number}-{post.slug[:40].strip('-')}.pdf"
