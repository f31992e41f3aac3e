"""Forms that anybody may send, without a cookie.

Two things stand in for it: a signed field that only a page of ours can have given out and that expires, and
the Origin of the request, which no browser lets a page of another site forge.
"""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.utils.translation import gettext as _

from aggregator.errors import BadParameter

FIELD = "tanda"
STEP = 600  # seconds; within one the field stays the same, so that a page does and caches may keep it
VALID = 24 * 3600


def sign(purpose: str) -> str:
    """The value of FIELD on a page with a form for this purpose."""
    return _signer(purpose).sign(str(int(time.time()) // STEP))


def check(request: HttpRequest, purpose: str) -> None:
    """Raises BadParameter for a form that is not from a page of ours, or from one opened too long ago."""
    if not _is_ours(request):
        message = _("Formulir ini hanya dapat dikirim dari halaman portal ini.")
        raise BadParameter(FIELD, message)
    try:
        made = int(_signer(purpose).unsign(request.POST.get(FIELD, ""))) * STEP
    except (signing.BadSignature, ValueError):
        made = 0
    if not -STEP <= time.time() - made <= VALID:
        raise BadParameter(FIELD, _("Halaman ini sudah terlalu lama terbuka. Muat ulang, lalu kirim lagi."))


def _signer(purpose: str) -> signing.Signer:
    return signing.Signer(salt=f"portal.openforms.{purpose}")


def _is_ours(request: HttpRequest) -> bool:
    """By Origin, which browsers send with every POST; older ones at least name the page they come from."""
    came_from = request.headers.get("Origin") or request.headers.get("Referer", "")
    parts = urlsplit(came_from)
    own = urlsplit(settings.BASE_URL)
    return (parts.scheme, parts.netloc) in {(own.scheme, own.netloc), (request.scheme, request.get_host())}
