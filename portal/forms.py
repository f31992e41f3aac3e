"""The only place where query strings of pages are read. What cannot be used is answered with a sentence
that names it: 400 for a malformed value, 404 for a code or slug that does not exist."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote_plus

from django.http import HttpRequest
from django.utils.translation import gettext as _

from aggregator.errors import BadParameter
from aggregator.models import Entry

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_TEXT = 200
# Every parameter that a public page or feed reads; others are as if not there. A test holds this list.
PARAMETERS = {
    *("q", "provinsi", "satker", "topik", "tahapan", "asal", "bulan", "hari", "jam"),
    *("dari", "sampai", "urut", "semua"),
    *("sebelum", "isi", "ukuran", "peta", "banding", "padat", "terkirim", "umpan"),
    *("jumlah", "tema", "url", "format", "maxwidth", "maxheight"),
}


def keep_known_parameters(request: HttpRequest) -> None:
    """Take what no page reads (utm_source and the like) out of the question."""
    query = request.META.get("QUERY_STRING", "")
    if not query:
        return
    parts = [part for part in query.split("&") if unquote_plus(part.partition("=")[0]) in PARAMETERS]
    if (kept := "&".join(parts)) != query:
        request.META["QUERY_STRING"] = kept
        request.__dict__.pop("GET", None)  # read from the question at first use, and kept


def read_anchor(request: HttpRequest) -> tuple[datetime, int] | None:
    """`sebelum=<microseconds since 1970>-<entry id>`: the page of a list begins after that entry.

    Raises BadParameter.
    """
    raw = request.GET.get("sebelum", "")
    if not raw:
        return None
    micros, _dash, number = raw.rpartition("-")
    try:
        pk = int(number)
        at = EPOCH + timedelta(microseconds=int(micros))
    except (ValueError, OverflowError):
        raise BadParameter(
            "sebelum", _("Parameter “sebelum” bukan penanda halaman dari portal ini.")
        ) from None
    if not 0 < pk < 2**63:
        raise BadParameter("sebelum", _("Parameter “sebelum” bukan penanda halaman dari portal ini."))
    return at, pk


def anchor_of(entry: Entry) -> str:
    """The value of `sebelum` for the page that begins after this entry."""
    return anchor_at(entry.published_at, entry.pk)


def anchor_at(at: datetime | None, pk: int) -> str:
    """The same for a list in the order of another time."""
    return f"{((at or EPOCH) - EPOCH) // timedelta(microseconds=1)}-{pk}"


def read_text(request: HttpRequest, name: str) -> str:
    """One line of free text. Raises BadParameter beyond LONGEST_TEXT characters or with a NUL."""
    text = " ".join(request.GET.get(name, "").split())
    if len(text) > LONGEST_TEXT or "\0" in text:
        message = _("Parameter “%(name)s” terlalu panjang atau memuat aksara yang tidak dapat dibaca.")
        raise BadParameter(name, message % {"name": name})
    return text


def read_choice(request: HttpRequest, name: str, allowed: Sequence[str]) -> str:
    """One of the allowed values, the first where none is given. Raises BadParameter."""
    value = request.GET.get(name, "") or allowed[0]
    if value not in allowed:
        message = _("Parameter “%(name)s” hanya menerima %(values)s.")
        raise BadParameter(name, message % {"name": name, "values": ", ".join(allowed)})
    return value
