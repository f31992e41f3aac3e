"""Redirects: followed by hand, judged at each step."""

from __future__ import annotations

import asyncio

import pytest
from yarl import URL

from aggregator.errors import FetchError, RedirectRefused
from aggregator.outbound import Outbound, Response
from aggregator.records import FetchPolicy
from tests.satker_network import Answer, FaultSite, SatkerNetwork, build_rss, redirect


def get(url: str, policy: FetchPolicy, approved: frozenset[str] | None = None) -> Response:
    async def go() -> Response:
        async with Outbound(policy) as outbound:
            return await outbound.get(url, approved_hosts=approved)

    return asyncio.run(go())


def refusal(url: str, net: SatkerNetwork, approved: frozenset[str] | None = None) -> str:
    with pytest.raises(FetchError) as caught:
        get(url, net.policy(), approved)
    return caught.value.code


def chain(site: FaultSite, *codes: int) -> str:
    """/0 → /1 → … → a feed, by redirects with these codes. Returns the URL of /0."""
    for number, code in enumerate(codes):
        site.answer(f"/{number}", redirect(code, f"/{number + 1}"))
    site.feed(f"/{len(codes)}", build_rss())
    return site.url("/0")


@pytest.mark.parametrize(
    ("codes", "permanent"),
    [
        ((301,), "/1"),
        ((308,), "/1"),
        ((301, 308), "/2"),
        ((302,), ""),
        ((303,), ""),
        ((307,), ""),
        ((301, 302), "/1"),
        ((302, 301), ""),
        ((301, 302, 301), "/1"),
    ],
)
def test_only_an_unbroken_chain_of_301_and_308_is_a_permanent_move(
    net: SatkerNetwork, codes: tuple[int, ...], permanent: str
) -> None:
    site = net.site()
    answer = get(chain(site, *codes), net.policy())
    assert answer.status == 200
    assert answer.final_url == site.url(f"/{len(codes)}")
    assert answer.permanent_url == (site.url(permanent) if permanent else "")


def test_a_loop_ends_as_a_loop(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/a", redirect(302, "/b"))
    site.answer("/b", redirect(302, "/a#again"))
    assert refusal(site.url("/a"), net) == "redirect_loop"
    assert site.paths() == ["/a", "/b"]


def test_too_many_redirects_end_at_the_limit(net: SatkerNetwork) -> None:
    site = net.site()
    assert refusal(chain(site, *[302] * 9), net) == "redirect_limit"
    assert len(site.requests) == net.policy().max_redirects + 1


def test_as_many_redirects_as_allowed_are_followed(net: SatkerNetwork) -> None:
    assert get(chain(net.site(), *[302] * 5), net.policy()).status == 200


@pytest.mark.parametrize("answer", [Answer(302), redirect(302, ""), redirect(302, "http://[::1/")])
def test_a_redirect_to_nowhere_is_invalid(net: SatkerNetwork, answer: Answer) -> None:
    assert refusal(net.site().answer("/a", answer), net) in ("redirect_invalid", "address_refused")


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:22/",
        "http://2130706433/",
        "http://[::1]/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "http://user:secret@kpu.go.id/",
        "javascript:alert(1)",
    ],
)
def test_every_target_is_judged_like_a_first_address(net: SatkerNetwork, target: str) -> None:
    assert refusal(net.site().answer("/a", redirect(302, target)), net) == "address_refused"


def test_a_redirect_to_a_private_address_on_an_allowed_port_is_refused(net: SatkerNetwork) -> None:
    inner = net.site("127.31.0.1")
    outer = net.site("127.30.0.1")
    outer.answer("/a", redirect(302, inner.url("/rahasia")))
    with pytest.raises(FetchError) as caught:
        get(outer.url("/a"), net.policy(allowed_networks=("127.30.0.0/16",)))
    assert caught.value.code == "address_refused"
    assert inner.requests == []


def test_a_redirect_to_an_unlisted_host_stops_there(net: SatkerNetwork) -> None:
    here, there = net.site(), net.site()
    here.answer("/a", redirect(301, there.url("/feed")))
    assert refusal(here.url("/a"), net, frozenset({here.address})) == "redirect_host"
    assert there.requests == []


def test_a_redirect_to_an_approved_host_is_followed(net: SatkerNetwork) -> None:
    here, there = net.site(), net.site()
    here.answer("/a", redirect(301, there.url("/feed")))
    there.feed("/feed", build_rss())
    answer = get(here.url("/a"), net.policy(), frozenset({here.address, there.address}))
    assert answer.permanent_url == there.url("/feed")


def test_a_redirect_within_the_asked_host_needs_no_approval(net: SatkerNetwork) -> None:
    assert get(chain(net.site(), 301), net.policy(), frozenset()).status == 200


def test_a_refusal_names_the_host_it_would_not_go_to(net: SatkerNetwork) -> None:
    here, there = net.site(), net.site()
    here.answer("/a", redirect(301, there.url("/feed")))
    with pytest.raises(RedirectRefused, match=there.address):
        get(here.url("/a"), net.policy(), frozenset())


def test_a_downgrade_from_https_is_refused() -> None:
    outbound = Outbound(FetchPolicy(user_agent="uji"))
    first = URL("https://kpu.go.id/feed")
    with pytest.raises(RedirectRefused) as caught:
        outbound._check_redirect(first, first, URL("http://kpu.go.id/feed"), {first}, None)
    assert caught.value.code == "redirect_downgrade"


def test_a_redirect_carries_no_referer_and_no_cookie(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/a", Answer(302, {"Location": "/b", "Set-Cookie": "lacak=1; Path=/"}))
    site.feed("/b", build_rss())
    get(site.url("/a"), net.policy())
    assert "cookie" not in site.requests[1].headers
    assert "referer" not in site.requests[1].headers


@pytest.mark.parametrize("code", [300, 304, 305, 306, 399])
def test_other_3xx_answers_are_handed_back(net: SatkerNetwork, code: int) -> None:
    site = net.site()
    site.answer("/a", redirect(code, "/b"))
    assert get(site.url("/a"), net.policy()).status == code
    assert site.paths() == ["/a"]


def test_the_time_of_all_steps_together_is_limited(net: SatkerNetwork) -> None:
    site = net.site()
    for number in range(5):
        site.answer(f"/{number}", Answer(302, {"Location": f"/{number + 1}"}, delay=0.2))
    with pytest.raises(FetchError) as caught:
        get(site.url("/0"), net.policy(timeout=0.5))
    assert caught.value.code == "timeout"
    assert len(site.requests) < 5


@pytest.mark.parametrize("target", ["/berita utama", "/berita%20utama", "http:/berita utama"])
def test_a_target_that_is_not_written_well_is_mended(net: SatkerNetwork, target: str) -> None:
    site = net.site()
    site.answer("/a", redirect(302, target))
    site.feed("/berita%20utama", build_rss())
    assert get(site.url("/a"), net.policy()).status == 200


def test_a_target_beyond_ascii_is_asked_in_utf_8(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/a", redirect(302, "/\u00e9"))
    site.feed("/%C3%A9", build_rss())
    assert get(site.url("/a"), net.policy()).status == 200
