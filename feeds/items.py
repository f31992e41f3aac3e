"""What a feed says of one post: facts, read in a constant number of queries and without the long texts, and
the item made of them, fit for every format.

A kept fragment is found by the facts alone; the item, which takes longer to make, is made only for those
that are not kept.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import F
from django.db.models.functions import Coalesce, Greatest
from django.utils.text import slugify
from django.utils.translation import gettext as _

from aggregator import links
from aggregator.models import Entry, EntryTopic, Revision, Satker
from feeds import media
from feeds.addresses import absolute, entry_tag
from feeds.channels import tombstones
from feeds.media import File, Picture

EXCERPT = 500  # characters
MOST_CATEGORIES = 15  # of the site's own

# What XML 1.0 §2.2 does not allow: one such character makes a whole feed unreadable.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def fit(text: str) -> str:
    """Without the characters that XML forbids or discourages."""
    return _FORBIDDEN.sub("", text)


class Category(NamedTuple):
    scheme: str
    term: str
    label: str


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed. All texts are fit for XML, all addresses are absolute http(s)."""

    entry_id: int
    title: str
    url: str  # of the post at its own site
    page: str  # of the post here
    published_at: datetime
    updated_at: datetime
    excerpt: str
    language: str
    byline: str  # the site's own author
    satker: str
    satker_url: str
    source_url: str  # the satker's feed that brought it; "" for a tombstone
    carriers: int
    categories: tuple[Category, ...]
    files: tuple[File, ...] = ()
    picture: Picture | None = None

    @property
    def rights(self) -> str:
        return _("Isi milik %s. Boleh dikutip dengan menyebut sumbernya.") % self.satker

    @property
    def identifier(self) -> str:
        return entry_tag(self.entry_id)


class Topic(NamedTuple):
    slug: str
    name: str


class Facts(NamedTuple):
    """What a fragment depends on, as the database has it. Equal facts give equal fragments."""

    entry_id: int
    url: str
    published_at: datetime
    carriers: int
    revision_id: int
    public_at: datetime | None
    revision_url: str
    title: str
    author: str
    summary: str
    labels: tuple[str, ...]
    language: str
    code: str
    slug: str
    satker: str
    hostname: str
    evidence: str
    province_slug: str | None
    province: str | None
    stage_slug: str | None
    stage: str | None
    feed_url: str
    changed_at: datetime  # of anything of this, as far as the rows tell
    topics: tuple[Topic, ...]
    files: tuple[File, ...] = ()
    picture: Picture | None = None

    @property
    def updated_at(self) -> datetime:
        """When this version became public; a post is never updated before it was published."""
        return _told_apart(max(self.public_at or self.published_at, self.published_at), self.entry_id)

    def item(self, text: str = "") -> Item:
        """The item; `text` stands in for a summary that is not there."""
        title = fit(self.title).strip() or _("(tanpa judul)")
        page = absolute(f"/berita/{self.entry_id}/{slugify(self.title)[:80].strip('-') or 'berita'}")
        return Item(
            entry_id=self.entry_id,
            title=title,
            url=links.absolute(self.revision_url or self.url) or page,
            page=page,
            published_at=self.published_at,
            updated_at=self.updated_at,
            excerpt=shortened(fit(self.summary or text).strip()) or title,
            language=self.language or "id",
            byline=fit(self.author).strip(),
            satker=fit(self.satker),
            satker_url=self._satker_url(),
            source_url=self.feed_url,
            carriers=self.carriers,
            categories=tuple(self._categories()),
            files=self.files,
            picture=self.picture,
        )

    def _satker_url(self) -> str:
        """The office's own site; its page here while nobody has seen the site."""
        if self.hostname and self.evidence != Satker.HostEvidence.PATTERN:
            return f"https://{self.hostname}/"
        return absolute(f"/satker/{self.code}/{self.slug}")

    def _categories(self) -> Iterator[Category]:
        if self.province_slug:
            yield Category(absolute("/provinsi"), self.province_slug, self.province or "")
        for topic in self.topics:
            yield Category(absolute("/topik"), topic.slug, topic.name)
        if self.stage_slug:
            yield Category(absolute("/tahapan"), self.stage_slug, self.stage or "")
        if self.carriers:
            label = _("Dimuat juga oleh %d satker") % self.carriers
            yield Category(absolute("/skema/dimuat-juga"), str(self.carriers), label)
        own = dict.fromkeys(" ".join(fit(str(label)).split()) for label in self.labels)
        for label in [label for label in own if label][:MOST_CATEGORIES]:
            yield Category(absolute(f"/satker/{self.code}"), label, label)


_COLUMNS = (
    *("id", "url", "published_at", "carriers", "public_revision_id"),
    *(
        f"public_revision__{name}"
        for name in ("public_at", "url", "title", "author", "summary", "categories", "language")
    ),
    *(f"satker__{name}" for name in ("code", "slug", "name", "hostname", "hostname_evidence")),
    *("province__slug", "province__name", "stage__slug", "stage__name", "feed__url"),
)
_LABELS = _COLUMNS.index("public_revision__categories")
_BESIDE = ("public_revision__enclosures", *(f"picture__{x}" for x in ("name", "width", "height", "tried_at")))
_CHANGED = Greatest(
    Coalesce(F("public_revision__public_at"), F("released_at")),
    F("released_at"),
    Coalesce(F("clustered_at"), F("released_at")),
    Coalesce(F("classified_at"), F("released_at")),
)


def load(entry_ids: list[int]) -> list[Facts]:
    """The facts of these entries, in this order, without those that are not public (any more)."""
    found = Entry.objects.public().filter(id__in=entry_ids).values_list(*_COLUMNS, *_BESIDE, _CHANGED)
    rows = {row[0]: row for row in found}
    topics = _topics(rows)
    return [_facts(row, topics.get(pk, ())) for pk in entry_ids if (row := rows.get(pk))]


def _facts(row: tuple[Any, ...], topics: Iterable[Topic]) -> Facts:
    """Of one row: the columns, what is beside a post, and when the rest last changed."""
    *columns, stored, name, width, height, made_at, changed_at = row
    columns[_LABELS] = tuple(columns[_LABELS])
    shown = media.picture(columns[0], name, width, height)
    if shown:
        changed_at = max(changed_at, made_at)
    return Facts._make((*columns, changed_at, tuple(topics), media.files(stored), shown))


def _told_apart(at: datetime, entry_id: int) -> datetime:
    """A batch of posts becomes public in one moment, but readers that sort by `updated` want no two alike:
    the same small addition for a post at all times."""
    return at + timedelta(microseconds=entry_id % 1000)


class Tombstone(NamedTuple):
    """What is told of a post that was public once: number, office and times. Nothing it said."""

    entry_id: int
    released_at: datetime
    changed_at: datetime
    satker: str
    code: str
    slug: str
    revision_id: int = 0
    summary: str = "-"  # it needs no text in its place

    @property
    def updated_at(self) -> datetime:
        return _told_apart(self.changed_at, self.entry_id)

    def item(self, _text: str = "") -> Item:
        page = absolute(f"/berita/{self.entry_id}")
        return Item(
            entry_id=self.entry_id,
            title=_("Berita nomor %d tidak lagi terbit") % self.entry_id,
            url=page,
            page=page,
            published_at=min(self.released_at, self.changed_at),
            updated_at=self.updated_at,
            excerpt=_("Berita ini ditarik atau ditahan untuk diperiksa. Hapus salinan Anda."),
            language="id",
            byline="",
            satker=fit(self.satker),
            satker_url=absolute(f"/satker/{self.code}/{self.slug}"),
            source_url="",
            carriers=0,
            categories=(),
        )


def load_tombstones(entry_ids: list[int]) -> list[Tombstone]:
    columns = ("id", "released_at", "withdrawn_at", "satker__name", "satker__code", "satker__slug")
    rows = {row[0]: row for row in tombstones().filter(id__in=entry_ids).values_list(*columns)}
    return [Tombstone(*row) for pk in entry_ids if (row := rows.get(pk))]


def bodies(revision_ids: Iterable[int]) -> dict[int, str]:
    """The sanitised texts by revision."""
    found = Revision.objects.filter(id__in=list(revision_ids)).values_list("id", "content_html")
    return {pk: fit(html) for pk, html in found}


def texts(revision_ids: Iterable[int]) -> dict[int, str]:
    """The plain texts by revision."""
    return dict(Revision.objects.filter(id__in=list(revision_ids)).values_list("id", "text"))


def shortened(text: str, most: int = EXCERPT) -> str:
    """At most so many characters, cut between words."""
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(maxsplit=1)[0].rstrip(" ,;:.–-") + "…"


def _topics(entry_ids: Iterable[int]) -> dict[int, list[Topic]]:
    kept = EntryTopic.objects.filter(entry__in=list(entry_ids), removed=False).order_by("-score", "topic")
    found: dict[int, list[Topic]] = defaultdict(list)
    for pk, slug, name in kept.values_list("entry_id", "topic__slug", "topic__name"):
        found[pk].append(Topic(slug, name))
    return found
