"""Whether this process lives (`/healthz`), whether it can serve (`/readyz`), and its figures (`/metrics`)."""

from __future__ import annotations

import shutil

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django_q.models import OrmQ
from prometheus_client import CONTENT_TYPE_LATEST

from aggregator.errors import IndexUnavailable
from aggregator.models import PortalState
from aggregator.search.ask import opened
from aggregator.search.engine import current, read_manifest
from portal.clients import is_near
from portal.figures import exposition

LEAST_FREE = 200_000_000  # bytes; pages are still served with less, but nothing new can be stored for long


def healthz(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("ok\n", content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, broker and index answer, else 503; each named with "ok" or what is wrong. A full
    disk is told of, but readers are better served by this node than by none."""
    checks = {"database": _database(), "broker": _broker(), "index": _index()}
    ready = all(state == "ok" for state in checks.values())
    response = JsonResponse({"ready": ready, **checks, "disk": _disk()}, status=200 if ready else 503)
    response.headers["Cache-Control"] = "no-store"
    response._has_been_logged = True  # type: ignore[attr-defined] # a state, no error of this program
    return response


def figures(request: HttpRequest) -> HttpResponse:
    """For Prometheus: from this machine, from METRICS_NETWORKS, or with METRICS_TOKEN; else not there."""
    given = request.headers.get("Authorization", "")
    token = settings.METRICS_TOKEN
    if not is_near(request, settings.METRICS_NETWORKS) and not (
        token and constant_time_compare(given, f"Bearer {token}")
    ):
        raise Http404
    response = HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)
    response.headers["Cache-Control"] = "no-store"
    return response


def _database() -> str:
    try:
        PortalState.objects.filter(pk=1).exists()
    except DatabaseError as error:
        return f"{connection.vendor}: {type(error).__name__}"
    return "ok"


def _broker() -> str:
    """The broker is a table of the same database: it must be there and readable."""
    try:
        OrmQ.objects.exists()
    except DatabaseError as error:
        return f"orm: {type(error).__name__}"
    return "ok"


def _index() -> str:
    """A node whose index is being filled for the first time is not ready; one that takes in changes, many
    as they may be, is: else all nodes would leave at once when all posts are classified anew. So is one that
    answers by an index of the release before, while the new one is made."""
    try:
        opened()
        backlog = read_manifest(current(), outdated_too=True)["cursor"]["backlog"]
    except IndexUnavailable as error:
        return error.code
    return "filling" if backlog and backlog["from"] is None else "ok"


def _disk() -> str:
    try:
        free = shutil.disk_usage(settings.DATA_DIR).free
    except OSError as error:
        return f"disk: {error.strerror}"
    return "ok" if free >= LEAST_FREE else f"{free // 1_000_000} MB free"
