"""Channels: the outbound feeds, each with its name, its addresses and the posts it holds.

A channel shows one post a story: of those that tell the same and belong to it, the original, or the one
that came first when the original is not among them. With `everything` it shows all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.http import QueryDict
from django.utils.translation import gettext as _

from aggregator.errors import BadParameter, UnknownValue
from aggregator.models import Entry, EntryTopic, Province, Satker, Stage, Topic
from aggregator.querysets import EntryQuerySet
from aggregator.search.database import narrow
from aggregator.search.filters import NON_STAGE, Filters, read_filters
from feeds.addresses import absolute, tag

RARE = 5000  # posts; see _about
SEARCH_PARAMETERS = frozenset(
    (
        *("q", "provinsi", "satker", "topik", "tahapan", "asal"),
        *("bulan", "hari", "jam", "dari", "sampai", "urut", "semua", "sebelum", "isi"),
    )
)
# Added to addresses by whoever passes them on; they mean nothing to us.
PASSENGER = re.compile(r"utm_.*|fbclid|gclid|mc_[ce]id|_", re.ASCII)


@dataclass(frozen=True, eq=False)
class Channel:
    """One outbound feed. `entries` are public (of `ditarik`: were) and unordered; None where the search
    index must be asked (`filters`). `order` is the time by which they stand in documents. `query` holds the
    canonical parameters of a search."""

    kind: str
    key: str
    title: str
    description: str
    page: str  # path of the page about the same
    entries: EntryQuerySet | None
    filters: Filters = field(default_factory=Filters)
    query: str = ""
    order: str = "released_at"

    @property
    def path(self) -> str:
        """Path of the channel without an ending: its page for people."""
        return f"/feeds/{self.kind}/{self.key}" if self.key else f"/feeds/{self.kind}"

    @property
    def shows_all(self) -> bool:
        """Every copy of a story, not one entry a story."""
        return self.filters.include_all or self.query == "semua=1"

    @property
    def home(self) -> str:
        return absolute(self.page)

    @property
    def identifier(self) -> str:
        """The Atom id: the same for the current document and all its archives (RFC 5005 §4)."""
        query = f"?{self.query}" if self.query else ""
        return tag(f"umpan/{self.path.removeprefix('/feeds/')}{query}")

    @property
    def place(self) -> str:
        """Path and parameters: the channel as `places.at` finds it again."""
        return self.path + (f"?{self.query}" if self.query else "")

    def address(self, ending: str = "", *, archive: int | None = None, full: bool = False) -> str:
        """Absolute address in a format ("" for the page), of one archive document if asked."""
        tail = f".{ending}" if ending else ""
        tail += f"/arsip/{archive}" if archive is not None else ""
        query = "&".join(part for part in (self.query, "isi=penuh" if full else "") if part)
        return absolute(f"{self.path}{tail}") + (f"?{query}" if query else "")


def find(kind: str, key: str, params: QueryDict) -> Channel:
    """The channel at an address.

    Raises UnknownValue (404) for a place, office, topic or stage that does not exist and BadParameter
    (400) for parameters that cannot be read.
    """
    if kind == "cari":
        return search(params)
    everything = read_switch(params, "semua", {"": False, "0": False, "1": True})
    return CHANNELS[kind](key, everything)


def read_switch(params: QueryDict, name: str, values: dict[str, bool]) -> bool:
    """A parameter that takes one of a few words. Raises BadParameter."""
    value = params.get(name, "")
    if value not in values:
        known = ", ".join(f"“{word}”" for word in values if word)
        raise BadParameter(
            name, _("Parameter “%(name)s” hanya menerima %(known)s.") % {"name": name, "known": known}
        )
    return values[value]


def read_full(params: QueryDict) -> bool:
    """Whether the whole sanitised text is asked for (`isi=penuh`), not the excerpt. Raises BadParameter."""
    return read_switch(params, "isi", {"": False, "ringkas": False, "penuh": True})


def nation(_key: str = "", everything: bool = False) -> Channel:
    return _channel(
        "nasional",
        "",
        _("Berita KPU seluruh Indonesia"),
        _("Berita terbaru dari situs semua kantor Komisi Pemilihan Umum di Indonesia."),
        "/",
        Entry.objects.public(),
        everything,
    )


def province(slug: str, everything: bool = False) -> Channel:
    """A province with all its satker."""
    place = _one(Province, "provinsi", slug, slug=slug)
    return _channel(
        "provinsi",
        place.slug,
        _("Berita KPU di %s") % place.name,
        _("Berita dari kantor KPU provinsi, kabupaten, dan kota di %s.") % place.name,
        place.get_absolute_url(),
        Entry.objects.public().filter(province=place),
        everything,
    )


def satker(code: str, everything: bool = False) -> Channel:
    office = _one(Satker, "satker", code, code=code)
    return _channel(
        "satker",
        office.code,
        _("Berita %s") % office.name,
        _("Berita dari situs %s.") % office.name,
        office.get_absolute_url(),
        Entry.objects.public().filter(satker=office),
        everything,
    )


def topic(slug: str, everything: bool = False) -> Channel:
    subject = _one(Topic, "topik", slug, slug=slug)
    return _channel(
        "topik",
        subject.slug,
        _("Berita KPU tentang %s") % subject.name,
        subject.description or _("Berita semua kantor KPU tentang %s.") % subject.name,
        subject.get_absolute_url(),
        _about(subject),
        everything,
    )


def _about(subject: Topic) -> EntryQuerySet:
    """The public posts of a topic, asked for so that the database need not sort a topic of 50,000 posts: of
    a frequent topic it looks through the newest posts of all, of a rare one it takes the topic's own
    (SQLite, a million posts: 0.5 ms against 175 ms)."""
    labels = EntryTopic.objects.filter(topic=subject, removed=False).order_by()
    if labels[:RARE].count() < RARE:
        return Entry.objects.public().filter(id__in=labels.values("entry"))
    return Entry.objects.public().filter(Exists(labels.filter(entry=OuterRef("pk"))))


def stage(slug: str, everything: bool = False) -> Channel:
    """An election stage, or `non`: what belongs to none."""
    if slug == NON_STAGE:
        return _channel(
            "tahapan",
            NON_STAGE,
            _("Berita KPU di luar tahapan"),
            _("Berita semua kantor KPU yang bukan bagian dari tahapan pemilu atau pemilihan."),
            "/tahapan",
            Entry.objects.public().filter(stage=None, classified_at__isnull=False),
            everything,
        )
    found = _one(Stage, "tahapan", slug, slug=slug)
    election = found.election.replace("-", " ").capitalize()
    return _channel(
        "tahapan",
        found.slug,
        _("Berita KPU tahapan %(stage)s (%(election)s)") % {"stage": found.name, "election": election},
        found.description or _("Berita semua kantor KPU dalam tahapan %s.") % found.name,
        found.get_absolute_url(),
        Entry.objects.public().filter(stage=found),
        everything,
    )


def search(params: QueryDict) -> Channel:
    """Whatever `/cari` can find, newest first."""
    for name in params:
        if name not in SEARCH_PARAMETERS and not PASSENGER.fullmatch(name):
            raise BadParameter(
                name,
                _("Parameter “%s” tidak dikenal, jadi umpan ini tidak akan berisi yang Anda maksud.") % name,
            )
    filters = read_filters(params)
    query = filters.query_string(sort="")
    entries = None
    if not filters.q:
        entries = narrow(Entry.objects.public(), filters)
        entries = entries if filters.include_all else _folded(entries, _scope(filters))
    return Channel(
        kind="cari",
        key="",
        title=_("Berita KPU: %s") % filters.title(),
        description=_("Hasil pencarian di semua situs kantor KPU: %s.") % filters.title(),
        page="/cari" + (f"?{query}" if query else ""),
        entries=entries,
        filters=filters,
        query=query,
        order="released_at" if entries is not None else "published_at",
    )


def withdrawn(_key: str = "", _everything: bool = False) -> Channel:
    """What was public once and is no longer: numbers and times, not a word of the text."""
    return Channel(
        kind="ditarik",
        key="",
        title=_("Berita KPU yang ditarik"),
        description=_(
            "Nomor dan waktu berita yang pernah terbit di sini lalu ditarik atau ditahan. Hapus salinan Anda."
        ),
        page="/ditarik",
        entries=tombstones(),
        order="withdrawn_at",
    )


CHANNELS: dict[str, Callable[[str, bool], Channel]] = {
    "nasional": nation,
    "provinsi": province,
    "satker": satker,
    "topik": topic,
    "tahapan": stage,
    "ditarik": withdrawn,
}


def _channel(
    kind: str, key: str, title: str, description: str, page: str, entries: EntryQuerySet, everything: bool
) -> Channel:
    if everything:
        title = _("%s, termasuk muat ulang") % title
    else:
        scope = {"provinsi": ("province",), "satker": ("satker",)}.get(kind, ())
        entries = _folded(entries, scope)
    return Channel(
        kind=kind,
        key=key,
        title=title,
        description=description,
        page=page,
        entries=entries,
        query="semua=1" if everything else "",
    )


def _folded(entries: EntryQuerySet, scope: tuple[str, ...]) -> EntryQuerySet:
    """One entry a story: the lead; where it is outside the scope (the same province, the same satker),
    the first of those inside."""
    if not scope:
        return entries.leads()
    same: dict[str, Any] = {field: OuterRef(field) for field in scope}
    rivals = Entry.objects.public().filter(story=OuterRef("story"), **same)
    better = rivals.filter(Q(is_lead=True) | Q(id__lt=OuterRef("id"))).exclude(id=OuterRef("id"))
    return entries.filter(Q(is_lead=True) | Q(story__isnull=True) | ~Exists(better))


def _scope(filters: Filters) -> tuple[str, ...]:
    if filters.satker:
        return ("satker",)
    return ("province",) if filters.provinces else ()


def _one(model: Any, parameter: str, value: str, **where: str) -> Any:
    found = model.objects.filter(**where).first() if value.isprintable() and len(value) <= 120 else None
    if found is None:
        raise UnknownValue(
            parameter, _("Tidak ada %(name)s “%(value)s”.") % {"name": parameter, "value": value[:60]}
        )
    return found


def tombstones() -> EntryQuerySet:
    """Posts that were public once and are no longer; `withdrawn_at` says since when."""
    ended = (Entry.State.HELD, Entry.State.WITHDRAWN)
    return Entry.objects.filter(state__in=ended, released_at__isnull=False, withdrawn_at__isnull=False)
