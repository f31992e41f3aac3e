"""Who asks: the reader's address behind our own proxies, and nobody else's word for it."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal.middleware import Handler

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED")


def behind_proxy(get_response: Handler) -> Handler:
    """REMOTE_ADDR and the scheme as a trusted proxy tells them; what others claim is taken away, so that
    nothing further in can believe it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if _is_trusted(_address(request.META.get("REMOTE_ADDR", "")), settings.TRUSTED_PROXIES):
            request.META["REMOTE_ADDR"] = _first_stranger(request)
            if request.META.get("HTTP_X_FORWARDED_PROTO") == "https":
                request.META["wsgi.url_scheme"] = "https"
        elif any(name in request.META for name in FORWARDED):
            request.came_forwarded = True  # type: ignore[attr-defined]
        for name in FORWARDED:
            request.META.pop(name, None)
        return get_response(request)

    return middleware


def address_of(request: HttpRequest) -> str:
    """What a limit counts: an IPv4 address, or the /64 an IPv6 subscriber has for itself."""
    found = _address(request.META.get("REMOTE_ADDR", ""))
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False).network_address)
    return str(found or "unknown")


def is_near(request: HttpRequest, networks: tuple[str, ...]) -> bool:
    """Whether the reader sits on this machine or in these networks. One who came through a proxy that
    nobody declared is never near: its own address hides that of the reader."""
    if getattr(request, "came_forwarded", False):
        return False
    found = _address(request.META.get("REMOTE_ADDR", ""))
    return found is not None and (found.is_loopback or _is_trusted(found, networks))


def _first_stranger(request: HttpRequest) -> str:
    """The last address in X-Forwarded-For that is none of our proxies; each appends whom it heard."""
    here = request.META["REMOTE_ADDR"]
    for part in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        found = _address(part.strip())
        if found is None:
            break
        here = str(found)
        if not _is_trusted(found, settings.TRUSTED_PROXIES):
            break
    return str(here)


@lru_cache(maxsize=4096)
def _address(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


@lru_cache(maxsize=4096)
def _is_trusted(address: Address | None, networks: tuple[str, ...]) -> bool:
    return address is not None and any(address in ipaddress.ip_network(network) for network in networks)
