"""The addresses that letters carry: to confirm an alert, and to end it.

Opening one changes nothing: mail scanners open every link. The button does, and so does the one POST by
which a mailbox ends a subscription for its owner (RFC 8058).
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from aggregator.errors import RequestError, TooMany, UnknownValue
from feeds import places
from feeds.alerts import consent
from feeds.models import Alert
from portal.middleware import error_page


@csrf_exempt  # the link itself is the proof; there is no cookie
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, signed: str) -> HttpResponse:
    try:
        wish = consent.read_link(signed)
        if request.method == "POST":
            alert = consent.confirm(wish)
            return _private(render(request, "portal/alert_confirmed.html", _facts(alert)))
        channel = places.at(wish.place)
    except UnknownValue as error:
        return _private(error_page(request, 404, error.message))
    except TooMany as error:
        return _private(error_page(request, 400, error.message))
    context = {"channel": channel, "rhythm": Alert.Rhythm(wish.rhythm).label, "address": wish.address}
    return _private(render(request, "portal/alert_confirm.html", context))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        # Ended twice is ended once.
        (consent.end_all if request.POST.get("semua") == "1" else consent.end)(token)
        return _private(render(request, "portal/alert_ended.html"))
    alert = Alert.objects.filter(token=token).select_related("watched").first()
    if alert is None:
        return _private(render(request, "portal/alert_ended.html"))
    return _private(render(request, "portal/alert_end.html", _facts(alert)))


def _facts(alert: Alert) -> dict[str, object]:
    try:
        title = places.at(alert.watched.path).title
    except RequestError:
        title = ""
    others = Alert.objects.filter(address=alert.address).exclude(pk=alert.pk).count()
    return {"alert": alert, "title": title, "others": others}


def _private(response: HttpResponse) -> HttpResponse:
    """The address of this page is a key: no cache keeps it, no other site is told it."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
