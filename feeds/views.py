"""Feeds over HTTP. The path of a kept answer touches neither session nor, but once a second, the database."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as render_page
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from aggregator.errors import RequestError, UnknownValue
from aggregator.models import Entry
from feeds import channels, documents, former, negotiation, opml
from feeds.caching import Prepared, current, is_away, known_for, prepared
from feeds.documents import MEDIA_TYPES
from feeds.jsonfeed import json_feed
from feeds.render import atom, rss

WRITERS: dict[str, Callable[[documents.Document], bytes]] = {"rss": rss, "atom": atom, "json": json_feed}
CONTENT_TYPES = {
    **{ending: f"{media}; charset=utf-8" for ending, media in MEDIA_TYPES.items()},
    "opml": "text/x-opml; charset=utf-8",
}
# A recall must be gone everywhere within a minute: 20 s fresh and 30 s while a cache asks again. When we
# are away a cache may serve what it has for a quarter of an hour.
FRESHNESS = "public, max-age=20, stale-while-revalidate=30, stale-if-error=900"
EXPOSED = "ETag, Last-Modified, Link"
LISTED = 20  # entries on the page of a channel


@csrf_exempt
def feed(
    request: HttpRequest, kind: str, ending: str, key: str = "", number: int | None = None
) -> HttpResponse:
    """A feed document."""
    if request.method not in ("GET", "HEAD"):
        return _other_method(request)
    if ending != "opml" and negotiation.is_navigation(request):
        response = page(request, kind, key)
        response.headers["Cache-Control"] = "no-store"  # the next time it may be the feed that is wanted
        return response
    try:
        answer = prepared(
            _address(request),
            lambda: _build(request, kind, key, ending, number),
            searched=_is_search(request),
        )
    except RequestError as error:
        return _moved(request, kind, key, error) or _refused(error)
    return _answer(request, answer, ending)


@csrf_exempt
def archive(request: HttpRequest, kind: str, ending: str, number: str, key: str = "") -> HttpResponse:
    """An archive document of a feed."""
    return feed(request, kind, ending, key, int(number))


@csrf_exempt
def outlines(request: HttpRequest, kind: str) -> HttpResponse:
    """A list of feeds as OPML."""
    if request.method not in ("GET", "HEAD"):
        return _other_method(request)
    answer = prepared(_address(request), lambda: _build_opml(kind))
    return _answer(request, answer, "opml")


@csrf_exempt
def page(request: HttpRequest, kind: str, key: str = "") -> HttpResponse:
    """The page of a channel for people; a feed for whoever asks for one by Accept."""
    if request.method not in ("GET", "HEAD"):
        return _other_method(request)
    ending = negotiation.wanted_format(request)
    response = feed(request, kind, ending, key) if ending else _page(request, kind, key)
    patch_vary_headers(response, ["Accept", "Sec-Fetch-Dest"])
    return response


def _build(request: HttpRequest, kind: str, key: str, ending: str, number: int | None) -> Prepared:
    # A feed is Indonesian whoever asks: one address, one sequence of bytes.
    with translation.override(settings.LANGUAGE_CODE):
        channel = channels.find(kind, key, request.GET)
        full = channels.read_full(request.GET)
        document = documents.compose(channel, full=full, archive=number)
        body = WRITERS[ending](document)
    modified = max(document.changed_at, documents.last_recall())
    links = [*document.links(ending), ("alternate", channel.address(), "text/html")]
    return Prepared(body, modified, ", ".join(_link(*parts) for parts in links))


def _build_opml(kind: str) -> Prepared:
    whole: dict[str, Callable[[], bytes]] = {"semua": opml.site_wide, "situs": opml.inbound}
    with translation.override(settings.LANGUAGE_CODE):
        body = whole[kind]() if kind in whole else opml.outbound(kind)
    return Prepared(body, documents.EPOCH, "")


def _link(rel: str, address: str, media: str) -> str:
    tail = f'; type="{media}"' if media else ""
    return f'<{address}>; rel="{rel}"{tail}'


def kept_feeds(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: a feed that is kept is answered here, past sessions, messages and address resolution.

    Without it feeds are the same, at three times the cost."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return _kept(request) or get_response(request)

    return middleware


def _kept(request: HttpRequest) -> HttpResponse | None:
    path = request.path_info
    if not path.startswith("/feeds/") or request.method not in ("GET", "HEAD"):
        return None
    ending = path.partition("/arsip/")[0].rpartition(".")[2]
    if ending not in CONTENT_TYPES or (ending != "opml" and negotiation.is_navigation(request)):
        return None
    answer = current(_address(request), searched=_is_search(request))
    if answer is None:
        return None
    response = _answer(request, answer, ending)
    response.headers["X-Cache"] = "HIT"  # what the log of requests tells
    if is_away():
        response.headers["X-Cache"] = "STALE"
        response.headers["Age"] = str(known_for())
    return response


def _is_search(request: HttpRequest) -> bool:
    return request.path_info.startswith("/feeds/cari.")


def _address(request: HttpRequest) -> str:
    """The key of an answer: its address with what of the query string makes a difference, so that what
    others add to it does not."""
    query = request.META.get("QUERY_STRING", "")
    if query and not _is_search(request):
        query = _options(request)
    return f"{settings.BASE_URL}{request.path_info}?{query}"


def _options(request: HttpRequest) -> str:
    return "&".join(f"{name}={request.GET[name]}" for name in ("semua", "isi") if name in request.GET)


def _answer(request: HttpRequest, answer: Prepared, ending: str) -> HttpResponse:
    coding = negotiation.coding(request)
    if negotiation.is_known(request, answer):
        response = HttpResponse(status=304)
        del response.headers["Content-Type"]
    else:
        response = HttpResponse(answer.encoded(coding), content_type=CONTENT_TYPES[ending])
        if coding:
            response.headers["Content-Encoding"] = coding
        response.headers["Content-Length"] = str(len(response.content))
    response.headers["ETag"] = answer.etag(coding)
    if negotiation.is_settled(answer):
        response.headers["Last-Modified"] = http_date(answer.modified_at.timestamp())
    response.headers["Cache-Control"] = FRESHNESS
    response.headers["Vary"] = "Accept-Encoding, Sec-Fetch-Dest"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = EXPOSED
    response.headers["Content-Language"] = documents.LANGUAGE
    # XML can carry scripts. A kept feed passes by the middleware that sets the like on pages.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    response.headers["X-Frame-Options"] = "DENY"
    if answer.links:
        response.headers["Link"] = answer.links
    # The choice of coding is made: a middleware that compresses by itself does not read q=0.
    request.META["HTTP_ACCEPT_ENCODING"] = ""
    return response


def _other_method(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(status=204 if request.method == "OPTIONS" else 405)
    response.headers["Allow"] = "GET, HEAD, OPTIONS"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = "GET, HEAD"
    response.headers["Access-Control-Allow-Headers"] = "If-None-Match, If-Modified-Since"
    response.headers["Access-Control-Max-Age"] = "86400"
    return response


def _moved(request: HttpRequest, kind: str, key: str, error: RequestError) -> HttpResponse | None:
    response = former.moved(request, kind, key) if isinstance(error, UnknownValue) else None
    if response is not None:
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _refused(error: RequestError) -> HttpResponse:
    """A sentence for whoever reads the log of a feed reader, and where to go on."""
    help_ = _("Susun alamat umpan di %s") % f"{settings.BASE_URL}/langganan"
    status = 404 if isinstance(error, UnknownValue) else 400
    response = HttpResponse(
        f"{error.message}\n{help_}\n", status=status, content_type="text/plain; charset=utf-8"
    )
    response.headers["Cache-Control"] = "public, max-age=10"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _page(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    try:
        channel = channels.find(kind, key, request.GET)
        full = channels.read_full(request.GET)
        document = documents.compose(channel, full=full)
    except RequestError as error:
        if moved := _moved(request, kind, key, error):
            return moved
        status = 404 if isinstance(error, UnknownValue) else 400
        return render_page(request, f"{status}.html", {"message": error.message}, status=status)
    ids = document.window.entry_ids[:LISTED]
    entries = Entry.objects.public().for_lists().in_bulk(ids)
    context = {
        "channel": channel,
        "formats": [
            (name, channel.address(ending, full=full), MEDIA_TYPES[ending])
            for name, ending in (("Atom", "atom"), ("RSS", "rss"), ("JSON Feed", "json"))
        ],
        "full": full,
        "entries": [entries[pk] for pk in ids if pk in entries],
        "variants": _variants(channel, full),
    }
    response = render_page(request, "feeds/channel.html", context)
    response.headers["Cache-Control"] = FRESHNESS
    return response


def _variants(channel: channels.Channel, full: bool) -> list[tuple[str, str]]:
    """The same channel with the other length of text."""
    words = _("dengan ringkasan saja") if full else _("dengan teks lengkap")
    return [(words, channel.address(full=not full))]
