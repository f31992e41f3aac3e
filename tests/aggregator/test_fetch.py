"""One feed: conditional requests, what an answer means, and that nothing is ever raised."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from hashlib import sha256

import pytest

from aggregator.errors import FeedError, HttpStatus
from aggregator.fetch import fetch_one
from aggregator.outbound import Outbound
from aggregator.records import FetchRequest, FetchResult, Outcome
from tests.satker_network import (
    Answer,
    FaultSite,
    Reply,
    SatkerNetwork,
    bomb,
    build_rss,
    drip,
    endless,
    feed,
    gzipped,
    hang_up,
    ok,
    redirect,
    reset,
    stall,
    status,
    truncated,
)

RSS = build_rss([{"title": "Rapat pleno terbuka"}])


@pytest.fixture
def site(net: SatkerNetwork) -> FaultSite:
    return net.site()


def request_for(site: FaultSite, path: str = "/feed", **fields: str) -> FetchRequest:
    return FetchRequest(7, site.url(path), frozenset({site.address}), **fields)


def fetch(net: SatkerNetwork, request: FetchRequest) -> FetchResult:
    async def go() -> FetchResult:
        async with Outbound(net.policy(timeout=1.5, idle_timeout=1.0)) as outbound:
            return await fetch_one(request, outbound)

    return asyncio.run(go())


def after(result: FetchResult, request: FetchRequest) -> FetchRequest:
    """The next request, as the store would make it."""
    return replace(
        request,
        etag=request.etag if result.etag is None else result.etag,
        last_modified=request.last_modified if result.last_modified is None else result.last_modified,
        body_sha256=result.body_sha256 or request.body_sha256,
    )


def test_the_first_request_brings_no_condition(net: SatkerNetwork, site: FaultSite) -> None:
    site.feed("/feed", RSS)
    result = fetch(net, request_for(site))
    headers = site.requests[0].headers
    assert result.outcome is Outcome.FETCHED
    assert "if-none-match" not in headers
    assert "if-modified-since" not in headers
    assert "cache-control" not in headers
    assert "application/rss+xml" in headers["accept"]


def test_the_second_request_echoes_both_validators_exactly(net: SatkerNetwork, site: FaultSite) -> None:
    odd = {"ETag": 'W/"a b;ü"'.replace("ü", "u") + "-gzip", "Last-Modified": "Sab, 1 Nop 2026 7:00 WIB"}
    site.answer("/feed", Answer(200, odd, RSS))
    request = request_for(site)
    fetch(net, after(fetch(net, request), request))
    assert site.requests[1].headers["if-none-match"] == odd["ETag"]
    assert site.requests[1].headers["if-modified-since"] == odd["Last-Modified"]


def test_an_unchanged_feed_is_not_modified_and_carries_no_body(net: SatkerNetwork, site: FaultSite) -> None:
    site.feed("/feed", RSS)
    request = request_for(site)
    second = fetch(net, after(fetch(net, request), request))
    assert second.outcome is Outcome.NOT_MODIFIED
    assert second.status == 304
    assert (second.body, second.body_sha256, second.error) == (b"", "", None)


def test_a_304_without_validators_reports_none(net: SatkerNetwork, site: FaultSite) -> None:
    site.answer("/feed", status(304))
    result = fetch(net, request_for(site, etag='"a"', last_modified="x"))
    assert result.outcome is Outcome.NOT_MODIFIED
    assert (result.etag, result.last_modified) == (None, None)


def test_a_304_with_a_new_validator_reports_it(net: SatkerNetwork, site: FaultSite) -> None:
    site.answer("/feed", Answer(304, {"ETag": '"b"'}))
    assert fetch(net, request_for(site, etag='"a"')).etag == '"b"'


def test_a_304_that_nobody_asked_for_is_a_failure(net: SatkerNetwork, site: FaultSite) -> None:
    site.answer("/feed", status(304))
    result = fetch(net, request_for(site))
    assert result.outcome is Outcome.FAILED
    assert isinstance(result.error, HttpStatus)
    assert result.error.code == "http_304"


def test_the_same_body_again_is_known_and_its_new_validators_are_reported(
    net: SatkerNetwork, site: FaultSite
) -> None:
    site.answer("/feed", ok(RSS, etag='"baru"', last_modified="Fri, 20 Nov 2026 02:00:00 GMT"))
    result = fetch(net, request_for(site, etag='"lama"', body_sha256=sha256(RSS).hexdigest()))
    assert result.outcome is Outcome.SAME_BODY
    assert result.etag == '"baru"'
    assert result.last_modified == "Fri, 20 Nov 2026 02:00:00 GMT"
    assert result.body_sha256 == sha256(RSS).hexdigest()


def test_a_changed_body_is_fetched(net: SatkerNetwork, site: FaultSite) -> None:
    site.answer("/feed", ok(RSS))
    result = fetch(net, request_for(site, body_sha256="0" * 64))
    assert result.outcome is Outcome.FETCHED
    assert result.body == RSS
    assert result.body_sha256 == sha256(RSS).hexdigest()


def test_the_hash_is_of_the_unpacked_body(net: SatkerNetwork, site: FaultSite) -> None:
    site.answer("/feed", gzipped(RSS))
    assert fetch(net, request_for(site)).body_sha256 == sha256(RSS).hexdigest()


@pytest.mark.parametrize("etag", ['"caf\u00e9"', '"' + "x" * 2000 + '"'])
def test_a_validator_that_cannot_be_echoed_counts_as_none(
    net: SatkerNetwork, site: FaultSite, etag: str
) -> None:
    site.answer("/feed", ok(RSS, etag=etag))
    assert fetch(net, request_for(site)).etag is None


def test_type_charset_freshness_and_hubs_are_read(net: SatkerNetwork, site: FaultSite) -> None:
    headers = {
        "Content-Type": 'Application/RSS+XML; Charset="ISO-8859-1"',
        "Cache-Control": "public, max-age=600",
        "Age": "100",
        "Link": '<https://hub.example/>; rel="hub", </feed>; rel=self',
    }
    site.answer("/feed", Answer(200, headers, RSS))
    result = fetch(net, request_for(site))
    assert (result.media_type, result.charset) == ("application/rss+xml", "iso-8859-1")
    assert result.fresh_for == 500
    assert result.hub_links == ("https://hub.example/",)


@pytest.mark.parametrize("code", [201, 204, 206, 400, 401, 403, 404, 410, 418, 429, 451, 500, 503, 599])
def test_any_other_status_is_a_failure_with_its_own_code(
    net: SatkerNetwork, site: FaultSite, code: int
) -> None:
    site.answer("/feed", status(code))
    result = fetch(net, request_for(site))
    assert result.outcome is Outcome.FAILED
    assert result.status == code
    assert isinstance(result.error, HttpStatus)
    assert result.error.code == f"http_{code}"
    assert result.error.permanent == (code in (401, 403, 404, 405, 410, 451))


@pytest.mark.parametrize(("said", "seconds"), [(120, 120.0), ("999999999", 86_400.0), ("sebentar", None)])
def test_retry_after_is_kept_and_capped(
    net: SatkerNetwork, site: FaultSite, said: int | str, seconds: float | None
) -> None:
    site.answer("/feed", status(503, retry_after=said))
    result = fetch(net, request_for(site))
    assert isinstance(result.error, HttpStatus)
    assert result.retry_after == result.error.retry_after == seconds


def test_a_temporary_redirect_is_followed_and_not_a_move(net: SatkerNetwork, site: FaultSite) -> None:
    site.answer("/feed", redirect(302, "/lain"))
    site.feed("/lain", RSS)
    result = fetch(net, request_for(site))
    assert (result.outcome, result.permanent_url) == (Outcome.FETCHED, "")
    assert result.final_url == site.url("/lain")


def test_a_permanent_redirect_is_reported_with_its_target(net: SatkerNetwork, site: FaultSite) -> None:
    site.answer("/feed", redirect(301, "/lain"))
    site.feed("/lain", RSS)
    assert fetch(net, request_for(site)).permanent_url == site.url("/lain")


def test_the_condition_goes_along_with_a_redirect(net: SatkerNetwork, site: FaultSite) -> None:
    site.answer("/feed", redirect(302, "/lain"))
    site.feed("/lain", RSS)
    request = request_for(site)
    assert fetch(net, after(fetch(net, request), request)).outcome is Outcome.NOT_MODIFIED


def test_a_redirect_to_an_unlisted_host_fails_and_keeps_what_was_seen(
    net: SatkerNetwork, site: FaultSite
) -> None:
    site.answer("/feed", redirect(301, net.site().url("/feed")))
    result = fetch(net, request_for(site))
    assert result.error is not None
    assert result.error.code == "redirect_host"
    assert result.status == 301
    assert result.permanent_url == ""


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (reset(), "reset"),
        (hang_up(), "reset"),
        (reset(RSS), "truncated"),
        (truncated(RSS), "truncated"),
        (stall(RSS), "timeout"),
        (drip(RSS, every=0.05), "timeout"),
        (Answer(200, delay=5), "timeout"),
        (endless(), "too_large"),
        (bomb("zstd"), "bomb"),
        (redirect(301, "/feed"), "redirect_loop"),
        (redirect(302, "http://169.254.169.254/"), "address_refused"),
        (Answer(200, {"Content-Encoding": "lzma"}, RSS), "encoding"),
        (Answer(200, {"Content-Length": "minus"}, RSS), "protocol"),
    ],
)
def test_every_fault_becomes_a_result(net: SatkerNetwork, site: FaultSite, reply: Reply, code: str) -> None:
    site.answer("/feed", reply)
    result = fetch(net, request_for(site))
    assert result.outcome is Outcome.FAILED
    assert isinstance(result.error, FeedError)
    assert result.error.code == code
    assert result.body == b""


@pytest.mark.parametrize("url", ["", "bukan alamat", "http://[", "ftp://kpu.go.id/", "http://\ud800/"])
def test_a_broken_address_becomes_a_result(net: SatkerNetwork, url: str) -> None:
    result = fetch(net, FetchRequest(1, url, frozenset()))
    assert result.error is not None
    assert result.error.code == "address_refused"


def test_a_validator_with_a_line_end_cannot_smuggle_a_header(net: SatkerNetwork, site: FaultSite) -> None:
    site.feed("/feed", RSS)
    result = fetch(net, request_for(site, etag='"a"\r\nX-Jahat: 1'))
    assert result.outcome is Outcome.FAILED
    assert site.requests == []


def test_a_fault_of_our_own_becomes_a_result_too(
    net: SatkerNetwork, site: FaultSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.feed("/feed", RSS)
    monkeypatch.setattr("aggregator.fetch.content_type", lambda value: 1 / 0)
    result = fetch(net, request_for(site))
    assert result.error is not None
    assert result.error.code == "fetch"


def test_an_empty_200_is_handed_on_for_the_parser_to_judge(net: SatkerNetwork, site: FaultSite) -> None:
    site.answer("/feed", ok(b""))
    assert fetch(net, request_for(site)).outcome is Outcome.FETCHED


def test_the_time_is_that_of_the_site_alone(net: SatkerNetwork, site: FaultSite) -> None:
    site.answer("/feed", Answer(200, body=RSS, delay=0.2))
    result = fetch(net, request_for(site))
    assert 200 <= result.duration_ms < 1000
    assert result.started_at.utcoffset() is not None


def test_a_feed_behind_a_query_is_asked_as_written(net: SatkerNetwork, site: FaultSite) -> None:
    path = "/index.php?option=com_k2&view=itemlist&format=feed&type=rss&x=%2Fa%20b"
    site.answer(path, feed(RSS))
    assert fetch(net, request_for(site, path)).outcome is Outcome.FETCHED
