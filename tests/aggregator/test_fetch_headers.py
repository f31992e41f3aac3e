"""What headers say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from aggregator.http_headers import (
    MAX_FRESH,
    MAX_RETRY_AFTER,
    content_type,
    fresh_for,
    hub_links,
    retry_after,
)

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def headers(*pairs: tuple[str, str]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(pairs))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 120 ", 120.0),
        ("999999999999999999999", MAX_RETRY_AFTER),
        ("Fri, 20 Nov 2026 02:10:00 GMT", 600.0),
        ("Fri, 20 Nov 2026 01:00:00 GMT", 0.0),
        ("Fri, 20 Nov 2099 01:00:00 GMT", MAX_RETRY_AFTER),
        ("-5", None),
        ("1.5", None),
        ("\u0661\u0662", None),
        ("besok", None),
        ("", None),
    ],
)
def test_retry_after(said: str, seconds: float | None) -> None:
    assert retry_after(headers(("Retry-After", said)), NOW) == seconds


@pytest.mark.parametrize(
    ("pairs", "seconds"),
    [
        ([("Cache-Control", "max-age=300")], 300.0),
        ([("Cache-Control", 'public, Max-Age = "300"')], 300.0),
        ([("Cache-Control", "public"), ("Cache-Control", "max-age=60")], 60.0),
        ([("Cache-Control", "s-maxage=900, max-age=300")], 300.0),
        ([("Cache-Control", "max-age=300"), ("Age", "120")], 180.0),
        ([("Cache-Control", "max-age=300"), ("Age", "900")], 0.0),
        ([("Cache-Control", "max-age=99999999999999")], MAX_FRESH),
        ([("Cache-Control", "max-age=300, no-cache")], 0.0),
        ([("Cache-Control", "no-store, must-revalidate")], 0.0),
        ([("Cache-Control", "max-age=0")], 0.0),
        ([("Cache-Control", "max-age=-1")], None),
        ([("Cache-Control", "max-age=300"), ("Expires", "0")], 300.0),
        ([("Expires", "Fri, 20 Nov 2026 03:00:00 GMT")], 3600.0),
        (
            [("Expires", "Fri, 20 Nov 2026 03:00:00 GMT"), ("Date", "Fri, 20 Nov 2026 02:50:00 GMT")],
            600.0,
        ),
        ([("Expires", "Thu, 19 Nov 1981 08:52:00 GMT")], 0.0),
        ([("Expires", "-1")], 0.0),
        ([], None),
    ],
)
def test_freshness(pairs: list[tuple[str, str]], seconds: float | None) -> None:
    assert fresh_for(headers(*pairs), NOW) == seconds


@pytest.mark.parametrize(
    ("lines", "hubs"),
    [
        (["<https://hub.example/>; rel=hub"], ("https://hub.example/",)),
        (['<https://hub.example/>; rel="hub self"'], ("https://hub.example/",)),
        (['<https://a.example/>; title="x, rel=hub"; rel="self"'], ()),
        (['<https://a.example/>; rel="self", <https://b.example/>; rel="hub"'], ("https://b.example/",)),
        (
            ["<https://a.example/>; rel=hub", "<https://b.example/>; REL=HUB"],
            ("https://a.example/", "https://b.example/"),
        ),
        (["<https://a.example/>; rel=hub, <https://a.example/>; rel=hub"], ("https://a.example/",)),
        (["<https://a.example/>; rel=github"], ()),
        (["https://a.example/; rel=hub"], ()),
    ],
)
def test_hub_links(lines: list[str], hubs: tuple[str, ...]) -> None:
    assert hub_links(headers(*(("Link", line) for line in lines))) == hubs


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("application/rss+xml", ("application/rss+xml", "")),
        ("Text/XML;Charset=UTF-8", ("text/xml", "utf-8")),
        ("text/xml; charset='windows-1252'; x=y", ("text/xml", "windows-1252")),
        ("text/xml; charset=", ("text/xml", "")),
        ("charset=utf-8", ("", "")),
        ("", ("", "")),
        ("rss", ("", "")),
    ],
)
def test_content_type(said: str, read: tuple[str, str]) -> None:
    assert content_type(said) == read


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["Cache-Control", "Expires", "Date", "Age", "Retry-After", "Link", "Content-Type"]
            ),
            st.text(max_size=200),
        ),
        max_size=6,
    )
)
def test_no_header_can_raise_or_leave_its_bounds(pairs: list[tuple[str, str]]) -> None:
    given_headers = headers(*pairs)
    assert 0 <= (fresh_for(given_headers, NOW) or 0) <= MAX_FRESH
    assert 0 <= (retry_after(given_headers, NOW) or 0) <= MAX_RETRY_AFTER
    hub_links(given_headers)
    content_type(given_headers.get("Content-Type", ""))
