"""Whether this process lives (`/healthz`) and whether it can serve (`/readyz`)."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django_q.models import OrmQ

from aggregator.errors import IndexUnavailable
from aggregator.models import PortalState
from aggregator.search.ask import opened


def healthz(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("ok\n", content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, broker and index answer, else 503; each named with "ok" or what is wrong."""
    checks = {"database": _database(), "broker": _broker(), "index": _index()}
    ready = all(state == "ok" for state in checks.values())
    response = JsonResponse({"ready": ready, **checks}, status=200 if ready else 503)
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
    try:
        opened()
    except IndexUnavailable as error:
        return error.code
    return "ok"
