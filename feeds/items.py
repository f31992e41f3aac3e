"""What a feed says of one post, read in a constant number of queries and without the long texts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.utils.text import Truncator, slugify
from django.utils.translation import gettext as _

from aggregator import links
from aggregator.models import Entry, EntryTopic, Revision, Satker
from feeds.addresses import absolute, entry_tag
from feeds.channels import tombstones

EXCERPT = 500  # characters
MOST_CATEGORIES = 15  # of the site's own

# What XML 1.0 §2.2 does not allow: one such character makes a whole feed unreadable.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


class Category(NamedTuple):
    scheme: str
    term: str
    label: str


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed. All texts are fit for XML, all addresses are absolute http(s).

    Equal items give equal fragments: whatever a fragment shows is a field here.
    """

    entry_id: int
    revision_id: int  # 0: a tombstone
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
    source_url: str  # the satker's feed that brought it
    carriers: int
    categories: tuple[Category, ...]
    changed_at: datetime = field(compare=False)  # of any of these, as far as rows tell

    @property
    def identifier(self) -> str:
        return entry_tag(self.entry_id)


def fit(text: str) -> str:
    """Without the characters that XML forbids or discourages."""
    return _FORBIDDEN.sub("", text)


_COLUMNS = (
    "id",
    "url",
    "published_at",
    "carriers",
    "public_revision_id",
    "public_revision__public_at",
    "public_revision__url",
    "public_revision__title",
    "public_revision__author",
    "public_revision__summary",
    "public_revision__categories",
    "public_revision__language",
    "satker__code",
    "satker__slug",
    "satker__name",
    "satker__hostname",
    "satker__hostname_evidence",
    "province__slug",
    "province__name",
    "stage__slug",
    "stage__name",
    "feed__url",
    "released_at",
    "clustered_at",
    "classified_at",
)


class _Row(NamedTuple):
    id: int
    url: str
    published_at: datetime
    carriers: int
    revision_id: int
    public_at: datetime | None
    revision_url: str
    title: str
    author: str
    summary: str
    labels: list[str]
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
    released_at: datetime | None
    clustered_at: datetime | None
    classified_at: datetime | None


def load(entry_ids: list[int]) -> list[Item]:
    """The items of these entries, in this order, without those that are not public (any more)."""
    rows = {
        row[0]: _Row(*row) for row in Entry.objects.public().filter(id__in=entry_ids).values_list(*_COLUMNS)
    }
    topics = _topics(rows)
    texts = _texts(row.revision_id for row in rows.values() if not row.summary)
    return [
        _item(rows[pk], topics.get(pk, ()), texts.get(rows[pk].revision_id, ""))
        for pk in entry_ids
        if pk in rows
    ]


def bodies(items: Iterable[Item]) -> dict[int, str]:
    """The sanitised texts by revision."""
    found = Revision.objects.filter(id__in=[item.revision_id for item in items])
    return {pk: fit(html) for pk, html in found.values_list("id", "content_html")}


def load_tombstones(entry_ids: list[int]) -> list[Item]:
    """Numbers, offices and times of posts that were public once; nothing they said."""
    columns = ("id", "released_at", "withdrawn_at", "satker__name", "satker__code", "satker__slug")
    rows = {row[0]: row for row in tombstones().filter(id__in=entry_ids).values_list(*columns)}
    return [_tombstone(*rows[pk]) for pk in entry_ids if pk in rows]


def _tombstone(
    pk: int, released_at: datetime, withdrawn_at: datetime, name: str, code: str, slug: str
) -> Item:
    page = absolute(f"/berita/{pk}")
    return Item(
        entry_id=pk,
        revision_id=0,
        title=_("Berita nomor %d tidak lagi terbit") % pk,
        url=page,
        page=page,
        published_at=min(released_at, withdrawn_at),
        updated_at=withdrawn_at,
        excerpt=_("Berita ini ditarik atau ditahan untuk diperiksa. Hapus salinan Anda."),
        language="id",
        byline="",
        satker=fit(name),
        satker_url=absolute(f"/satker/{code}/{slug}"),
        source_url="",
        carriers=0,
        categories=(),
        changed_at=withdrawn_at,
    )


def _item(row: _Row, topics: tuple[Category, ...], text: str) -> Item:
    title = fit(row.title).strip() or _("(tanpa judul)")
    page = absolute(f"/berita/{row.id}/{slugify(row.title)[:80].strip('-') or 'berita'}")
    updated = row.public_at or row.published_at
    return Item(
        entry_id=row.id,
        revision_id=row.revision_id,
        title=title,
        url=links.absolute(row.revision_url or row.url) or page,
        page=page,
        published_at=row.published_at,
        updated_at=max(updated, row.published_at),
        excerpt=Truncator(fit(row.summary or text).strip()).chars(EXCERPT) or title,
        language=row.language or "id",
        byline=fit(row.author).strip(),
        satker=fit(row.satker),
        satker_url=_satker_url(row),
        source_url=row.feed_url,
        carriers=row.carriers,
        categories=_categories(row, topics),
        changed_at=max(at for at in (updated, row.released_at, row.clustered_at, row.classified_at) if at),
    )


def _satker_url(row: _Row) -> str:
    """The office's own site; its page here while nobody has seen the site."""
    if row.hostname and row.evidence != Satker.HostEvidence.PATTERN:
        return f"https://{row.hostname}/"
    return absolute(f"/satker/{row.code}/{row.slug}")


def _categories(row: _Row, topics: tuple[Category, ...]) -> tuple[Category, ...]:
    found = []
    if row.province_slug:
        found.append(Category(absolute("/provinsi"), row.province_slug, row.province or ""))
    found += topics
    if row.stage_slug:
        found.append(Category(absolute("/tahapan"), row.stage_slug, row.stage or ""))
    if row.carriers:
        label = _("Dimuat juga oleh %d satker") % row.carriers
        found.append(Category(absolute("/skema/dimuat-juga"), str(row.carriers), label))
    own = dict.fromkeys(" ".join(fit(str(label)).split()) for label in row.labels)
    scheme = absolute(f"/satker/{row.code}")
    found += [Category(scheme, label, label) for label in own if label][:MOST_CATEGORIES]
    return tuple(found)


def _topics(entry_ids: Iterable[int]) -> dict[int, tuple[Category, ...]]:
    kept = EntryTopic.objects.filter(entry__in=list(entry_ids), removed=False).order_by("-score", "topic")
    found: dict[int, list[Category]] = defaultdict(list)
    for pk, slug, name in kept.values_list("entry_id", "topic__slug", "topic__name"):
        found[pk].append(Category(absolute("/topik"), slug, name))
    return {pk: tuple(topics) for pk, topics in found.items()}


def _texts(revision_ids: Iterable[int]) -> dict[int, str]:
    wanted = list(revision_ids)
    if not wanted:
        return {}
    return dict(Revision.objects.filter(id__in=wanted).values_list("id", "text"))
