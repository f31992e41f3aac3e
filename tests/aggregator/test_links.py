"""Addresses: absolute ones to show, canonical ones to recognise a post by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.links import absolute, canonical, host

HOME = "https://kab-contoh.kpu.go.id/blog/read/7_pleno"


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://kab-contoh.kpu.go.id/berita", "https://kab-contoh.kpu.go.id/berita"),
        ("/public/a.jpg", "https://kab-contoh.kpu.go.id/public/a.jpg"),
        ("../category/104?page=2", "https://kab-contoh.kpu.go.id/blog/category/104?page=2"),
        ("//cdn.kpu.go.id/a.jpg", "https://cdn.kpu.go.id/a.jpg"),
        ("www.kpu.go.id/pengumuman", "https://www.kpu.go.id/pengumuman"),
        ("  HTTPS://WWW.KPU.GO.ID/A b\n", "https://www.kpu.go.id/A%20b"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("http://kpu.go.id:80/", "http://kpu.go.id/"),
        ("http://[2001:DB8::1]:8080/x", "http://[2001:db8::1]:8080/x"),
        ("https:\\\\kpu.go.id\\a", "https://kpu.go.id/a"),
        ("https://kpu.go.id/100%", "https://kpu.go.id/100%25"),
    ],
)
def test_a_link_becomes_absolute(link, expected):
    assert absolute(link, HOME) == expected


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JaVa\tScript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,x",
        "mailto:a@kpu.go.id",
        "file:///etc/passwd",
        "ftp://kpu.go.id/",
        "https://",
        "http:///etc",
        "http://a..b/",
        "http://[::1/",
        "http://kpu.go.id:99999/",
        "http://exa mple.com/",
        "http://x/" + "a" * 2000,
        "",
    ],
)
def test_what_leads_nowhere_on_the_web_is_no_link(link):
    assert absolute(link) == ""


def test_a_user_name_that_imitates_a_host_is_dropped():
    assert absolute("https://kpu.go.id@evil.example/masuk") == "https://evil.example/masuk"
    assert host("https://kpu.go.id@evil.example/masuk") == "evil.example"


def test_a_relative_link_without_base_is_no_link():
    assert absolute("/berita/7") == ""


@pytest.mark.parametrize(
    "twin",
    [
        "http://kab-contoh.kpu.go.id/blog/read/7_pleno",
        "https://www.kab-contoh.kpu.go.id/blog/read/7_pleno/",
        "https://KAB-CONTOH.KPU.GO.ID:443/blog/read/7_pleno#komentar",
        "https://m.kab-contoh.kpu.go.id/blog/read/7_pleno",
        "https://amp.kab-contoh.kpu.go.id/blog/read/7_pleno",
        "https://kab-contoh.kpu.go.id/index.php/blog/read/7_pleno",
        "https://kab-contoh.kpu.go.id//blog/./x/../read/7%5fpleno",
        "https://kab-contoh.kpu.go.id/blog/read/7_pleno/amp/",
        "https://kab-contoh.kpu.go.id/blog/read/7_pleno?amp=1",
        "https://kab-contoh.kpu.go.id/blog/read/7_pleno?utm_source=rss&utm_medium=rss&fbclid=abc",
        "https://kab-contoh.kpu.go.id/blog/read/7_pleno;jsessionid=0A1B?gclid=1",
        "https://kab-contoh.kpu.go.id./blog/read/7_pleno?",
    ],
)
def test_twins_of_a_page_share_one_identity(twin):
    assert canonical(twin) == canonical(HOME) == HOME


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://kpu.go.id/?p=12", "https://kpu.go.id/?p=13"),
        ("https://kpu.go.id/berita?id=7", "https://kpu.go.id/berita?id=8"),
        ("https://kpu.go.id/#/berita/7", "https://kpu.go.id/#/berita/8"),
        ("https://kpu.go.id/a", "https://kpu.go.id/A"),
        ("https://kpu.go.id/a%2Fb", "https://kpu.go.id/a/b"),
        ("https://kpu.go.id/?q=a%26b=1", "https://kpu.go.id/?q=a&b=1"),
        ("https://kab-kediri.kpu.go.id/a", "https://kota-kediri.kpu.go.id/a"),
        ("https://kpu.go.id:8443/a", "https://kpu.go.id/a"),
        ("https://kpu.go.id/?m=202401", "https://kpu.go.id/?m=202402"),
        ("https://kpu.go.id/campaign", "https://kpu.go.id/campaign/amp1"),
    ],
)
def test_distinct_pages_stay_distinct(one, other):
    assert canonical(one) != canonical(other)


def test_the_order_of_parameters_does_not_matter():
    assert canonical("https://kpu.go.id/i?b=2&a=1&a=0") == "https://kpu.go.id/i?a=0&a=1&b=2"


def test_what_is_no_web_address_has_no_identity():
    assert canonical("tag:kpu.go.id,2021:7") == ""
    assert canonical("12345") == ""


ODD = st.text(st.sampled_from("hftpsw:/.?#&=%2eE7~aZ;_-@[]\\ ü\t1") | st.characters(), max_size=60)
ADDRESSES = st.builds(
    "{}://{}{}/{}?{}#{}".format,
    st.sampled_from(["http", "https", "HTTPS"]),
    st.sampled_from(
        [
            "www.kpu.go.id",
            "m.www.kpu.go.id",
            "BÜCHER.example",
            "kpu.go.id",
            "[::1]",
            "www.id",
            "127.0.0.1",
            "1.2.3.256",
        ]
    ),
    st.sampled_from(["", ":80", ":443", ":8443", ":080", ":65536", ":"]),
    ODD,
    ODD,
    ODD,
)


SEGMENTS = st.sampled_from(["a", "B-7", "amp", ".", "..", "x.html", "", "index.php"])
PATHS = st.lists(SEGMENTS, max_size=4).map("/".join)
SIMPLE = st.builds("https://www.kpu.go.id{}/{}".format, st.sampled_from(["", ":443", ":8080"]), PATHS)


@given(SIMPLE)
def test_everyday_addresses_take_a_short_cut_to_the_same_place(url):
    assert canonical(url) == canonical(url + "?")
    assert absolute(url) == absolute(url + "?")


@given(ADDRESSES | ODD)
def test_canonical_is_idempotent(url):
    once = canonical(url)
    assert canonical(once) == once


@given(ADDRESSES | ODD)
def test_absolute_is_idempotent_and_never_another_scheme(url):
    once = absolute(url, "https://kpu.go.id/a/")
    assert once == "" or once.startswith(("http://", "https://"))
    assert absolute(once, "https://example.org/") == once


@given(ADDRESSES)
def test_the_identity_of_a_page_does_not_depend_on_how_it_is_written(url):
    assert canonical(url) == canonical(absolute(url))


@given(ADDRESSES)
def test_host_is_the_host_of_the_written_address(url):
    written = absolute(url)
    name = host(url)
    assert written == "" or written.split("/")[2].partition("]")[0].lstrip("[").startswith(name)
