"""Many feeds: each on its own, in the order they are done, with bounded memory."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
import tracemalloc

import pytest

from aggregator.fetch import fetch_all
from aggregator.outbound import Outbound
from aggregator.records import FetchRequest, FetchResult, Outcome
from tests.satker_network import Answer, FaultSite, SatkerNetwork, bomb, build_rss, ok, stall, status


def requests_for(*sites: FaultSite, path: str = "/feed") -> list[FetchRequest]:
    return [FetchRequest(n, site.url(path), frozenset()) for n, site in enumerate(sites)]


async def gather(requests: list[FetchRequest], net: SatkerNetwork, **changes: object) -> list[FetchResult]:
    return [result async for result in fetch_all(requests, net.policy(**changes))]


def test_every_request_gets_exactly_one_result(net: SatkerNetwork) -> None:
    sites = [net.site() for _ in range(30)]
    for site in sites[::2]:
        site.feed("/feed", build_rss())
    results = asyncio.run(gather(requests_for(*sites), net))
    assert sorted(result.feed_id for result in results) == list(range(30))
    assert sum(result.outcome is Outcome.FETCHED for result in results) == 15


def test_nothing_to_ask_is_nothing_found(net: SatkerNetwork) -> None:
    assert asyncio.run(gather([], net)) == []


def test_a_slow_feed_is_delivered_last_and_holds_up_nobody(net: SatkerNetwork) -> None:
    sites = [net.site() for _ in range(5)]
    for site in sites:
        site.feed("/feed", build_rss())
    sites[0].answer("/feed", Answer(200, body=build_rss(), delay=1.0))

    async def go() -> tuple[list[int], float]:
        started, order, first = time.monotonic(), [], 0.0
        async for result in fetch_all(requests_for(*sites), net.policy()):
            first = first or time.monotonic() - started
            order.append(result.feed_id)
        return order, first

    order, first = asyncio.run(go())
    assert order[-1] == 0
    assert first < 0.7


def test_poison_feeds_leave_the_others_untouched(net: SatkerNetwork) -> None:
    """F28: bombs and silence beside ordinary feeds, in bounded time and memory."""
    sites = [net.site() for _ in range(12)]
    for site in sites:
        site.feed("/feed", build_rss({} for _ in range(20)))
    for number, coding in enumerate(("gzip", "deflate", "br", "zstd")):
        sites[number].answer("/feed", bomb(coding))
    sites[4].answer("/feed", stall())
    sites[5].answer("/feed", Answer(0, end="close"))
    tracemalloc.start()
    started = time.monotonic()
    try:
        results = asyncio.run(gather(requests_for(*sites), net, idle_timeout=0.5))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert {result.feed_id for result in results if result.outcome is Outcome.FETCHED} == set(range(6, 12))
    assert time.monotonic() - started < 10
    assert peak < 60_000_000


def test_bodies_wait_for_their_reader_in_bounded_number(
    net: SatkerNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that is slow for a moment must not find everything fetched and in memory."""
    monkeypatch.setattr("aggregator.fetch.WAITING_BYTES", 10_000)
    sites = [net.site() for _ in range(80)]
    for site in sites:
        site.answer("/feed", ok(b"<rss/>".ljust(1000)))

    async def go() -> tuple[int, int]:
        asked_meanwhile, results = 0, 0
        async for _ in fetch_all(requests_for(*sites), net.policy(concurrency=4)):
            results += 1
            if results == 1:
                await asyncio.sleep(0.5)
                asked_meanwhile = sum(len(site.requests) for site in sites)
        return asked_meanwhile, results

    asked_meanwhile, results = asyncio.run(go())
    assert asked_meanwhile <= 1 + 10 + 2 * 4
    assert results == 80


@pytest.mark.parametrize("code", [429, 503])
def test_a_host_that_asks_for_quiet_is_not_asked_for_its_other_feeds(net: SatkerNetwork, code: int) -> None:
    noisy, other = net.site(), net.site()
    noisy.answer("/feed", status(code, retry_after=120))
    other.feed("/feed", build_rss())
    results = asyncio.run(gather(requests_for(noisy, noisy, noisy, other), net))
    assert len(noisy.requests) == 1
    assert [r.retry_after for r in results if r.error] == [120.0]
    assert [r.feed_id for r in results if not r.error] == [3]


def test_a_busy_answer_without_a_wait_silences_nobody(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/feed", status(503))
    results = asyncio.run(gather(requests_for(site, site), net))
    assert [r.error.code for r in results if r.error] == ["http_503"] * 2


def test_after_its_time_nothing_new_is_asked_and_what_has_begun_is_finished(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/feed", Answer(200, body=build_rss(), delay=0.5))

    async def go() -> list[FetchResult]:
        requests = requests_for(*[site] * 6)
        return [result async for result in fetch_all(requests, net.policy(), seconds=0.75)]

    results = asyncio.run(go())
    assert [result.outcome for result in results] == [Outcome.FETCHED] * 2
    assert len(site.requests) == 2


def test_a_reader_that_stops_ends_the_asking(net: SatkerNetwork) -> None:
    sites = [net.site() for _ in range(3)]
    sites[0].feed("/feed", build_rss())
    for site in sites[1:]:
        site.answer("/feed", stall())

    async def go() -> None:
        async with Outbound(net.policy()) as outbound:
            results = fetch_all(requests_for(*sites), net.policy(), outbound=outbound)
            await anext(results)
            await results.aclose()
            assert len(asyncio.all_tasks()) == 1

    started = time.monotonic()
    asyncio.run(go())
    assert time.monotonic() - started < 1


def test_a_session_can_be_shared_by_several_runs(net: SatkerNetwork) -> None:
    site = net.site()
    site.feed("/feed", build_rss())

    async def go() -> None:
        async with Outbound(net.policy()) as outbound:
            for _ in range(3):
                assert [r async for r in fetch_all(requests_for(site), net.policy(), outbound=outbound)]

    asyncio.run(go())
    assert site.connections == 1


def test_an_unplugged_network_fails_every_feed_soon_and_quietly(
    net: SatkerNetwork, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F34: 553 errors are 553 results and no log storm."""

    def no_server(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_server)
    requests = [FetchRequest(n, f"http://s{n}.example:{net.port}/", frozenset()) for n in range(553)]
    with caplog.at_level(logging.WARNING):
        results = asyncio.run(gather(requests, net))
    assert {result.error.code for result in results if result.error} == {"dns"}
    assert len(results) == 553
    assert caplog.records == []
