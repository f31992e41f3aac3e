"""What has a card: a post, a place or subject with a page of its own, and the portal as a whole.

A card's file name holds a digest of all that stands on it. So a corrected title is a new picture at a new
address, and whoever keeps the old one shows nothing that was not public when it was taken.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from aggregator.models import Entry, Province, Satker, Stage, Topic
from portal import wording
from portal.cards import drawing, lettering

LOOK = 1  # of the drawing: whoever changes how cards look makes it one more
KINDS: dict[str, tuple[Any, str]] = {
    "provinsi": (Province, "slug"),
    "satker": (Satker, "code"),
    "topik": (Topic, "slug"),
    "tahapan": (Stage, "slug"),
}


@dataclass(frozen=True, slots=True)
class Card:
    """One card, not drawn yet. `stem` is its place: the kind and the key within it."""

    stem: str
    words: drawing.Words
    alt: str
    picture: str = ""  # name of the post's picture

    @property
    def media_type(self) -> str:
        return "image/jpeg" if self.picture else "image/png"

    @property
    def file(self) -> str:
        told = repr((LOOK, self.stem, self.words, self.picture))
        digest = hashlib.blake2b(told.encode(), digest_size=6).hexdigest()
        return f"{digest}.{'jpg' if self.picture else 'png'}"

    @property
    def address(self) -> str:
        return f"{settings.BASE_URL}/kartu/{self.stem}/{self.file}"

    @property
    def width(self) -> int:
        return drawing.SIZE[0]

    @property
    def height(self) -> int:
        return drawing.SIZE[1]

    @property
    def is_of_post(self) -> bool:
        return self.stem.startswith("berita/")


def of_post(entry: Entry) -> Card:
    """Of a public post, loaded with its revision, satker and picture; Indonesian, as the post is."""
    revision = entry.public_revision
    assert revision is not None  # noqa: S101 - public
    picture = getattr(entry, "picture", None)
    title, name = lettering.drawable(revision.title), lettering.drawable(entry.satker.name)
    if not lettering.says_the_same(revision.title, title):
        title = name
    words = drawing.Words(title, name, _day(entry))
    alt = _("Kartu berita: %(title)s – %(name)s") % {"title": revision.title, "name": entry.satker.name}
    return Card(f"berita/{entry.pk}", words, alt, picture.name if picture else "")


def of_place(place: Province | Satker | Topic | Stage) -> Card:
    """Of a place or subject."""
    kind = next(kind for kind, (model, _column) in KINDS.items() if isinstance(place, model))
    with translation.override(settings.LANGUAGE_CODE):
        labels = {
            "provinsi": _("Provinsi"),
            "satker": _("Kantor KPU"),
            "topik": _("Topik"),
            "tahapan": _("Tahapan"),
        }
        words = drawing.Words(
            lettering.drawable(place.name), _("Berita semua kantor KPU"), _host(), labels[kind]
        )
    alt = _("Berita KPU: %s") % place.name
    return Card(f"{kind}/{getattr(place, KINDS[kind][1])}", words, alt)


def of_portal() -> Card:
    with translation.override(settings.LANGUAGE_CODE):
        words = drawing.Words(
            _("Berita semua kantor KPU di Indonesia"), "Komisi Pemilihan Umum", lettering.drawable(_host())
        )
    return Card("portal", words, _("Berita KPU, seluruh Indonesia"))


def place_at(kind: str, key: str) -> Province | Satker | Topic | Stage | None:
    """What has a card of this kind and key; None for what there is not."""
    if kind not in KINDS or not key.isprintable() or len(key) > 120:
        return None
    model, column = KINDS[kind]
    found: Province | Satker | Topic | Stage | None = model.objects.filter(**{column: key}).first()
    return found


def _day(entry: Entry) -> str:
    if not entry.has_clear_date:
        return ""
    with translation.override(settings.LANGUAGE_CODE):
        return wording.day(entry.published_at.astimezone(ZoneInfo(entry.satker.timezone)), "DATE_FORMAT")


def _host() -> str:
    return urlsplit(settings.BASE_URL).netloc
