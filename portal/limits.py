"""How much one address may ask: of search, of the API, of signing in, of subscribing.

Reading is counted in the cache (Redis where nodes share one) and goes on uncounted when that is away. What
could be guessed or flooded (signing in, subscribing) is counted in the database, exactly and for all nodes
together, and is refused when it cannot be counted. An address is kept only as a keyed digest.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock
from urllib.parse import parse_qs

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import get_template
from django.utils import translation
from django.utils.crypto import salted_hmac

from portal import metrics, standby
from portal.api import keys
from portal.clients import address_of
from portal.middleware import PUBLIC_POLICY, Handler
from portal.models import Attempt

log = logging.getLogger(__name__)

ELECTION_SHARE = 4  # with ELECTION_MODE an address may search so many times less
WAIT_FOR_SEARCH = 0.25  # seconds; a reader who would wait longer is told so at once
BUSY_RETRY = 10


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `most` requests of one address within a window of `seconds`."""

    name: str
    most: int
    seconds: int
    is_guarded: bool = False  # counted in the database, refused when it cannot be counted


def rule_for(request: HttpRequest) -> Rule | None:
    path = request.path_info.removeprefix("/en")
    if path == "/masuk/oidc/kembali":
        return Rule("sign-in", settings.LIMIT_SIGN_IN, 300, is_guarded=True)
    if request.method == "POST":
        if path.startswith(("/masuk", "/pantauan/admin/login")):
            return Rule("sign-in", settings.LIMIT_SIGN_IN, 300, is_guarded=True)
        if path == "/langganan":  # not the one-click end: all readers of a mailbox provider share its address
            return Rule("subscribe", settings.LIMIT_SUBSCRIBE, 600, is_guarded=True)
        if path.startswith("/berita/") and path.endswith("/lapor"):
            return Rule("report", settings.LIMIT_REPORT, 3600, is_guarded=True)
        if path == "/hub":
            return Rule("hub", settings.LIMIT_HUB, 60)
    if path.startswith("/api/"):
        return Rule("api", settings.LIMIT_API, 60)
    if is_search(request):
        most = settings.LIMIT_SEARCH
        if settings.ELECTION_MODE and most:
            most = max(1, most // ELECTION_SHARE)
        return Rule("search", most, 60)
    return None


def is_search(request: HttpRequest) -> bool:
    """Whether the answer needs the index: a search, suggestions, a feed of a search, words on the map."""
    path = request.path_info.removeprefix("/en")
    if path in ("/cari", "/saran", "/sisipan/cari") or path.startswith("/feeds/cari."):
        return bool(request.META.get("QUERY_STRING"))
    if path == "/api/v1/entries":
        return True
    return path.startswith(("/aktivitas", "/api/v1/activity")) and bool(
        parse_qs(request.META.get("QUERY_STRING", "")).get("q")
    )


def rate_limits(get_response: Handler) -> Handler:
    def middleware(request: HttpRequest) -> HttpResponse:
        rule, asker = rule_for(request), address_of(request)
        if rule and rule.name == "api" and (key := request.headers.get("X-API-Key")):
            holder = keys.find(key)
            if holder is None:
                return _unknown_key(request)
            rule, asker = Rule("api-key", holder.per_minute, 60), holder.digest
        if rule is None or rule.most == 0:
            return get_response(request)
        try:
            counted = count(rule, asker)
        except DatabaseError:
            return standby.unavailable(request)
        if counted > rule.most:
            metrics.count_refused(rule.name)
            return _too_many(request, rule)
        response = get_response(request)
        if rule.name.startswith("api"):
            _tell(response, rule, rule.most - counted)
        return response

    return middleware


def count(rule: Rule, address: str) -> int:
    """How many requests of this address there were in this window, this one included."""
    window = int(time.time() // rule.seconds)
    if rule.is_guarded:
        return _count_exactly(rule, address, window)
    key = f"limit:{rule.name}:{window}:{address}"
    if cache.add(key, 1, rule.seconds * 2):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # gone since, or no cache at all: reading goes on
        return 1


def _count_exactly(rule: Rule, address: str, window: int) -> int:
    digest = salted_hmac("portal.limits", address).hexdigest()[:32]
    mine = Attempt.objects.filter(kind=rule.name, address=digest, window=window)
    with transaction.atomic():
        if not mine.update(count=F("count") + 1):
            _row, is_new = Attempt.objects.get_or_create(
                kind=rule.name, address=digest, window=window, defaults={"count": 1}
            )
            if is_new:
                Attempt.objects.filter(kind=rule.name, window__lt=window - 1).delete()
                return 1
            mine.update(count=F("count") + 1)
        return int(mine.values_list("count", flat=True).get())


def _too_many(request: HttpRequest, rule: Rule) -> HttpResponse:
    wait = rule.seconds - int(time.time() % rule.seconds)
    with translation.override(_language(request)):
        said = translation.gettext(
            "Terlalu banyak permintaan dari alamat jaringan Anda. Coba lagi dalam %(seconds)s detik."
        ) % {"seconds": wait}
        response = _said(request, translation.gettext("Terlalu banyak permintaan"), said)
    response.status_code = 429
    response.headers["Retry-After"] = str(wait)
    _tell(response, rule, 0)
    return response


def _tell(response: HttpResponse, rule: Rule, left: int) -> None:
    """https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/"""
    wait = rule.seconds - int(time.time() % rule.seconds)
    response.headers["RateLimit-Policy"] = f'"{rule.name}";q={rule.most};w={rule.seconds}'
    response.headers["RateLimit"] = f'"{rule.name}";r={left};t={wait}'


def _unknown_key(request: HttpRequest) -> HttpResponse:
    response = _said(
        request,
        translation.gettext("Kunci tidak dikenal"),
        translation.gettext(
            "Kunci pada X-API-Key tidak dikenal atau sudah dimatikan. Tanpa kunci pun boleh."
        ),
    )
    response.status_code = 401
    response.headers["WWW-Authenticate"] = 'ApiKey realm="api"'
    return response


# --- searching under load ---------------------------------------------------------------------------


class Slots:
    """Who may search in this process now: `most` at once, and one more may wait for a moment. After each
    search its slot rests for `rest` times the processor time it took, so that searches take no more than a
    share of the process, however many ask."""

    def __init__(self, most: int, rest: float) -> None:
        self.free = BoundedSemaphore(most)
        self.waiting = Lock()
        self.rest = rest
        self.ready_at = 0.0

    def take(self) -> bool:
        if time.monotonic() >= self.ready_at and self.free.acquire(blocking=False):
            return True
        if not self.waiting.acquire(blocking=False):
            return False
        try:
            if not self.free.acquire(timeout=WAIT_FOR_SEARCH):
                return False
            time.sleep(max(0.0, self.ready_at - time.monotonic()))
            return True
        finally:
            self.waiting.release()

    def give_back(self, took: float) -> None:
        self.ready_at = time.monotonic() + min(took * self.rest, WAIT_FOR_SEARCH)
        self.free.release()


_slots: dict[bool, Slots] = {}


def shed_search(get_response: Handler) -> Handler:
    """Only a part of a process's threads may search or wait for it, so that pages and feeds never queue
    behind searches. Sits within the page cache: an answer that is kept costs no slot."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not is_search(request):
            return get_response(request)
        if settings.ELECTION_MODE and request.path_info.removeprefix("/en") == "/saran":
            return _no_suggestions(request)
        slots = _slots.setdefault(settings.ELECTION_MODE, _made())
        if not slots.take():
            metrics.count_refused("busy")
            return _busy(request)
        began = time.thread_time()
        try:
            return get_response(request)
        finally:
            slots.give_back(time.thread_time() - began)

    return middleware


def _made() -> Slots:
    """All threads but two, of which one may be waiting; with ELECTION_MODE one search at a time, and a
    quarter of the process."""
    return Slots(1, 3.0) if settings.ELECTION_MODE else Slots(max(1, settings.WEB_THREADS - 2), 0.0)


def _busy(request: HttpRequest) -> HttpResponse:
    with translation.override(_language(request)):
        response = _said(
            request,
            translation.gettext("Pencarian sedang sangat ramai"),
            translation.gettext(
                "Banyak orang sedang mencari pada saat yang sama. Coba lagi dalam %(seconds)s detik; "
                "berita terbaru, halaman provinsi, dan umpan tetap dapat dibuka."
            )
            % {"seconds": BUSY_RETRY},
        )
    response.status_code = 503
    response.headers["Retry-After"] = str(BUSY_RETRY)
    return response


def _no_suggestions(request: HttpRequest) -> HttpResponse:
    response = HttpResponse('["", []]', content_type="application/x-suggestions+json")
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


def _said(request: HttpRequest, title: str, said: str) -> HttpResponse:
    if request.path_info.startswith("/api/"):  # RFC 9457
        response: HttpResponse = JsonResponse(
            {"title": title, "detail": said}, content_type="application/problem+json"
        )
    elif request.path_info.startswith(("/feeds/", "/hub", "/saran")):
        response = HttpResponse(f"{title}. {said}\n", content_type="text/plain; charset=utf-8")
    else:
        response = HttpResponse(get_template("plain.html").render({"title": title, "said": said}))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = PUBLIC_POLICY
    return response


def _language(request: HttpRequest) -> str:
    return "en" if request.path_info.startswith("/en/") else settings.LANGUAGE_CODE
