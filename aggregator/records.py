"""The frozen records that travel between the stages: fetch → parse → clean → store.

Nothing here knows Django. All times are aware UTC; all texts that come from a site are what the site
sent until `clean` has made a CleanEntry of them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.errors import FeedError


class Outcome(enum.StrEnum):
    """How one attempt to read a feed ended."""

    FETCHED = "fetched"  # a body that differs from the last one
    NOT_MODIFIED = "not_modified"  # the server answered 304
    SAME_BODY = "same_body"  # 200 with the bytes we already have: parse is skipped, validators are kept
    FAILED = "failed"


class DateStatus(enum.StrEnum):
    """What the site's claim about an entry's publication date is worth."""

    OK = "ok"
    MISSING = "missing"
    IMPOSSIBLE = "impossible"  # 30 February, year 0201, words that are no date
    FUTURE = "future"  # claimed to be more than a day ahead of the first fetch


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """Limits of the guarded way out, from the settings. Times in seconds, sizes in bytes."""

    user_agent: str
    timeout: float = 30.0  # the whole exchange, redirects included
    connect_timeout: float = 10.0
    idle_timeout: float = 10.0  # longest silence between two reads
    max_bytes: int = 5_000_000  # after decompression
    max_ratio: float = 100.0  # decompressed to compressed, beyond the first megabyte
    max_redirects: int = 5
    concurrency: int = 32
    host_concurrency: int = 1
    host_spacing: float = 1.0  # between two requests to one host
    ip_concurrency: int = 8  # central hosting: hundreds of hosts on one address
    allowed_networks: tuple[str, ...] = ()  # CIDRs that may be asked although not public
    allowed_ports: tuple[int, ...] = (80, 443)


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """One feed to be asked for, with what we remember of the last answer."""

    feed_id: int
    url: str
    approved_hosts: frozenset[str]  # exact host names (punycode, lower case) a redirect may lead to
    etag: str = ""
    last_modified: str = ""
    body_sha256: str = ""  # hex, of the last body that was parsed
    owner: int = 0  # the satker: its feeds are asked one after the other, whatever their hosts; 0: nobody


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What came of one FetchRequest. `error` is set exactly when outcome is FAILED."""

    feed_id: int
    url: str
    outcome: Outcome
    started_at: datetime
    duration_ms: int
    status: int | None = None
    final_url: str = ""
    permanent_url: str = ""  # where an unbroken chain of 301/308 led, if anywhere
    body: bytes = b""
    body_sha256: str = ""
    wire_bytes: int = 0
    media_type: str = ""  # lower case, without parameters
    charset: str = ""
    etag: str | None = None  # None: the answer carried none (a 304 keeps the old one)
    last_modified: str | None = None
    fresh_for: float | None = None  # seconds, from Cache-Control max-age or Expires
    retry_after: float | None = None  # seconds, from Retry-After
    hub_links: tuple[str, ...] = ()
    error: FeedError | None = None


@dataclass(frozen=True, slots=True)
class Enclosure:
    url: str
    media_type: str = ""
    length: int | None = None  # bytes, as claimed


@dataclass(frozen=True, slots=True)
class ParsedEntry:
    """One entry as the feed has it: nothing is cleaned, nothing is to be trusted."""

    guid: str = ""
    link: str = ""
    title: str = ""
    author: str = ""
    published: str = ""  # the claim, as written
    updated: str = ""
    summary: str = ""  # HTML or text
    content: str = ""  # HTML; the fullest version offered
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image: str = ""
    language: str = ""
    base: str = ""  # xml:base in force


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A readable feed."""

    version: str  # rss20, atom10, rss10, json11 ...
    title: str = ""
    link: str = ""
    language: str = ""
    generator: str = ""
    entries: tuple[ParsedEntry, ...] = ()
    ttl: int | None = None  # minutes
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()
    update_seconds: int | None = None  # sy:updatePeriod / sy:updateFrequency
    hub_links: tuple[str, ...] = ()
    self_link: str = ""
    prev_archive: str = ""  # RFC 5005
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CleanEntry:
    """One entry that is safe to store and show: every text bounded, every URL http(s) or empty."""

    guid: str
    url: str  # absolute, as published
    canonical_url: str  # see links.canonical; "" when the entry has no usable link
    title: str  # plain text
    author: str  # plain text
    summary: str  # plain text, one paragraph
    content_html: str  # sanitised
    text: str  # plain text of the body, paragraphs parted by blank lines
    categories: tuple[str, ...]
    enclosures: tuple[Enclosure, ...]
    image_url: str
    language: str  # "id", "en" ... or ""
    published_claimed: str  # as written, bounded
    published_at: datetime | None  # None unless date_status is OK or FUTURE
    updated_at: datetime | None
    date_status: DateStatus
    content_sha256: str  # hex over title, text, links and attachments: what makes a new revision
    signals: tuple[str, ...] = ()  # what had to be taken out, for screen: "script", "iframe", "hidden" ...


@dataclass(frozen=True, slots=True)
class RejectedEntry:
    position: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class CleanFeed:
    """What leaves a parse worker for one fetched body."""

    feed: ParsedFeed  # with `entries` emptied
    entries: tuple[CleanEntry, ...] = ()
    rejected: tuple[RejectedEntry, ...] = field(default=())
