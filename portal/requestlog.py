"""Every request has a name, which its log lines carry, and is measured and told of in one line."""

from __future__ import annotations

import logging
import re
import time
import uuid

from django.http import HttpRequest, HttpResponse

from portal import metrics
from portal.logs import request_id
from portal.middleware import Handler

PROPER_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
LONGEST_PATH = 300

access = logging.getLogger("portal.access")


def request_log(get_response: Handler) -> Handler:
    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        name = given if PROPER_ID.fullmatch(given) else uuid.uuid4().hex
        token = request_id.set(name)
        began = time.perf_counter()
        try:
            response = get_response(request)
            _tell(request, response, time.perf_counter() - began)
            response.headers["X-Request-ID"] = name
            return response
        finally:
            request_id.reset(token)

    return middleware


def _tell(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    metrics.count_request(request, response.status_code, seconds)
    level = logging.WARNING if response.status_code >= 500 else logging.INFO
    if not access.isEnabledFor(level):
        return
    access.log(
        level,
        "%s %s %s",
        request.method,
        request.path_info[:LONGEST_PATH],
        response.status_code,
        extra={
            "method": request.method,
            "route": metrics.route_class(request.path_info),
            "status": response.status_code,
            "ms": round(seconds * 1000, 1),
            "bytes": 0 if response.streaming else len(response.content),
            "cache": response.headers.get("X-Cache", ""),
        },
    )
