"""Finished pages, kept for moments: what most readers ask for is made once.

A kept page is good while nothing public has changed (the generation stands, read at most once a second)
and for `PAGE_CACHE_SECONDS` at most, because pages also tell the time. While one reader's request makes it
anew, the others get the former one. With ELECTION_MODE a page stands for that time whatever changed, unless
something it mentions was recalled: the work does not grow with the readers, nor with the posts. Kept in the
memory of the process, compressed once; for copies that outlive it see portal/standby.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from feeds import negotiation
from feeds.caching import Generation, Prepared, generation
from feeds.kept import Kept
from portal import metrics
from portal.middleware import Handler
from portal.recalls import recalls

FORMER_SECONDS = 60  # a page may be given out so long while it is made anew
NEVER = (
    "/pantauan",
    "/masuk",
    "/keluar",
    "/feeds",
    "/hub",
    "/api",
    "/healthz",
    "/readyz",
    "/metrics",
    "/static",
    "/websub",
    "/kartu",
)
CALM = ("/berita/", "/en/berita/")  # hardly any change elsewhere is theirs: they stand their time as well
LONGEST_QUERY = 300  # of a key; longer questions are nobody's twice
OWN_HEADERS = ("Content-Length", "ETag", "Vary", "Content-Encoding")  # made anew for each answer
CONDITIONS = ("HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")


@dataclass(frozen=True, slots=True)
class Page:
    """One good answer, when it was made and for which generation."""

    made_at: float  # by the monotonic clock
    at: float  # by the other
    generation: Generation
    headers: dict[str, str]
    answer: Prepared


pages: Kept[Page] = Kept(64_000_000)
_making = tuple(Lock() for _ in range(32))


def page_cache(get_response: Handler) -> Handler:
    def middleware(request: HttpRequest) -> HttpResponse:
        if not _may_be_kept(request):
            return get_response(request)
        key = request.get_full_path()
        if page := _fresh(key):
            return _answer(request, page, "hit")
        lock = _making[hash(key) % len(_making)]
        if not lock.acquire(blocking=(former := _former(key)) is None):
            assert former  # noqa: S101 - else the lock was waited for
            return _answer(request, former, "hit")
        try:
            if page := _fresh(key):
                return _answer(request, page, "hit")
            made = _make(request, get_response, key)
        finally:
            lock.release()
        return made if isinstance(made, HttpResponse) else _answer(request, made, "miss")

    return middleware


def _may_be_kept(request: HttpRequest) -> bool:
    return (
        settings.PAGE_CACHE_SECONDS > 0
        and request.method in ("GET", "HEAD")
        and not request.path_info.startswith(NEVER)
        and len(request.META.get("QUERY_STRING", "")) <= LONGEST_QUERY
    )


def _fresh(key: str) -> Page | None:
    page = pages.get(key)
    if page is None or time.monotonic() - page.made_at > settings.PAGE_CACHE_SECONDS:
        return None
    if page.generation == (now := generation()):
        return page
    if page.generation[0] == now[0] and (settings.ELECTION_MODE or key.startswith(CALM)):
        return None if _is_recalled(page) else page
    return None


def _former(key: str) -> Page | None:
    """The last good page, where it may still be shown while another request makes it anew."""
    page = pages.get(key)
    if page is None or time.monotonic() - page.made_at > FORMER_SECONDS or _is_recalled(page):
        return None
    return page


def _is_recalled(page: Page) -> bool:
    return recalls().touch(page.answer.body, page.at)


def _make(request: HttpRequest, get_response: Handler, key: str) -> Page | HttpResponse:
    """A page made and kept, or the answer as it came."""
    before, at, began = generation(), time.time(), time.monotonic()
    response = _plain(request, get_response)
    if response.status_code != 200 or response.streaming or response.cookies:
        return response
    if "public" not in response.headers.get("Cache-Control", ""):
        return response
    headers = {name: value for name, value in response.items() if name not in OWN_HEADERS}
    answer = Prepared(response.content, timezone.now(), "")
    page = Page(began, at, before, headers, answer)
    pages.put(key, page, len(answer.body) * 3 // 2 + 1000)
    return page


def _plain(request: HttpRequest, get_response: Handler) -> HttpResponse:
    """The whole page, neither compressed nor answered with 304; HEAD as GET."""
    kept = {name: request.META.pop(name) for name in CONDITIONS if name in request.META}
    method, request.method = request.method, "GET"
    try:
        return get_response(request)
    finally:
        request.META.update(kept)
        request.method = method


def _answer(request: HttpRequest, page: Page, found: str) -> HttpResponse:
    metrics.count_page(found)
    coding = negotiation.coding(request)
    tag = page.answer.etag(coding)
    if negotiation.is_known(request, page.answer):
        response: HttpResponse = HttpResponseNotModified()
        _set(response, ((name, page.headers[name]) for name in ("Cache-Control",) if name in page.headers))
    else:
        response = HttpResponse(page.answer.encoded(coding))
        _set(response, page.headers.items())
        if coding:
            response.headers["Content-Encoding"] = coding
        response.headers["Content-Length"] = str(len(response.content))
    response.headers["ETag"] = tag
    response.headers["X-Cache"] = found.upper()
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def _set(response: HttpResponse, headers: Iterable[tuple[str, str]]) -> None:
    for name, value in headers:
        response.headers[name] = value


def forget() -> None:
    """Empty what is kept, as a restart does."""
    pages.clear()
