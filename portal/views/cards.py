"""Share cards, drawn when first asked for. No more than a part of a process draws, however many ask."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from aggregator import images
from aggregator.models import Entry
from portal import limits, metrics
from portal.cards import drawing, keeping, subjects
from portal.cards.subjects import Card
from portal.clients import address_of
from portal.views.entry import absent
from portal.views.pictures import FRESHNESS

RETRY_AFTER = 5  # seconds
SHARE_OF_PROCESS = 3.0  # after drawing it rests for three times as long

_slots = limits.Slots(1, SHARE_OF_PROCESS)


@require_safe
def post(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    entry = Entry.objects.public().for_lists().filter(pk=pk).first()
    if entry is None:
        keeping.drop(f"berita/{pk}")
        return absent(pk, request)
    return _answer(request, subjects.of_post(entry), name)


@require_safe
def place(request: HttpRequest, kind: str, key: str, name: str) -> HttpResponse:
    found = subjects.place_at(kind, key)
    if found is None:
        raise Http404(_("Tidak ada kartu di sini."))
    return _answer(request, subjects.of_place(found), name)


@require_safe
def portal(request: HttpRequest, name: str) -> HttpResponse:
    return _answer(request, subjects.of_portal(), name)


def _answer(request: HttpRequest, card: Card, name: str) -> HttpResponse:
    if name != card.file:  # of an earlier title: to the card of today
        response: HttpResponse = HttpResponseRedirect(urlsplit(card.address).path)
        response.headers["Cache-Control"] = "public, max-age=20"
        return response
    body = keeping.read(card) or _drawn(request, card)
    if isinstance(body, HttpResponse):
        return body
    response = HttpResponse(body, content_type=card.media_type)
    response.headers["Cache-Control"] = FRESHNESS
    response.headers["ETag"] = f'"{card.file.partition(".")[0]}"'
    request.META["HTTP_ACCEPT_ENCODING"] = ""  # it is compressed as it is
    return response


def _drawn(request: HttpRequest, card: Card) -> bytes | HttpResponse:
    rule = limits.Rule("card", settings.LIMIT_CARDS, 60)
    if rule.most and limits.count(rule, address_of(request)) > rule.most:
        return _later(429, rule.seconds)
    if not _slots.take():
        return _later(503, RETRY_AFTER)
    began = time.thread_time()
    try:
        body = _draw(card)
    finally:
        _slots.give_back(time.thread_time() - began)
    keeping.keep(card, body)
    return body


def _draw(card: Card) -> bytes:
    if not card.picture:
        return drawing.png(card.words, drawing.LIGHT if card.is_of_post else drawing.RED)
    try:
        return drawing.jpeg(card.words, images.path_of(card.picture).read_bytes())
    except OSError:  # the picture is not on this node, or no more
        return drawing.jpeg(card.words, None)


def _later(status: int, seconds: int) -> HttpResponse:
    metrics.count_refused("card")
    response = HttpResponse(status=status, content_type="text/plain; charset=utf-8")
    response.headers["Retry-After"] = str(seconds)
    response.headers["Cache-Control"] = "no-store"
    return response
