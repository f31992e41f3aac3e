"""`/sisipan/…`: pages for the frames of other sites. Without script, cookie or form, and never indexed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from aggregator.errors import IndexUnavailable, QueryRefused, RequestError, UnknownValue
from aggregator.models import Entry
from feeds import channels, former, windows
from feeds.addresses import absolute
from feeds.views import FRESHNESS
from portal import embeds
from portal.views.entry import was_public

# Others may frame these pages, and these alone; nothing in them runs, sends or asks elsewhere.
POLICY = "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors *"
SHOWN = (
    *("published_at", "date_status", "public_revision__title", "public_revision__language"),
    *("satker__name", "satker__timezone"),
)


@xframe_options_exempt
@require_safe
def channel(request: HttpRequest, kind: str, key: str = "") -> HttpResponse:
    """The newest stories of a channel, found as its feed is: what does not exist is said, not left empty."""
    try:
        choice = embeds.read(request.GET)
        found = channels.find(kind, key, embeds.without_choice(request.GET))
        ids = windows.current(found).entry_ids[: choice.count]
    except UnknownValue as error:
        return former.moved(request, kind, key) or _said(request, 404, error.message)
    except (RequestError, QueryRefused) as error:
        return _said(request, 400, error.message)
    except IndexUnavailable:
        return _said(request, 503, _("Pencarian sedang tidak dapat dijangkau. Coba lagi sebentar."))
    rows = Entry.objects.public().select_related("public_revision", "satker").only(*SHOWN).in_bulk(ids)
    context = {
        "channel": found,
        "choice": choice,
        "entries": [rows[pk] for pk in ids if pk in rows],
        "canonical": found.home,
    }
    return _framed(render(request, "embeds/channel.html", context))


@xframe_options_exempt
@require_safe
def post(request: HttpRequest, pk: int) -> HttpResponse:
    """One post: whose it is, its title and its beginning."""
    try:
        choice = embeds.read(request.GET)
    except RequestError as error:
        return _said(request, 400, error.message)
    shown = Entry.objects.public().for_lists().filter(pk=pk).first()
    if shown is None:
        return _absent(request, pk)
    context = {"entry": shown, "choice": choice, "canonical": absolute(shown.get_absolute_url())}
    return _framed(render(request, "embeds/post.html", context))


def _absent(request: HttpRequest, pk: int) -> HttpResponse:
    """As the post's page says it, in a frame: 410 for what was public once."""
    if was_public(pk):
        return _said(request, 410, _("Berita ini sudah tidak ditampilkan."))
    return _said(request, 404, _("Tidak ada berita dengan nomor ini."))


def _said(request: HttpRequest, status: int, message: str) -> HttpResponse:
    theme = request.GET.get("tema", "")
    choice = embeds.Choice(theme=theme if theme in embeds.THEMES else "")
    context: dict[str, Any] = {"message": message, "choice": choice, "canonical": absolute("/langganan")}
    response = _framed(render(request, "embeds/missing.html", context, status=status))
    response.headers["Cache-Control"] = "no-store" if status >= 500 else "public, max-age=10"
    return response


def _framed(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = FRESHNESS
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Robots-Tag"] = "noindex"
    return response
