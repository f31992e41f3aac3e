"""Inbound feeds: one is added and read at once, others are looked for and wait for staff."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator import links, pipeline
from aggregator.approve import approve_host
from aggregator.discover import Found, discover
from aggregator.errors import FeedError, ParseError, PortalError, RegistryError
from aggregator.models import Feed, HostPause, Satker, SatkerHost
from aggregator.outbound import Outbound

MAX_ELSEWHERE = 3  # addresses on strange hosts that one site may propose
OTHER_PORTS = 4  # beside 80 and 443, where a demonstration or a test may serve sites
NOT_A_FEED = ("html", "not_a_feed", "not_xml", "media_type")


@dataclass(frozen=True, slots=True)
class Added:
    """A feed in use, what its first fetch brought, and other feeds its page names."""

    feed: Feed
    totals: pipeline.Totals
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at one satker's sites found, or why there was nothing to see."""

    satker: Satker
    found: list[Found] = field(default_factory=list)
    problem: str = ""
    elsewhere: tuple[str, ...] = ()  # feeds the site names on hosts nobody approved; not asked


# --- one feed ---------------------------------------------------------------------------------------


def add_feed(url: str, satker: Satker, by: str, replaces: Feed | None = None) -> Added:
    """Take the feed at this address, or the best one that the page there names, into use and read it.
    What it brings beyond what `replaces` was last read for is news; the rest is an import.

    Raises PortalError when there is no feed; then everything is as it was."""
    address = links.absolute(url)
    if not address:
        raise RegistryError(_("“%s” bukan alamat http atau https.") % url)
    try:
        return _try(address, satker, by, replaces)
    except ParseError as error:
        if error.code not in NOT_A_FEED:
            raise
    found = _named_feeds(address, satker)
    if not found:
        raise ParseError(
            _("Tidak ada umpan di %s, dan halaman itu tidak menyebut umpan di host yang sama.") % address,
            code="not_a_feed",
        )
    best = next((one for one in found if one.entries), found[0])
    added = _try(best.url, satker, by, replaces)
    return Added(added.feed, added.totals, tuple(one.url for one in found if one is not best))


def _try(url: str, satker: Satker, by: str, replaces: Feed | None) -> Added:
    feed, before = _enrol(url, satker, by, replaces)
    totals = pipeline.refresh_feeds([feed.pk])
    feed.refresh_from_db()
    if feed.error_code or feed.last_success_at is None:
        error = _why(feed)
        before.restore(feed)
        raise error
    return Added(feed, totals)


@dataclass(frozen=True, slots=True)
class _Before:
    """What was stored of a feed and its host, to be put back when the feed is none."""

    feed_state: str | None
    host: SatkerHost | None

    @transaction.atomic
    def restore(self, feed: Feed) -> None:
        if self.feed_state is None:
            feed.delete()
        else:
            Feed.objects.filter(pk=feed.pk).update(state=self.feed_state)
        if self.host is None:
            SatkerHost.objects.filter(satker=feed.satker_id, hostname=links.host(feed.url)).delete()
        else:
            self.host.save()


@transaction.atomic
def _enrol(url: str, satker: Satker, by: str, replaces: Feed | None) -> tuple[Feed, _Before]:
    known = Feed.objects.filter(url=url).select_related("satker").first()
    if known and known.satker_id != satker.pk:
        raise RegistryError(_("Umpan ini sudah milik %s.") % known.satker)
    host = SatkerHost.objects.filter(satker=satker, hostname=links.host(url)).first()
    if host and host.state == SatkerHost.State.REVOKED:
        raise RegistryError(
            _("Host %(host)s telah dicabut untuk %(satker)s oleh %(by)s.")
            % {"host": host.hostname, "satker": satker, "by": host.decided_by or "?"}
        )
    before = _Before(known.state if known else None, host)
    # Not due until we are done: the worker would take it from us.
    feed = known or Feed(satker=satker, url=url)
    feed.state, feed.next_check_at = Feed.State.ACTIVE, timezone.now() + timedelta(minutes=10)
    if replaces is not None and replaces.pk != feed.pk:
        feed.replaces = replaces
    feed.save()
    if host is None or host.state != SatkerHost.State.APPROVED:
        approve_host(satker, links.host(url), by, _("umpan ditambahkan"))
    return feed, before


def _why(feed: Feed) -> PortalError:
    if feed.error_code in NOT_A_FEED:
        return ParseError(feed.error_message, code=feed.error_code)
    if feed.error_code:
        return FeedError(feed.error_message, code=feed.error_code)
    pause = HostPause.objects.filter(hostname=links.host(feed.url), until__gt=timezone.now()).first()
    if pause:
        return FeedError(
            _("Situs ini minta tidak ditanyai sampai %s UTC.") % f"{pause.until:%Y-%m-%d %H:%M}",
            code="host_pause",
        )
    return FeedError(_("Umpan sedang diambil oleh proses lain; ulangi sebentar lagi."), code="busy")


def _named_feeds(url: str, satker: Satker) -> list[Found]:
    host = links.host(url)
    twin = host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
    approved = SatkerHost.objects.filter(satker=satker, state="approved").values_list("hostname", flat=True)
    hosts = frozenset({host, twin, *approved})

    async def look() -> list[Found]:
        async with Outbound(pipeline.fetch_policy()) as outbound:
            return await discover(url, outbound, hosts)

    return asyncio.run(look())


# --- looking for feeds ------------------------------------------------------------------------------


def find_feeds(satker: Iterable[Satker], done: Callable[[int], None] | None = None) -> list[Look]:
    """Look at the approved hosts of these satker and keep what is found as candidates for staff."""
    hosts: dict[int, set[str]] = {}
    approved = SatkerHost.objects.filter(state="approved").values_list("satker_id", "hostname")
    for satker_id, hostname in approved:
        hosts.setdefault(satker_id, set()).add(hostname)
    wanted = [(one, frozenset(hosts.get(one.pk, ()))) for one in satker]
    looks = asyncio.run(_look_at(wanted, done or (lambda count: None)))
    for look in looks:
        _keep_candidates(look)
    return looks


def _keep_candidates(look: Look, replaces: Feed | None = None) -> None:
    """For staff to decide on. What is known keeps its state."""
    found = [(one.url, one.title) for one in look.found] + [(url, "") for url in look.elsewhere]
    new = [
        Feed(satker=look.satker, url=url, title=title, state=Feed.State.CANDIDATE, replaces=replaces)
        for url, title in found
        if len(url) <= 1000
    ]
    Feed.objects.bulk_create(new, ignore_conflicts=True)


# A feed that answers like this may have moved, and its site may say where to.
LOST = ("http_404", "http_410", "html", "not_a_feed", "not_xml", "media_type", "redirect_host")
LOST_FAILURES = 3  # in a row, so that an hour of maintenance starts no search
SEARCH_EVERY = timedelta(days=7)
SEARCHES_A_ROUND = 20
SEARCH_SECONDS = 25.0


def search_again(now: datetime, *, seconds: float) -> int:
    """Look for the new address of feeds that turned 404 or HTML; returns how many sites were looked at.

    What is found waits for staff, with the feed it would replace; nothing is taken into use by itself."""
    started = time.monotonic()
    lost = Feed.objects.filter(error_code__in=LOST, state__in=(Feed.State.ACTIVE, Feed.State.STOPPED))
    lost = lost.filter(Q(failures__gte=LOST_FAILURES) | Q(state=Feed.State.STOPPED))
    due = lost.filter(Q(searched_at=None) | Q(searched_at__lte=now - SEARCH_EVERY) | Q(searched_at__gt=now))
    done = 0
    for feed in due.select_related("satker").order_by("id")[:SEARCHES_A_ROUND]:
        if time.monotonic() - started > seconds:
            break
        Feed.objects.filter(pk=feed.pk).update(searched_at=now)
        _search_one(feed)
        done += 1
    return done


def _search_one(feed: Feed) -> None:
    approved = SatkerHost.objects.filter(satker=feed.satker, state="approved")
    hosts = frozenset(approved.values_list("hostname", flat=True))
    looking = _look_at([(feed.satker, hosts)], lambda count: None, elsewhere=True)
    try:
        (look,) = asyncio.run(asyncio.wait_for(looking, SEARCH_SECONDS))
    except TimeoutError:
        return  # a site as slow as that is looked at again in a week
    _keep_candidates(look, replaces=feed)


async def _look_at(
    wanted: list[tuple[Satker, frozenset[str]]], done: Callable[[int], None], *, elsewhere: bool = False
) -> list[Look]:
    async with Outbound(pipeline.fetch_policy()) as outbound:

        async def one(satker: Satker, hosts: frozenset[str]) -> Look:
            look = await _look(satker, hosts, outbound, elsewhere)
            done(1)
            return look

        return list(await asyncio.gather(*(one(satker, hosts) for satker, hosts in wanted)))


async def _look(satker: Satker, hosts: frozenset[str], outbound: Outbound, elsewhere: bool) -> Look:
    if not hosts:
        return Look(satker, problem=_("belum ada host yang disetujui, jadi tidak ditanyai"))
    found: dict[str, Found] = {}
    strange: list[str] = []
    problem = ""
    for url in site_urls(sorted(hosts)):
        try:
            for one in await discover(url, outbound, hosts, strange if elsewhere else None):
                found.setdefault(links.canonical(one.url), one)
        except FeedError as error:
            problem = problem or error.message
        if found:
            break
    problem = "" if found else problem or _("tidak ada umpan yang ditemukan")
    return Look(satker, list(found.values()), problem, tuple(dict.fromkeys(strange))[:MAX_ELSEWHERE])


def site_urls(hosts: list[str]) -> list[str]:
    """Front pages of these hosts: https, then http, then other ports that may be asked."""
    ports = [port for port in settings.FETCH_ALLOWED_PORTS if port not in (80, 443)][:OTHER_PORTS]
    names = [f"[{host}]" if ":" in host else host for host in hosts]
    urls = [f"https://{name}/" for name in names if 443 in settings.FETCH_ALLOWED_PORTS]
    urls += [f"http://{name}/" for name in names if 80 in settings.FETCH_ALLOWED_PORTS]
    return urls + [f"http://{name}:{port}/" for name in names for port in ports]
