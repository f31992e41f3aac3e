"""Where hubs of inbound feeds confirm and push. Machines only: no page, no cookie, no language."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from aggregator import subscriber

PLAIN = "text/plain; charset=utf-8"


@csrf_exempt
@require_http_methods(["GET", "POST"])
def callback(request: HttpRequest, token: str) -> HttpResponse:
    answer = _push(request, token) if request.method == "POST" else _confirm(request, token)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _confirm(request: HttpRequest, token: str) -> HttpResponse:
    asked = request.GET
    is_ours = subscriber.confirm(
        token, asked.get("hub.mode", ""), asked.get("hub.topic", ""), asked.get("hub.lease_seconds", "")
    )
    if not is_ours:
        return HttpResponse(status=404, content_type=PLAIN)
    return HttpResponse(asked.get("hub.challenge", "")[:1000], content_type=PLAIN)


def _push(request: HttpRequest, token: str) -> HttpResponse:
    body: bytes | None = None
    try:
        if int(request.headers.get("Content-Length") or 0) <= settings.FETCH_MAX_BYTES:
            body = request.body
    except (RequestDataTooBig, ValueError):
        pass
    is_ours = subscriber.receive(
        token, body, request.headers.get("X-Hub-Signature", ""), request.headers.get("Content-Type", "")
    )
    return HttpResponse(status=202 if is_ours else 410, content_type=PLAIN)
