"""The demonstration network as a fetcher meets it: real sockets, every kind of feed."""

from __future__ import annotations

import csv
import gzip
import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message

import feedparser
import pytest
from lxml import html

from aggregator.demo.formats import SYNTHETIC
from aggregator.demo.habits import FEED_PATHS
from aggregator.demo.network import DemoNetwork, chosen
from aggregator.demo.places import offices
from aggregator.demo.site import Site

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def network(clock: Clock) -> Iterator[DemoNetwork]:
    with DemoNetwork(sites=70, clock=clock, rate=600, host_base="127.21.0.0") as network:
        yield network


def get(url: str, **headers: str) -> tuple[int, Message, bytes]:
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, headers=asked)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def lowered(headers: Message) -> dict[str, str]:
    """As feedparser wants them."""
    return {name.lower(): value for name, value in headers.items()}


def a_site(network: DemoNetwork, **wanted: object) -> Site:
    sites = map(network.site, network.codes)
    return next(s for s in sites if all(getattr(s.habits, name) == value for name, value in wanted.items()))


def test_a_network_of_no_new_posts_stands_still() -> None:
    still, lively = DemoNetwork(sites=1, rate=0), DemoNetwork(sites=1)
    before = still.clock(), lively.clock()
    assert still.clock() == before[0]
    assert lively.clock() > before[1]


@pytest.mark.parametrize("kind", [kind for kind in FEED_PATHS if kind != "json"])
def test_feedparser_reads_every_entry_of_this_kind_of_feed(network: DemoNetwork, kind: str) -> None:
    site = a_site(network, kind=kind)
    _, headers, body = get(site.feed_url)
    feed = feedparser.parse(io.BytesIO(body), response_headers=lowered(headers))
    posts = network.posts(site.office.code)
    assert not feed.bozo
    assert [entry.link for entry in feed.entries] == [site.writer.link(post) for post in posts]
    assert SYNTHETIC in (feed.feed.get("subtitle") or feed.feed.get("description"))


def test_a_json_feed_has_every_entry(network: DemoNetwork) -> None:
    site = a_site(network, kind="json")
    feed = json.loads(get(site.feed_url)[2])
    assert [item["url"] for item in feed["items"]] == [
        site.writer.link(post) for post in network.posts(site.office.code)
    ]


@pytest.mark.parametrize("charset", ["windows-1252", "iso-8859-1"])
def test_titles_survive_an_old_character_set(network: DemoNetwork, charset: str) -> None:
    site = a_site(network, charset=charset)
    _, headers, body = get(site.feed_url)
    assert headers.get_content_charset() == charset
    feed = feedparser.parse(io.BytesIO(body), response_headers=lowered(headers))
    expected = [
        " ".join(site.writer._typeset(post.title).split()) for post in network.posts(site.office.code)
    ]
    assert [" ".join(entry.title.split()) for entry in feed.entries] == expected


def test_a_repeated_question_is_answered_304_by_etag(network: DemoNetwork) -> None:
    site = a_site(network, has_etag=True)
    etag = get(site.feed_url)[1]["ETag"]
    status, _, body = get(site.feed_url, If_None_Match=etag)
    assert (status, body) == (304, b"")


def test_a_repeated_question_is_answered_304_by_date(network: DemoNetwork) -> None:
    site = a_site(network, has_etag=False, has_modified=True)
    modified = get(site.feed_url)[1]["Last-Modified"]
    assert get(site.feed_url, If_Modified_Since=modified)[0] == 304


def test_some_sites_remember_nothing() -> None:
    habits = [network_habits for network_habits in _all_habits() if not network_habits[0]]
    assert any(not modified for _, modified in habits)
    assert any(modified for _, modified in habits)


def _all_habits() -> list[tuple[bool, bool]]:
    from aggregator.demo.habits import habits

    return [(habits(office).has_etag, habits(office).has_modified) for office in offices(1).values()]


def test_a_site_that_compresses_sends_gzip_to_those_who_take_it(network: DemoNetwork) -> None:
    site = a_site(network, compresses=True)
    _, headers, packed = get(site.feed_url, Accept_Encoding="gzip")
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == get(site.feed_url)[2]


def test_new_posts_appear_with_time(network: DemoNetwork, clock: Clock) -> None:
    codes = [code for code in network.codes if network.site(code).habits.kind == "wordpress"][:8]
    before = {code: get(network.site(code).feed_url)[2] for code in codes}
    clock.now = NOW + timedelta(minutes=10)
    try:
        changed = [code for code in codes if get(network.site(code).feed_url)[2] != before[code]]
        newest = [network.posts(code, 1)[0] for code in changed]
    finally:
        clock.now = NOW
    assert len(changed) >= 5
    assert all(post.published_at > NOW for post in newest)


def test_older_pages_follow_on_without_a_gap(network: DemoNetwork) -> None:
    site = a_site(network, kind="wordpress")
    window = network.world.window(site.office.code)
    second = feedparser.parse(io.BytesIO(get(f"{site.feed_url}?paged=2")[2]))
    older = network.world.posts(site.office.code, NOW, window, skip=window)
    assert [entry.link for entry in second.entries] == [site.writer.link(post) for post in older]
    assert get(f"{site.feed_url}?paged=900")[0] == 404


@pytest.mark.parametrize("kind", list(FEED_PATHS))
def test_every_post_of_the_window_has_a_page_marked_synthetic(network: DemoNetwork, kind: str) -> None:
    site = a_site(network, kind=kind)
    links = [site.writer.link(post) for post in network.posts(site.office.code)]
    assert len(set(links)) == len(links)
    for post, link in list(zip(network.posts(site.office.code), links, strict=True))[:5]:
        status, _, body = get(link)
        page = html.fromstring(body.decode())
        assert status == 200
        assert SYNTHETIC in page.xpath("string(//footer)")
        assert SYNTHETIC not in page.xpath("string(//article)")
        assert " ".join(page.xpath("string(//h1)").split()) == " ".join(
            site.writer._typeset(post.title).split()
        )


def test_the_front_page_names_its_feed(network: DemoNetwork) -> None:
    site = a_site(network, kind="joomla")
    page = html.fromstring(get(f"{site.base}/")[2].decode())
    assert page.xpath("//link[@rel='alternate']/@href") == [site.feed_url]


def test_attachments_have_the_length_they_claim(network: DemoNetwork) -> None:
    for code in network.codes:
        site = network.site(code)
        for post in network.posts(code):
            if document := site.writer.document(post):
                status, headers, body = get(document[0])
                assert (status, headers["Content-Type"], len(body)) == (200, "application/pdf", document[1])
                return
    pytest.fail("no post has an attachment")


def test_pictures_are_real_pictures(network: DemoNetwork) -> None:
    site = network.site("0")
    post = next(post for post in network.posts("0") if post.has_picture)
    status, headers, body = get(site.writer.picture(post))
    assert (status, headers["Content-Type"]) == (200, "image/png")
    assert body.startswith(b"\x89PNG")


def test_what_is_not_there_is_404(network: DemoNetwork) -> None:
    site = network.site("0")
    for path in ("/tidak-ada", "/blog/read/99999999_x", "/dmdocument/1-x.pdf", "/2021/02/31/x/", "/%00"):
        assert get(site.base + path)[0] == 404


def test_the_registry_names_a_feed_for_every_site_and_all_offices(network: DemoNetwork) -> None:
    body = get(f"http://127.0.0.1:{network.port}/registry.csv")[2].decode()
    rows = list(csv.DictReader(io.StringIO(body)))
    assert len(rows) == 553
    with_feed = {row["code"]: row["feed_url"] for row in rows if row["feed_url"]}
    assert with_feed == {code: network.site(code).feed_url for code in network.codes}


def test_the_index_lists_all_sites(network: DemoNetwork) -> None:
    page = html.fromstring(get(f"http://127.0.0.1:{network.port}/")[2].decode())
    assert len(page.xpath("//ol/li")) == 70


def test_a_part_of_the_network_has_all_levels_and_whole_families() -> None:
    everyone = offices(1)
    for count in (1, 2, 5, 30, 200, 553):
        codes = chosen(everyone, count)
        assert len(codes) == count
        assert "0" in codes
        assert all(everyone[code].parent in codes for code in codes if everyone[code].level == "regency")
    assert sum(everyone[code].level == "province" for code in chosen(everyone, 200)) == 38


def test_an_endless_request_is_cut_off(network: DemoNetwork) -> None:
    import socket

    with socket.create_connection(("127.21.0.1", network.port), timeout=5) as talk:
        talk.sendall(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 4000)
        talk.settimeout(5)
        assert talk.recv(10) == b""


def test_all_of_the_network_can_be_listened_to_at_once() -> None:
    with DemoNetwork(sites=553, host_base="127.22.0.0") as network:
        assert get(network.site("9671").base + "/")[0] == 200


def test_the_registry_of_the_network_has_every_condition_of_the_migration(network: DemoNetwork) -> None:
    rows = list(csv.DictReader(io.StringIO(network.registry_csv())))
    again = list(csv.DictReader(io.StringIO(network.registry_csv())))
    assert {row["migration_status"] for row in rows} == {"K1", "K2", "K3", "M", "M!"}
    assert rows == again
    assert next(row for row in rows if row["code"] == "0")["migration_status"] == "M"
