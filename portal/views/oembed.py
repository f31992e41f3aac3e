"""`/oembed`: programs that are given an address of the portal learn how to show it (https://oembed.com).

Only addresses of our own are answered, and only by looking into our own tables: nothing is fetched. What is
shown is a frame, so an answer that somebody keeps for years says nothing that was recalled since.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from lxml import etree

from aggregator.errors import BadParameter, QueryRefused, UnknownValue
from aggregator.models import Entry, Satker
from aggregator.search import read_filters
from feeds import places
from feeds.addresses import absolute
from feeds.channels import Channel
from feeds.documents import PUBLISHER
from feeds.items import fit
from feeds.views import FRESHNESS
from portal import embeds
from portal.cards import subjects
from portal.cards.subjects import Card

CACHE_AGE = 60  # seconds; a title that was recalled should be gone as soon elsewhere
LONGEST = 2000  # characters of an address
KEYED = {  # by the name of a page: kind of its channel, and what its address calls the key
    "province": ("provinsi", "slug"),
    "satker": ("satker", "code"),
    "satker_bare": ("satker", "code"),
    "topic": ("topik", "slug"),
    "stage": ("tahapan", "slug"),
}
Answer = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Room:
    """The space that the asking site has; 0: any."""

    width: int
    height: int

    def holds(self, width: int, height: int) -> bool:
        return (not self.width or width <= self.width) and (not self.height or height <= self.height)

    def of(self, width: int, height: int) -> tuple[int, int]:
        return min(width, self.width or width), min(height, self.height or height)


@require_safe
def oembed(request: HttpRequest) -> HttpResponse:
    writer = WRITERS.get(request.GET.get("format", "") or "json")
    if writer is None:
        return _refused(501, _("Parameter “format” hanya menerima “json” dan “xml”."))
    try:
        room = Room(_pixels(request.GET, "maxwidth"), _pixels(request.GET, "maxheight"))
        answer = _answer(_own(request.GET.get("url", "")), room)
    except (BadParameter, QueryRefused) as error:
        return _refused(400, error.message)
    except UnknownValue as error:
        return _refused(404, error.message)
    return _headers(writer(answer), FRESHNESS)


def _own(address: str) -> SplitResult:
    """The parts of an address of ours. Raises BadParameter where none is given, UnknownValue for others'."""
    if not address:
        raise BadParameter("url", _("Parameter “url” wajib diisi dengan alamat halaman portal ini."))
    try:
        parts, ours = urlsplit(address), urlsplit(settings.BASE_URL)
    except ValueError:
        raise _unknown() from None
    same = (parts.scheme.lower(), parts.netloc.lower()) == (ours.scheme.lower(), ours.netloc.lower())
    if not same or len(address) > LONGEST or not address.isprintable():
        raise _unknown()
    return parts


def _answer(parts: SplitResult, room: Room) -> Answer:
    path, language = parts.path or "/", settings.LANGUAGE_CODE
    if path == "/en" or path.startswith("/en/"):
        language = "en"
    with translation.override(language):
        try:
            match = resolve(path)
        except Resolver404:
            raise _unknown() from None
        params = QueryDict(parts.query)
        choice = embeds.read(params)
        if match.url_name in ("entry", "entry_bare", "embed_post"):
            return _of_post(match.kwargs["pk"], replace(choice, count=1), room)
        return _of_channel(_channel(match, path, params), choice, room)


def _channel(match: ResolverMatch, path: str, params: QueryDict) -> Channel:
    name, kwargs = match.url_name or "", match.kwargs
    if name in KEYED:
        kind, called = KEYED[name]
        return places.find_today(kind, kwargs[called], params)
    if name == "home":
        return places.at("/feeds/nasional")
    if name == "search":
        return places.of(read_filters(params))
    if name.startswith(("feed_", "embed_")) and kwargs["kind"] in embeds.KINDS:
        return places.find_today(kwargs["kind"], kwargs.get("key", ""), embeds.without_choice(params))
    raise _unknown()


def _of_post(pk: int, choice: embeds.Choice, room: Room) -> Answer:
    entry = Entry.objects.public().for_lists().filter(pk=pk).first()
    if entry is None or entry.public_revision is None:
        raise _unknown()
    office = entry.satker
    frame = _frame(embeds.of_post(pk, choice), _("Berita %s") % office.name, embeds.POST, room)
    return {
        **_told(entry.public_revision.title, office.name, absolute(office.get_absolute_url())),
        **_thumbnail(subjects.of_post(entry), room),
        **frame,
    }


def _of_channel(channel: Channel, choice: embeds.Choice, room: Room) -> Answer:
    """With as many posts as have room."""
    if room.height:
        fitting = (room.height - embeds.HEAD) // embeds.ROW
        choice = replace(choice, count=max(1, min(choice.count, fitting)))
    author, home, card = PUBLISHER, absolute("/"), subjects.of_portal()
    if place := subjects.place_at(channel.kind, channel.key):
        card = subjects.of_place(place)
        if isinstance(place, Satker):
            author, home = place.name, absolute(place.get_absolute_url())
    frame = _frame(embeds.of_channel(channel, choice), channel.title, choice.height, room)
    return {**_told(channel.title, author, home), **_thumbnail(card, room), **frame}


def _told(title: str, author: str, home: str) -> Answer:
    return {
        "version": "1.0",
        "type": "rich",
        "title": fit(title),
        "author_name": fit(author),
        "author_url": home,
        "provider_name": _("Berita KPU"),
        "provider_url": absolute("/"),
        "cache_age": CACHE_AGE,
    }


def _thumbnail(card: Card, room: Room) -> Answer:
    """It must respect the room as well (§2.3.4.1)."""
    if not room.holds(card.width, card.height):
        return {}
    return {
        "thumbnail_url": card.address,
        "thumbnail_width": card.width,
        "thumbnail_height": card.height,
    }


def _frame(path: str, title: str, height: int, room: Room) -> Answer:
    width, height = room.of(embeds.WIDTH, height)
    html = embeds.snippet(path, fit(title), height, width)
    return {"html": html, "width": width, "height": height}


def _pixels(params: QueryDict, name: str) -> int:
    value = params.get(name, "")
    if not value:
        return 0
    if not (value.isascii() and value.isdigit() and int(value[:6]) > 0 and len(value) <= 6):
        raise BadParameter(name, _("Parameter “%s” hanya menerima bilangan piksel.") % name)
    return int(value)


def _json(answer: Answer) -> HttpResponse:
    return HttpResponse(
        json.dumps(answer, ensure_ascii=False), content_type="application/json; charset=utf-8"
    )


def _xml(answer: Answer) -> HttpResponse:
    root = etree.Element("oembed")
    for name, value in answer.items():
        etree.SubElement(root, name).text = str(value)
    body = etree.tostring(root, encoding="utf-8", xml_declaration=True, standalone=True)
    return HttpResponse(body, content_type="text/xml; charset=utf-8")


WRITERS: dict[str, Callable[[Answer], HttpResponse]] = {"json": _json, "xml": _xml}


def _unknown() -> UnknownValue:
    return UnknownValue("url", _("Alamat ini bukan berita atau daftar berita yang terbit di portal ini."))


def _refused(status: int, message: str) -> HttpResponse:
    response = HttpResponse(f"{message}\n", status=status, content_type="text/plain; charset=utf-8")
    return _headers(response, "public, max-age=10")


def _headers(response: HttpResponse, freshness: str) -> HttpResponse:
    response.headers["Cache-Control"] = freshness
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
