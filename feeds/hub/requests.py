"""What a subscriber asks of the hub, checked and noted (WebSub §5.1). Nothing is sent from here."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, resolve
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from aggregator.addresses import Guard
from aggregator.errors import AddressRefused, BadParameter, RequestError, TooMany, UnknownValue
from feeds import channels, places
from feeds.models import Intent, Lease

LEAST_SECONDS, USUAL_SECONDS, MOST_SECONDS = 300, 10 * 86400, 30 * 86400
MOST_LEASES = 20_000
MOST_OF_HOST = 500  # leases whose callbacks are on one host
MOST_UNCONFIRMED = 20  # requests of one host within UNCONFIRMED_SPAN that it has not confirmed
UNCONFIRMED_SPAN = timedelta(hours=1)
LONGEST_SECRET = 199  # bytes: "less than 200 bytes" (§5.1)


@csrf_exempt
def hub(request: HttpRequest) -> HttpResponse:
    """The hub's address. Cross-origin by nature: no cookie is read and none is set."""
    if request.method != "POST":
        response = HttpResponse(_("Hub WebSub menerima POST saja.") + "\n", status=405, content_type=PLAIN)
        response.headers["Allow"] = "POST"
        return response
    try:
        with translation.override(settings.LANGUAGE_CODE):
            intent = read(request.POST)
            _limit(intent)
    except RequestError as error:
        status = 404 if isinstance(error, UnknownValue) else 429 if isinstance(error, TooMany) else 400
        response = HttpResponse(f"{error.message}\n", status=status, content_type=PLAIN)
        if status == 429:
            response.headers["Retry-After"] = str(int(UNCONFIRMED_SPAN.total_seconds()))
        return response
    _note(intent)
    return HttpResponse(status=202, content_type=PLAIN)


PLAIN = "text/plain; charset=utf-8"


def read(form: QueryDict) -> Intent:
    """The request of a form. Raises BadParameter, and UnknownValue for a feed that does not exist."""
    if settings.WEBSUB_HUB_URL:
        raise BadParameter("hub.mode", _("Portal ini memakai hub lain: %s") % settings.WEBSUB_HUB_URL)
    mode = form.get("hub.mode", "")
    if mode not in Intent.Mode.values:
        raise BadParameter("hub.mode", _("hub.mode harus subscribe atau unsubscribe."))
    topic = canonical_topic(form.get("hub.topic", ""))
    callback = form.get("hub.callback", "")
    try:
        host = Guard(settings.FETCH_ALLOWED_NETWORKS, settings.FETCH_ALLOWED_PORTS).check_url(callback).host
    except AddressRefused as error:
        raise BadParameter("hub.callback", f"hub.callback: {error.message}") from error
    secret = form.get("hub.secret", "")
    if len(secret.encode()) > LONGEST_SECRET:
        raise BadParameter("hub.secret", _("hub.secret harus kurang dari 200 bita."))
    return Intent(
        mode=mode,
        topic=topic,
        callback=callback,
        host=host or "",
        key=key_of(topic, callback),
        secret=secret,
        seconds=_seconds(form.get("hub.lease_seconds", "")),
    )


def key_of(topic: str, callback: str) -> str:
    return hashlib.sha256(f"{topic}\n{callback}".encode()).hexdigest()


def canonical_topic(topic: str) -> str:
    """The self address of a current feed document, however its parameters are ordered.

    Raises BadParameter for what is no feed of ours and UnknownValue for a channel that does not exist.
    """
    channel, ending, full = read_topic(topic)
    return channel.address(ending, full=full)


def read_topic(topic: str) -> tuple[channels.Channel, str, bool]:
    """Channel, format and length of text of the feed at an address. Raises as `canonical_topic`."""
    refused = BadParameter("hub.topic", _("hub.topic harus alamat umpan dari portal ini."))
    if len(topic) > 900 or not topic.startswith(f"{settings.BASE_URL}/feeds/"):
        raise refused
    parts = urlsplit(topic.removeprefix(settings.BASE_URL))
    try:
        found = resolve(parts.path)
    except Resolver404:
        raise refused from None
    ending = found.kwargs.get("ending")
    if not ending or "number" in found.kwargs:
        raise refused
    params = QueryDict(parts.query)
    channel = places.find_today(found.kwargs["kind"], found.kwargs.get("key", ""), params)
    return channel, ending, channels.read_full(params)


def place_of(topic: str) -> str:
    """The place of a canonical topic's channel, whatever its format and length of text."""
    path, _mark, query = topic.removeprefix(settings.BASE_URL).partition("?")
    kept = "&".join(pair for pair in query.split("&") if pair and pair != "isi=penuh")
    return path.rpartition(".")[0] + (f"?{kept}" if kept else "")


def _seconds(given: str) -> int:
    if not given:
        return USUAL_SECONDS
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise BadParameter("hub.lease_seconds", _("hub.lease_seconds harus bilangan bulat detik."))
    return min(max(int(given), LEAST_SECONDS), MOST_SECONDS)


def _limit(intent: Intent) -> None:
    """Raise TooMany when the hub or the callback's host has enough."""
    asked = Intent.objects.filter(host=intent.host, asked_at__gt=timezone.now() - UNCONFIRMED_SPAN)
    if asked.exclude(key=intent.key).count() >= MOST_UNCONFIRMED:
        raise TooMany("hub.callback", _("Terlalu banyak permintaan host ini yang belum dikonfirmasi."))
    if intent.mode == Intent.Mode.UNSUBSCRIBE or Lease.objects.filter(key=intent.key).exists():
        return
    counts = Lease.objects.aggregate(all=Count("id"), host=Count("id", filter=Q(host=intent.host)))
    if counts["all"] >= MOST_LEASES or counts["host"] >= MOST_OF_HOST:
        raise TooMany("hub.callback", _("Hub tidak dapat menerima langganan baru lagi untuk saat ini."))


def _note(intent: Intent) -> None:
    """The newest request for a topic and callback replaces an older one that still waits."""
    Intent.objects.filter(key=intent.key).delete()
    Intent.objects.bulk_create([intent], ignore_conflicts=True)
