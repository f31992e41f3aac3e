"""How many at once, how far apart, and who waits for whom."""

from __future__ import annotations

import asyncio
import itertools
import socket
import time

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from aggregator.errors import FetchError
from aggregator.limits import PACE
from aggregator.outbound import Outbound, get_sync
from aggregator.records import FetchPolicy
from tests.satker_network import Answer, FaultSite, SatkerNetwork, redirect


@pytest.fixture(autouse=True)
def _fresh_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PACE, "_next", {})


def ask(urls: list[str], policy: FetchPolicy, names: AbstractResolver | None = None) -> float:
    """Ask for all at once; seconds it took."""

    async def go() -> None:
        async with Outbound(policy, resolver=names) as outbound:
            await asyncio.gather(*(outbound.get(url) for url in urls))

    started = time.monotonic()
    asyncio.run(go())
    return time.monotonic() - started


def slow_site(net: SatkerNetwork, delay: float = 0.1) -> FaultSite:
    site = net.site()
    site.answer("/", Answer(200, body=b"<rss/>", delay=delay))
    return site


def most_at_once(sites: list[FaultSite]) -> int:
    """Requests under way at the same moment over all these sites."""
    edges = [(seen.started_at, 1) for site in sites for seen in site.requests]
    edges += [(seen.ended_at, -1) for site in sites for seen in site.requests]
    return max(itertools.accumulate(step for _, step in sorted(edges)))


class OneAddress(AbstractResolver):
    """Central hosting: every name leads to one address. Names that begin with "lambat" take long."""

    def __init__(self, *addresses: str, wait: float = 0.0) -> None:
        self.addresses, self.wait = addresses, wait
        self.turn = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        await asyncio.sleep(self.wait if host.startswith("lambat") else 0)
        self.turn += 1
        turned = (
            self.addresses[self.turn % len(self.addresses) :]
            + self.addresses[: self.turn % len(self.addresses)]
        )
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=6, flags=0)
            for address in turned
        ]

    async def close(self) -> None:
        pass


def test_a_host_is_asked_one_at_a_time(net: SatkerNetwork) -> None:
    site = slow_site(net)
    ask([site.url()] * 4, net.policy())
    assert site.most_at_once == 1


def test_different_hosts_are_asked_at_once(net: SatkerNetwork) -> None:
    sites = [slow_site(net, 0.5) for _ in range(4)]
    assert ask([site.url() for site in sites], net.policy()) < 1.5
    assert most_at_once(sites) == 4


def test_the_whole_never_exceeds_its_limit(net: SatkerNetwork) -> None:
    sites = [slow_site(net) for _ in range(12)]
    ask([site.url() for site in sites], net.policy(concurrency=3))
    assert most_at_once(sites) == 3


def test_many_hosts_on_one_address_share_its_limit(net: SatkerNetwork) -> None:
    site = slow_site(net)
    urls = [f"http://satker{number}.example:{net.port}/" for number in range(8)]
    ask(urls, net.policy(ip_concurrency=2), OneAddress(site.address))
    assert site.most_at_once == 2


def test_an_address_counts_as_one_whichever_way_round_it_is_listed(net: SatkerNetwork) -> None:
    sites = [slow_site(net), slow_site(net)]
    urls = [f"http://satker{number}.example:{net.port}/" for number in range(8)]
    ask(urls, net.policy(ip_concurrency=2), OneAddress(*(site.address for site in sites)))
    assert most_at_once(sites) == 2


def test_a_full_address_does_not_hold_up_the_others(net: SatkerNetwork) -> None:
    """Five hundred sites on one dead server must not keep the rest waiting."""
    busy, free = slow_site(net, 0.4), slow_site(net, 0)
    urls = [f"http://satker{number}.example:{net.port}/" for number in range(6)] + [free.url()]
    ask(urls, net.policy(ip_concurrency=1, concurrency=3), OneAddress(busy.address))
    assert free.requests[0].started_at < busy.requests[1].started_at


def test_between_two_requests_to_a_host_lies_the_pause(net: SatkerNetwork) -> None:
    site = slow_site(net, 0.05)
    ask([site.url()] * 3, net.policy(host_spacing=0.2))
    first, second, third = site.requests
    assert second.started_at - first.ended_at >= 0.19
    assert third.started_at - second.ended_at >= 0.19


def test_the_pause_parts_the_beginnings_where_a_host_takes_several_at_once(net: SatkerNetwork) -> None:
    site = slow_site(net, 0.6)
    ask([site.url()] * 3, net.policy(host_spacing=0.2, host_concurrency=3))
    first, second, third = (seen.started_at for seen in site.requests)
    assert second - first >= 0.15
    assert third - second >= 0.15


def test_the_pause_holds_across_sessions(net: SatkerNetwork) -> None:
    """The next batch begins in a session of its own, at once."""
    site = slow_site(net, 0)
    get_sync(site.url(), net.policy(host_spacing=0.3))
    get_sync(site.url(), net.policy(host_spacing=0.3))
    first, second = site.requests
    assert second.started_at - first.ended_at >= 0.29


def test_the_pause_comes_before_a_redirect_to_the_same_host_too(net: SatkerNetwork) -> None:
    site = slow_site(net, 0)
    site.answer("/lama", redirect(301, "/"))
    get_sync(site.url("/lama"), net.policy(host_spacing=0.2))
    first, second = site.requests
    assert second.started_at - first.ended_at >= 0.19


def test_waiting_for_our_own_limits_does_not_count_as_the_sites_time(net: SatkerNetwork) -> None:
    site = slow_site(net, 0.2)
    ask([site.url()] * 4, net.policy(timeout=0.5))
    assert len(site.requests) == 4


def test_a_slow_name_server_delays_only_its_own_names(net: SatkerNetwork) -> None:
    site = slow_site(net, 0)
    urls = [f"http://lambat{number}.example:{net.port}/" for number in range(20)]

    async def go() -> float:
        names = OneAddress(site.address, wait=30)
        async with Outbound(net.policy(connect_timeout=1.0), resolver=names) as outbound:
            slow = [asyncio.create_task(outbound.get(url)) for url in urls[:10]]
            await asyncio.sleep(0)
            started = time.monotonic()
            await outbound.get(f"http://cepat.example:{net.port}/")
            took = time.monotonic() - started
            errors = await asyncio.gather(*slow, return_exceptions=True)
            assert {error.code for error in errors if isinstance(error, FetchError)} == {"dns"}
            return took

    assert asyncio.run(go()) < 0.7


def test_blocking_look_ups_of_the_system_do_not_block_the_loop(
    net: SatkerNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = slow_site(net, 0)

    def stuck(*_: object, **__: object) -> list[object]:
        time.sleep(0.5)
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", stuck)

    async def go() -> float:
        async with Outbound(net.policy(connect_timeout=0.2)) as outbound:
            slow = [asyncio.create_task(outbound.get(f"http://n{n}.example:{net.port}/")) for n in range(8)]
            await asyncio.sleep(0.05)
            started = time.monotonic()
            await outbound.get(site.url())
            took = time.monotonic() - started
            errors = await asyncio.gather(*slow, return_exceptions=True)
            assert {error.code for error in errors if isinstance(error, FetchError)} == {"dns"}
            return took

    assert asyncio.run(go()) < 0.45  # one after another on the loop they would take four seconds


def test_a_host_is_free_again_after_a_failure(net: SatkerNetwork) -> None:
    site = slow_site(net, 0)
    site.answer("/", Answer(0, end="close"), Answer(0, end="close"), Answer(200))

    async def go() -> int:
        async with Outbound(net.policy()) as outbound:
            with pytest.raises(FetchError):
                await outbound.get(site.url())
            return (await outbound.get(site.url())).status

    assert asyncio.run(go()) == 200


def test_a_host_is_free_again_after_its_asker_gave_up(net: SatkerNetwork) -> None:
    site = slow_site(net, 0)
    site.answer("/diam", Answer(200, delay=30))

    async def go() -> int:
        async with Outbound(net.policy()) as outbound:
            task = asyncio.create_task(outbound.get(site.url("/diam")))
            await asyncio.sleep(0.05)
            task.cancel()
            return (await outbound.get(site.url())).status

    assert asyncio.run(go()) == 200
