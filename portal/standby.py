"""Copies of public answers on this node's disk, for when the database is away.

Whatever good public answer goes out is also kept as a file, already compressed, for PREPARED_HOURS. When an
answer cannot be made, the copy goes out in its place, marked `X-Cache: STALE` with its `Age`; without a copy
the reader gets a small plain page at once. While the database is known to be away nobody waits for it.
A copy that mentions a post recalled since it was made is never used (portal/recalls.py).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import brotli
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.template.loader import get_template
from django.utils import translation
from django.utils.http import parse_etags

from feeds import caching, negotiation
from portal import metrics
from portal.middleware import PUBLIC_POLICY, Handler
from portal.recalls import begun_at, folder, recalls
from portal.shards import prune

log = logging.getLogger(__name__)

NEVER = ("/healthz", "/readyz", "/metrics", "/static")
RENEW_AFTER = 60.0  # an unchanged copy is dated anew no more often
REWRITE_AFTER = 5.0  # a page that changes all the time is written no more often
PRUNE_EVERY = 200  # writes, about
LEFT_OUT = {"Content-Length", "Date", "Connection", "X-Request-ID", "Set-Cookie", "X-Cache", "Age"}
RETRY_AFTER = 30
STALE_FRESHNESS = "public, max-age=10"
PLAIN_ENDINGS = (".rss", ".atom", ".json", ".opml", ".csv", ".txt", ".xml")


@dataclass(frozen=True, slots=True)
class Copy:
    """One answer as it went out."""

    made_at: float
    headers: dict[str, str]
    body: bytes

    @property
    def coding(self) -> str:
        return self.headers.get("Content-Encoding", "")

    def plain(self) -> bytes:
        if self.coding == "br":
            unpacked: bytes = brotli.decompress(self.body)
            return unpacked
        return gzip.decompress(self.body) if self.coding == "gzip" else self.body


_written: dict[str, tuple[float, str]] = {}
_guard = Lock()


def stand_in(get_response: Handler) -> Handler:
    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.PREPARED_HOURS == 0 or request.path_info.startswith(NEVER):
            return get_response(request)
        if caching.is_away():
            return _without_database(request)
        began = time.time()
        response = get_response(request)
        if response.status_code >= 500 and request.method in ("GET", "HEAD"):
            return stale(request) or _honest(request, response)
        if response.status_code >= 500:
            return _honest(request, response)
        if _may_be_kept(request):
            _keep(request, response, began)
        return response

    return middleware


def _may_be_kept(request: HttpRequest) -> bool:
    """Addresses with a question are many and seldom asked twice; they have no copy."""
    return (
        settings.PAGE_CACHE_SECONDS > 0
        and request.method == "GET"
        and not request.META.get("QUERY_STRING")
        and not request.path_info.startswith(("/pantauan", "/masuk", "/keluar", "/api"))
    )


def _keep(request: HttpRequest, response: HttpResponse, began: float) -> None:
    key = request.path_info
    if response.status_code in (404, 410):
        _path(key).unlink(missing_ok=True)
        return
    said = response.headers.get("Cache-Control", "")
    if response.status_code != 200 or response.streaming or response.cookies or "public" not in said:
        return
    if "Accept," in response.headers.get("Vary", "") + ",":  # several answers under one address
        return
    tag = response.headers.get("ETag", "")
    at, known = _written.get(key, (0.0, ""))
    if began - at < (RENEW_AFTER if tag and tag == known else REWRITE_AFTER):
        return
    with _guard:
        if len(_written) > 50_000:
            _written.clear()
        _written[key] = (began, tag)
    try:
        if tag and tag == known and _path(key).exists():
            os.utime(_path(key), (began, began))
        else:
            _write(key, response, began)
    except OSError as error:  # a full disk must not cost the reader the page
        log.warning("a copy could not be kept: %s", error.strerror)


def _write(key: str, response: HttpResponse, began: float) -> None:
    path = _path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    headers = {name: value for name, value in response.items() if name not in LEFT_OUT}
    digest = hashlib.blake2b(response.content, digest_size=16).hexdigest()
    head = json.dumps({"key": key, "digest": digest, "headers": headers}).encode()
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as new:
        try:
            new.write(head + b"\n" + response.content)
            new.close()
            os.utime(new.name, (began, began))
            Path(new.name).replace(path)
        except OSError:
            Path(new.name).unlink(missing_ok=True)
            raise
    if random.randrange(PRUNE_EVERY) == 0:  # noqa: S311 - no secret
        prune(path.parent, settings.PREPARED_BYTES, time.time() - settings.PREPARED_HOURS * 3600)


def _path(key: str) -> Path:
    name = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
    return folder() / name[:2] / name


def read(key: str) -> Copy | None:
    """The copy under a key, if it is whole, young enough, and mentions nothing recalled since."""
    path = _path(key)
    try:
        made_at = path.stat().st_mtime
        head, _newline, body = path.read_bytes().partition(b"\n")
        told = json.loads(head)
    except (OSError, ValueError):
        return None
    if time.time() - made_at > settings.PREPARED_HOURS * 3600 or made_at < begun_at():
        return None
    if told["key"] != key or told["digest"] != hashlib.blake2b(body, digest_size=16).hexdigest():
        return None
    copy = Copy(made_at, told["headers"], body)
    mentioned = key.encode("utf-8", "surrogatepass") + b"\n" + copy.plain()  # of a picture the key alone
    return None if recalls().touch(mentioned, made_at) else copy


def stale(request: HttpRequest) -> HttpResponse | None:
    """The kept copy of this address, told as what it is."""
    if request.META.get("QUERY_STRING") or request.method not in ("GET", "HEAD"):
        return None
    copy = read(request.path_info)
    if copy is None:
        return None
    tag = copy.headers.get("ETag", "")
    if tag and tag in parse_etags(request.headers.get("If-None-Match", "")):
        response: HttpResponse = HttpResponseNotModified()
        response.headers["ETag"] = tag
    else:
        response = _whole(request, copy)
    response.headers["Cache-Control"] = STALE_FRESHNESS
    response.headers["Age"] = str(max(0, int(time.time() - copy.made_at)))
    response.headers["X-Cache"] = "STALE"
    metrics.count_page("stale")
    return response


def _whole(request: HttpRequest, copy: Copy) -> HttpResponse:
    if copy.coding and copy.coding == negotiation.coding(request):
        response = HttpResponse(copy.body)
        left_out: tuple[str, ...] = ()
    else:
        response = HttpResponse(copy.plain())
        left_out = ("Content-Encoding", "ETag") if copy.coding else ()
    for name, value in copy.headers.items():
        if name not in left_out:
            response.headers[name] = value
    return response


def _without_database(request: HttpRequest) -> HttpResponse:
    """What can be said without asking it. One of the readers in a while finds out whether it is back."""
    return stale(request) or unavailable(request)


def _honest(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A failure that came of the database is no fault of the page: 503, and when to come again."""
    try:
        caching.read_generation()
    except DatabaseError:
        return unavailable(request)
    return response


def unavailable(request: HttpRequest) -> HttpResponse:
    """Small, plain, and made without a query."""
    english = request.path_info == "/en" or request.path_info.startswith("/en/")
    with translation.override("en" if english else settings.LANGUAGE_CODE):
        title = translation.gettext("Portal sedang tidak dapat dijangkau")
        said = translation.gettext(
            "Halaman ini belum ada salinannya dan basis data sedang tidak menjawab. Coba lagi sebentar."
        )
        if request.path_info.startswith(("/feeds/", "/api/", "/hub")) or request.path_info.endswith(
            PLAIN_ENDINGS
        ):
            response = HttpResponse(f"{title}. {said}\n", content_type="text/plain; charset=utf-8")
        else:
            response = HttpResponse(get_template("plain.html").render({"title": title, "said": said}))
    response.status_code = 503
    response.headers["Retry-After"] = str(RETRY_AFTER)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = PUBLIC_POLICY
    return response


def forget() -> None:
    """As a restart does: copies stay, what this process remembers of writing them does not."""
    with _guard:
        _written.clear()
