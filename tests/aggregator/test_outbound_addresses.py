"""Which addresses the way out refuses, in whatever form they come."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from aggregator.addresses import Guard, is_public
from aggregator.errors import AddressRefused, FetchError
from aggregator.outbound import Outbound
from aggregator.records import FetchPolicy
from tests.satker_network import SatkerNetwork, build_rss

CLOSED = [
    "0.0.0.0",  # noqa: S104
    "0.1.2.3",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
OPEN = [
    "8.8.8.8",
    "103.21.244.10",
    "172.32.0.1",
    "192.0.1.1",
    "::ffff:8.8.8.8",
    "2001:4860:4860::8888",
    "2404:c0::1",
]

REFUSED_URLS = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://127.0.0.1./",
    "http://8.8.8.8./",
    "http://0/",
    "http://kpu.go.id.0x7f/",
    "http://①②⑦.0.0.1/",
    "http://127。0。0。1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[fe80::1%25eth0]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://user@kpu.go.id/",
    "http://user:pass@kpu.go.id/",
    "http://@kpu.go.id:80@127.0.0.1/",
    "http://kpu.go.id:22/",
    "http://kpu.go.id:6379/",
    "ftp://kpu.go.id/",
    "file:///etc/passwd",
    "gopher://kpu.go.id/",
    "javascript:alert(1)",
    "data:text/xml,<rss/>",
    "//kpu.go.id/",
    "kpu.go.id/feed",
    "http:///feed",
    "http://",
    "",
    "http://kpu.go.id:99999/",
    "http://[::1/",
    "https://" + "a" * 3000 + "/",
]


class FixedNames(AbstractResolver):
    """Answers from a table, one list of addresses a question; the last one stays."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): list(lists) for name, lists in answers.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked.append(host)
        lists = self.answers.get(host)
        if lists is None:
            raise OSError("unknown name")
        addresses = lists.pop(0) if len(lists) > 1 else lists[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=0,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        pass


def error_of(url: str, policy: FetchPolicy, names: AbstractResolver | None = None) -> FetchError:
    async def go() -> None:
        async with Outbound(policy, resolver=names) as outbound:
            await outbound.get(url)

    with pytest.raises(FetchError) as caught:
        asyncio.run(go())
    return caught.value


@pytest.mark.parametrize("text", CLOSED)
def test_an_address_outside_the_public_network_is_closed(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", OPEN)
def test_a_public_address_is_open(text: str) -> None:
    assert is_public(ip_address(text))


@given(st.ip_addresses(v=4))
def test_nothing_that_python_calls_private_is_open(address: IPv4Address) -> None:
    if address.is_private or address.is_multicast or address.is_reserved:
        assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_wrapping_does_not_open_an_address(address: IPv4Address) -> None:
    number = int(address)
    assert is_public(IPv6Address((0xFFFF << 32) | number)) == is_public(address)
    assert not is_public(IPv6Address((0x64FF9B << 96) | number))  # NAT64
    assert not is_public(IPv6Address((0x2002 << 112) | (number << 80)))  # 6to4
    assert not is_public(IPv6Address(number))  # IPv4-compatible


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_a_url_that_may_not_be_asked_is_refused_before_any_connection(url: str) -> None:
    with pytest.raises(AddressRefused):
        Guard().check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://kpu.go.id/feed?x=1&y=a%20b",
        "http://kpu-ketapangkab.go.id/",
        "HTTPS://KPU.GO.ID/feed",
        "https://kpu.go.id./feed",
        "http://8.8.8.8/feed",
        "http://[2001:4860:4860::8888]/",
        "https://kpu.go.id:443/feed",
        "https://1.kpu.go.id/",
    ],
)
def test_an_ordinary_url_passes(url: str) -> None:
    assert Guard().check_url(url).raw_host


@given(st.text(max_size=80))
def test_any_text_is_either_a_checked_url_or_refused(text: str) -> None:
    try:
        url = Guard().check_url(text)
    except AddressRefused:
        return
    assert url.scheme in ("http", "https")
    assert url.explicit_port in (None, 80, 443)


def test_an_allowed_network_opens_only_itself() -> None:
    guard = Guard(("127.30.0.0/16", "fd00::/8"))
    assert guard.admits("127.30.0.1")
    assert guard.admits("::ffff:127.30.0.1")
    assert guard.admits("fd00::5")
    assert not guard.admits("127.31.0.1")
    assert not guard.admits("10.0.0.1")


def test_a_name_that_leads_to_a_private_address_is_refused(net: SatkerNetwork) -> None:
    site = net.site()
    names = FixedNames(jahat_example=[[site.address]])
    error = error_of(f"http://jahat.example:{net.port}/", net.policy(allowed_networks=()), names)
    assert error.code == "address_refused"
    assert error.permanent
    assert site.requests == []


def test_a_name_with_private_addresses_only_is_refused_as_such(net: SatkerNetwork) -> None:
    names = FixedNames(jahat_example=[["127.31.0.1", "10.0.0.1", "::1"]])
    policy = net.policy(allowed_networks=("127.30.0.0/16",))
    assert error_of(f"http://jahat.example:{net.port}/", policy, names).code == "address_refused"


def test_of_a_mixed_answer_only_the_admitted_address_is_asked(net: SatkerNetwork) -> None:
    good, bad = net.site("127.30.0.1"), net.site("127.31.0.1")
    good.feed("/feed", build_rss())
    names = FixedNames(kpu_example=[["127.31.0.1", "127.30.0.1", "::1"]])

    async def go() -> int:
        policy = net.policy(allowed_networks=("127.30.0.0/16",))
        async with Outbound(policy, resolver=names) as outbound:
            return (await outbound.get(f"http://kpu.example:{net.port}/feed")).status

    assert asyncio.run(go()) == 200
    assert bad.requests == []


def test_a_name_that_changes_its_address_after_the_check_gains_nothing(
    net: SatkerNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the first answer is fine, every later one is not."""
    monkeypatch.setattr("aggregator.names.KEPT", -1.0)  # no answer outlives its question
    good, bad = net.site("127.30.0.1"), net.site("127.31.0.1")
    good.feed("/feed", build_rss())
    names = FixedNames(jahat_example=[["127.30.0.1"], ["127.31.0.1"]])
    policy = net.policy(allowed_networks=("127.30.0.0/16",))
    error = error_of(f"http://jahat.example:{net.port}/feed", policy, names)
    assert error.code == "address_refused"
    assert len(names.asked) > 1
    assert bad.requests == []


def test_no_socket_is_made_for_a_refused_address_even_if_the_name_check_is_fooled(
    net: SatkerNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = net.site()
    policy = net.policy(allowed_networks=())
    monkeypatch.setattr("aggregator.addresses.Guard.check_url", Guard((site.address,), (net.port,)).check_url)
    error = error_of(site.url("/"), policy)
    assert error.code == "address_refused"
    assert site.requests == []


def test_a_name_is_asked_once_for_several_requests(net: SatkerNetwork) -> None:
    site = net.site()
    site.feed("/feed", build_rss())
    names = FixedNames(kpu_example=[[site.address]])

    async def go() -> None:
        async with Outbound(net.policy(), resolver=names) as outbound:
            url = f"http://kpu.example:{net.port}/feed"
            await asyncio.gather(*(outbound.get(url) for _ in range(5)))

    asyncio.run(go())
    assert names.asked == ["kpu.example"]
