"""A look at the front page of each site: does it answer, with what is it made, how long is its certificate
good. Evidence for the migration board and for alerts; through the one guarded way out, host by host."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from aggregator import pipeline
from aggregator.enrol import site_urls
from aggregator.errors import FetchError
from aggregator.models import SatkerHost
from aggregator.outbound import Outbound
from aggregator.records import FetchPolicy
from portal.monitoring.models import SiteCheck

EVERY = timedelta(days=1)
BATCH = 40
PAGE_BYTES = 300_000

_GENERATOR = re.compile(r"""<meta[^>]+name\s*=\s*["']?generator["']?[^>]*>""", re.IGNORECASE)
_CONTENT = re.compile(r"""content\s*=\s*["']([^"']{1,300})["']""", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.{1,400}?)</title>", re.IGNORECASE | re.DOTALL)
_TRACES = (
    ("/wp-content/", "WordPress"),
    ("/media/jui/", "Joomla"),
    ("/components/com_", "Joomla"),
    ("/sites/default/files/", "Drupal"),
    ("blogger.com", "Blogger"),
)


@dataclass(slots=True)
class Look:
    """What one host showed; the fields of SiteCheck that were found out."""

    satker_id: int
    hostname: str
    found: dict[str, Any] = field(default_factory=dict)


def check_oldest(*, seconds: float, policy: FetchPolicy | None = None) -> int:
    """Look at approved hosts that were not looked at for a day, the longest ago first; returns how many."""
    policy, deadline, looked = policy or pipeline.fetch_policy(), time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        hosts = _due()
        if not hosts:
            break
        for look in asyncio.run(_look_at(hosts, policy)):
            keep(look)
            looked += 1
    return looked


def check_now(satker_id: int, policy: FetchPolicy | None = None) -> int:
    """Look at all approved hosts of one satker."""
    hosts = list(_approved().filter(satker=satker_id).values_list("satker_id", "hostname"))
    for look in asyncio.run(_look_at(hosts, policy or pipeline.fetch_policy())):
        keep(look)
    return len(hosts)


def keep(look: Look) -> None:
    blank = {f.name: f.get_default() for f in SiteCheck._meta.fields if f.name not in _KEYS}
    SiteCheck.objects.update_or_create(
        satker_id=look.satker_id, hostname=look.hostname, defaults=blank | look.found
    )


_KEYS = ("id", "satker", "hostname")


def _approved() -> Any:
    return SatkerHost.objects.filter(state=SatkerHost.State.APPROVED).order_by()


def _due() -> list[tuple[int, str]]:
    last = SiteCheck.objects.filter(satker=OuterRef("satker"), hostname=OuterRef("hostname"))
    hosts = _approved().annotate(last=Subquery(last.values("checked_at")[:1]))
    unseen = list(hosts.filter(last=None).values_list("satker_id", "hostname")[:BATCH])
    old = hosts.filter(last__lt=timezone.now() - EVERY).order_by("last")
    return unseen + list(old.values_list("satker_id", "hostname")[: BATCH - len(unseen)])


async def _look_at(hosts: list[tuple[int, str]], policy: FetchPolicy) -> list[Look]:
    async with Outbound(policy) as outbound:
        return list(await asyncio.gather(*(_look(outbound, Look(*host)) for host in hosts)))


async def _look(outbound: Outbound, look: Look) -> Look:
    """The first of the host's usual addresses that answers; else why none did."""
    for url in site_urls([look.hostname]):
        try:
            answer = await outbound.get(url, max_bytes=PAGE_BYTES * 4)
        except FetchError as error:
            look.found = {"error_code": error.code, "error_message": error.message[:500]}
            if error.code in ("dns", "address_refused"):
                break
            continue
        look.found = _facts(answer.status, answer.headers, answer.body, answer.final_url)
        break
    if look.found.get("error_code") not in ("dns", "address_refused"):
        await _certificate(outbound, look)
    return look


async def _certificate(outbound: Outbound, look: Look) -> None:
    port = urlsplit(look.found.get("final_url", "")).port or 443
    is_plain = look.found.get("final_url", "").startswith("http:") and port != 80
    if is_plain or not outbound.may_ask(port):
        return
    try:
        certificate = await outbound.certificate(look.hostname, 443 if port == 80 else port)
    except FetchError as error:
        look.found["tls_error"] = error.message[:500]
        return
    look.found |= {
        "tls_expires_at": certificate.expires_at,
        "tls_issuer": certificate.issuer[:200],
        "tls_version": certificate.tls_version,
    }


def _facts(status: int, headers: Any, body: bytes, final_url: str) -> dict[str, Any]:
    page = body[:PAGE_BYTES].decode("utf-8", "replace")
    title = _TITLE.search(page)
    return {
        "status": status,
        "final_url": final_url[:1000],
        "server": headers.get("Server", "")[:200],
        "powered_by": headers.get("X-Powered-By", "")[:200],
        "generator": _generator(page)[:200],
        "title": " ".join(unescape(title[1]).split())[:200] if title else "",
    }


def _generator(page: str) -> str:
    """What the page says it was made with, or what its addresses give away."""
    tag = _GENERATOR.search(page)
    said = _CONTENT.search(tag[0]) if tag else None
    if said:
        return unescape(said[1]).strip()
    return next((f"{name} ({trace})" for trace, name in _TRACES if trace in page), "")
