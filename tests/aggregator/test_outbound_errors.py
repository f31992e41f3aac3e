"""Failures of the network: each has its code and comes within its time."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator.certificates import Certificate
from aggregator.errors import AddressRefused, FetchError
from aggregator.outbound import Outbound, Response, get_sync
from tests.satker_network import (
    Answer,
    SatkerNetwork,
    build_rss,
    drip,
    feed,
    hang_up,
    ok,
    reset,
    stall,
)


def error_of(url: str, net: SatkerNetwork, **changes: Any) -> FetchError:
    with pytest.raises(FetchError) as caught:
        get_sync(url, net.policy(**changes))
    return caught.value


def test_a_closed_port_is_a_connect_failure(net: SatkerNetwork) -> None:
    error = error_of(f"http://127.30.77.77:{net.port}/", net)
    assert error.code == "connect"
    assert not error.permanent


def test_an_unknown_name_is_a_dns_failure(net: SatkerNetwork) -> None:
    assert error_of(f"http://tidak-ada.invalid:{net.port}/", net).code == "dns"


def test_a_label_no_name_server_can_hold_is_a_failure_of_ours(net: SatkerNetwork) -> None:
    error = error_of(f"http://{'a' * 70}.example:{net.port}/", net)
    assert error.code in ("dns", "address_refused")


def test_a_reset_before_the_answer_is_a_reset(net: SatkerNetwork) -> None:
    assert error_of(net.site().answer("/feed", reset()), net).code == "reset"


def test_a_reset_within_the_body_is_a_truncation(net: SatkerNetwork) -> None:
    assert error_of(net.site().answer("/feed", reset(b"<rss>" * 10)), net).code == "truncated"


def test_hanging_up_without_an_answer_is_a_reset(net: SatkerNetwork) -> None:
    assert error_of(net.site().answer("/feed", hang_up()), net).code == "reset"


def test_an_answer_that_is_no_http_is_named_so(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/feed", Answer(200, {"Content-Length": "abc"}, b""))
    assert error_of(site.url("/feed"), net).code == "protocol"


def test_a_header_larger_than_any_honest_one_ends_the_exchange(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/feed", Answer(200, {"X-Besar": "x" * 500_000}, b""))
    assert error_of(site.url("/feed"), net).code == "protocol"


def test_silence_before_the_answer_ends_at_the_idle_time_out(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/feed", Answer(200, delay=30))
    started = time.monotonic()
    assert error_of(site.url("/feed"), net, idle_timeout=0.3).code == "timeout"
    assert time.monotonic() - started < 2


def test_silence_within_the_body_ends_at_the_idle_time_out(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/feed", stall(b"<rss>"))
    started = time.monotonic()
    assert error_of(site.url("/feed"), net, idle_timeout=0.3).code == "timeout"
    assert time.monotonic() - started < 2


def test_a_slow_drip_ends_at_the_total_time_out(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/feed", drip(build_rss(), every=0.05))
    started = time.monotonic()
    assert error_of(site.url("/feed"), net, timeout=0.6).code == "timeout"
    assert time.monotonic() - started < 2


def test_a_dripping_body_that_ends_in_time_is_whole(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/feed", drip(build_rss(), every=0.01, size=200))
    assert get_sync(site.url("/feed"), net.policy()).body == build_rss()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not here")
    path = tmp_path_factory.mktemp("tls") / "site.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=site"
    subprocess.run(
        [*command.split(), "-addext", "subjectAltName=IP:127.30.0.1", "-keyout", path, "-out", f"{path}.crt"],
        check=True,
        capture_output=True,
    )
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


@pytest.fixture
def safe_net(certificate: Path) -> Iterator[SatkerNetwork]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with SatkerNetwork(tls=context) as network:
        yield network


def get_trusting(url: str, net: SatkerNetwork, certificate: Path) -> Response:
    async def go() -> Response:
        trust = ssl.create_default_context(cafile=f"{certificate}.crt")
        async with Outbound(net.policy(), tls=trust) as outbound:
            return await outbound.get(url)

    return asyncio.run(go())


def test_https_with_a_trusted_certificate_is_read(safe_net: SatkerNetwork, certificate: Path) -> None:
    site = safe_net.site("127.30.0.1")
    site.feed("/feed", build_rss())
    assert get_trusting(site.url("/feed"), safe_net, certificate).body == build_rss()


def test_a_certificate_nobody_trusts_is_a_tls_failure(safe_net: SatkerNetwork) -> None:
    assert error_of(safe_net.site("127.30.0.1").url("/"), safe_net).code == "tls"


def test_a_certificate_of_another_site_is_a_tls_failure(safe_net: SatkerNetwork, certificate: Path) -> None:
    with pytest.raises(FetchError) as caught:
        get_trusting(safe_net.site("127.30.0.2").url("/"), safe_net, certificate)
    assert caught.value.code == "tls"


def test_a_redirect_from_https_down_to_http_is_refused(
    safe_net: SatkerNetwork, certificate: Path, net: SatkerNetwork
) -> None:
    site = safe_net.site("127.30.0.1")
    site.answer("/feed", Answer(301, {"Location": f"http://127.30.0.1:{safe_net.port}/feed"}))
    with pytest.raises(FetchError) as caught:
        get_trusting(site.url("/feed"), safe_net, certificate)
    assert caught.value.code == "redirect_downgrade"


def test_we_say_who_we_are_and_nothing_more(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/feed", ok(b"<rss/>", set_cookie="a=b"), feed(b"<rss/>"))

    async def twice() -> None:
        async with Outbound(net.policy()) as outbound:
            await outbound.get(site.url("/feed"))
            await outbound.get(site.url("/feed"))

    asyncio.run(twice())
    first, second = site.requests
    assert first.headers["user-agent"] == net.policy().user_agent
    assert set(first.headers) == {"host", "user-agent", "accept", "accept-encoding"}
    assert second.headers == first.headers


def test_a_proxy_of_the_environment_is_not_used(net: SatkerNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    site = net.site()
    site.feed("/feed", build_rss())
    monkeypatch.setenv("http_proxy", "http://127.30.99.99:9/")
    assert get_sync(site.url("/feed"), net.policy()).status == 200


def test_a_post_brings_its_body_and_follows_no_redirect(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/kait", Answer(307, {"Location": "/lain"}))

    async def go() -> Response:
        async with Outbound(net.policy()) as outbound:
            return await outbound.post(site.url("/kait"), b"{}", headers={"Content-Type": "application/json"})

    assert asyncio.run(go()).status == 307
    assert [(seen.method, seen.body) for seen in site.requests] == [("POST", b"{}")]
    assert site.requests[0].headers["content-type"] == "application/json"


def test_a_connection_is_used_again(net: SatkerNetwork) -> None:
    site = net.site()
    site.feed("/feed", build_rss())

    async def go() -> None:
        async with Outbound(net.policy()) as outbound:
            for _ in range(3):
                await outbound.get(site.url("/feed"))

    asyncio.run(go())
    assert site.connections == 1


def test_a_page_is_looked_for_without_its_body(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/berita/1", Answer(301, {"Location": "/berita/satu"}))
    site.answer("/berita/satu", ok(b"x" * 1000, "text/html"))

    async def go() -> Response:
        async with Outbound(net.policy()) as outbound:
            return await outbound.head(site.url("/berita/1"))

    answer = asyncio.run(go())
    assert (answer.status, answer.body, answer.final_url) == (200, b"", site.url("/berita/satu"))
    assert [seen.method for seen in site.requests] == ["HEAD", "HEAD"]


def test_an_answer_that_ends_with_its_connection_is_whole(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/feed", Answer(200, body=build_rss(), framed=False, end="close"))
    assert get_sync(site.url("/feed"), net.policy()).body == build_rss()


def test_a_site_on_ipv6_is_read(net: SatkerNetwork) -> None:
    try:
        site = net.site("::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    site.feed("/feed", build_rss())
    assert get_sync(site.url("/feed"), net.policy()).status == 200


def certificate_of(address: str, net: SatkerNetwork, certificate: Path | None = None) -> Certificate:
    async def go() -> Certificate:
        trust = ssl.create_default_context(cafile=f"{certificate}.crt") if certificate else None
        async with Outbound(net.policy(), tls=trust) as outbound:
            return await outbound.certificate(address, net.port)

    return asyncio.run(go())


def test_a_certificate_tells_until_when_it_is_good(safe_net: SatkerNetwork, certificate: Path) -> None:
    safe_net.site("127.30.0.1")
    found = certificate_of("127.30.0.1", safe_net, certificate)
    assert timedelta(days=1) < found.expires_at - datetime.now(UTC) < timedelta(days=3)
    assert (found.issuer, found.tls_version) == ("site", "TLSv1.3")


def test_a_bad_certificate_is_told_by_its_fault(safe_net: SatkerNetwork) -> None:
    safe_net.site("127.30.0.1")
    with pytest.raises(FetchError, match="tidak sah") as caught:
        certificate_of("127.30.0.1", safe_net)
    assert caught.value.code == "tls"


def test_no_certificate_is_asked_of_an_address_that_may_not_be_asked(safe_net: SatkerNetwork) -> None:
    with pytest.raises(AddressRefused):
        certificate_of("10.0.0.1", safe_net)
