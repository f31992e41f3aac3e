"""Finding a site's feeds."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.discover import MAX_NAMED, MAX_TRIED, Found, candidates, discover
from aggregator.errors import FetchError
from aggregator.outbound import Outbound
from tests.satker_network import Answer, FaultSite, SatkerNetwork, build_rss, ok, redirect, stall, status

BASE = "https://kab-contoh.kpu.go.id/"
RSS_LINK = '<link rel="alternate" type="application/rss+xml" href="{}">'


def page(*head: str, body: str = "") -> bytes:
    return f"<!doctype html><html><head>{''.join(head)}</head><body>{body}</body></html>".encode()


def found(site: FaultSite, net: SatkerNetwork, path: str = "/") -> list[Found]:
    async def go() -> list[Found]:
        async with Outbound(net.policy(idle_timeout=0.3)) as outbound:
            return await discover(site.url(path), outbound)

    return asyncio.run(go())


@pytest.mark.parametrize(
    "link",
    [
        '<link rel="alternate" type="application/rss+xml" href="/umpan">',
        '<LINK REL="ALTERNATE" TYPE="application/atom+xml" HREF="https://kab-contoh.kpu.go.id/umpan">',
        '<link href="umpan" type="application/feed+json; charset=utf-8" rel="home alternate" />',
        "<link rel=alternate type=application/rss+xml href=umpan>",
        '<base href="https://kab-contoh.kpu.go.id/"><link rel="alternate" type="text/xml" href="umpan">',
        '<body><link rel="alternate" type="application/rdf+xml" href=" umpan\n">',
    ],
)
def test_a_feed_that_the_page_names_comes_first(link: str) -> None:
    assert candidates(page(link), BASE)[0] == "https://kab-contoh.kpu.go.id/umpan"


@pytest.mark.parametrize(
    "link",
    [
        '<link rel="stylesheet" type="application/rss+xml" href="/umpan">',
        '<link rel="alternate" type="text/html" hreflang="en" href="/umpan">',
        '<link rel="alternate" type="application/json+oembed" href="/umpan">',
        '<link rel="alternate" type="application/rss+xml" href="javascript:umpan()">',
        '<link rel="alternate" type="application/rss+xml">',
        '<!-- <link rel="alternate" type="application/rss+xml" href="/umpan"> -->',
        '<a href="/berita/umpan-balik">Umpan</a>',
    ],
)
def test_what_is_no_feed_link_is_left_alone(link: str) -> None:
    assert not [url for url in candidates(page(link), BASE) if "umpan" in url]


def test_a_link_in_the_text_that_looks_like_a_feed_counts() -> None:
    body = '<a href="/berita/rss.xml">RSS</a> <a href="/index.php?format=feed&amp;type=rss">RSS</a>'
    first, second, *_ = candidates(page(body=body), BASE)
    assert first == f"{BASE}berita/rss.xml"
    assert second == f"{BASE}index.php?format=feed&type=rss"


def test_feeds_of_comments_come_after_those_of_posts() -> None:
    named = candidates(page(RSS_LINK.format("/comments/feed/"), RSS_LINK.format("/feed/")), BASE)
    assert named[:2] == [f"{BASE}feed/", f"{BASE}comments/feed/"]


def test_the_usual_paths_follow_and_each_address_comes_once() -> None:
    urls = candidates(page(RSS_LINK.format("/feed/")), BASE)
    assert urls[0] == f"{BASE}feed/"
    assert f"{BASE}index.php?format=feed&type=rss" in urls
    assert f"{BASE}feed.json" in urls
    assert len(urls) == len(set(urls))


def test_joomla_is_asked_the_joomla_way_first() -> None:
    joomla = page('<meta name="generator" content="Joomla! - Open Source Content Management">')
    assert candidates(joomla, BASE)[0] == f"{BASE}?format=feed&type=rss"
    assert candidates(page(), BASE)[0] == f"{BASE}feed/"


def test_a_system_in_a_folder_is_looked_for_in_its_folder() -> None:
    assert candidates(b"", f"{BASE}portal/index.php")[0] == f"{BASE}portal/feed/"


def test_a_page_of_a_thousand_links_yields_few_candidates() -> None:
    links = [RSS_LINK.format(f"/umpan/{number}") for number in range(1000)]
    assert len([url for url in candidates(page(*links), BASE) if "umpan" in url]) == MAX_NAMED


@given(st.binary(max_size=2000))
def test_any_bytes_give_web_addresses_only(body: bytes) -> None:
    assert all(url.startswith(("http://", "https://")) for url in candidates(body, BASE))


def test_an_address_that_is_itself_a_feed_is_the_answer(net: SatkerNetwork) -> None:
    site = net.site()
    site.feed("/umpan", build_rss([{}, {}], title="KPU  Kota\nContoh"))
    assert found(site, net, "/umpan") == [Found(site.url("/umpan"), "KPU Kota Contoh", 2)]
    assert site.paths() == ["/umpan"]


def test_every_feed_that_the_page_names_is_read(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer(
        "/", ok(page(RSS_LINK.format("/a"), RSS_LINK.format("/b"), RSS_LINK.format("/mati")), "text/html")
    )
    site.feed("/a", build_rss([{}]))
    site.feed("/b", build_rss())
    assert [(feed.url, feed.entries) for feed in found(site, net)] == [
        (site.url("/a"), 1),
        (site.url("/b"), 0),
    ]
    assert site.paths() == ["/", "/a", "/b", "/mati"]


def test_the_usual_paths_are_tried_until_one_is_a_feed(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/", ok(page(), "text/html"))
    site.answer("/feed/", ok(page(body="Tidak ada."), "text/html"))
    site.feed("/?feed=rss2", build_rss([{}]))
    assert [feed.url for feed in found(site, net)] == [site.url("/?feed=rss2")]
    assert site.paths() == ["/", "/feed/", "/?feed=rss2"]


def test_a_feed_is_named_by_where_it_really_is(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/", ok(page(RSS_LINK.format("/lama"), RSS_LINK.format("/baru")), "text/html"))
    site.answer("/lama", redirect(301, "/baru"))
    site.feed("/baru", build_rss())
    assert [feed.url for feed in found(site, net)] == [site.url("/baru")]


def test_a_site_without_feeds_gives_none_after_few_requests(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/", ok(page(), "text/html"))
    assert found(site, net) == []
    assert len(site.requests) <= MAX_TRIED + 1


@pytest.mark.parametrize("trouble", [stall(), Answer(0, end="close"), status(429), status(503)])
def test_a_site_in_trouble_is_not_asked_on(net: SatkerNetwork, trouble: Answer) -> None:
    site = net.site()
    site.answer("/", ok(page(), "text/html"))
    site.answer("/feed/", trouble)
    site.feed("/?feed=rss2", build_rss())
    assert found(site, net) == []
    assert set(site.paths()) == {"/", "/feed/"}


def test_a_candidate_on_a_private_address_is_not_asked(net: SatkerNetwork) -> None:
    inner, outer = net.site("127.31.0.1"), net.site("127.30.0.1")
    outer.answer("/", ok(page(RSS_LINK.format(inner.url("/feed"))), "text/html"))
    inner.feed("/feed", build_rss())

    async def go() -> list[Found]:
        async with Outbound(net.policy(allowed_networks=("127.30.0.0/16",))) as outbound:
            return await discover(outer.url(), outbound)

    assert asyncio.run(go()) == []
    assert inner.requests == []


def test_a_page_that_cannot_be_had_is_an_error(net: SatkerNetwork) -> None:
    site = net.site()
    site.answer("/", Answer(0, end="close"))
    with pytest.raises(FetchError):
        found(site, net)
