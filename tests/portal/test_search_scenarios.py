"""What citizens and media come for, through the pages and feeds themselves; numbers as in the scenarios."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.test import Client

from aggregator.search import follow
from feeds import caching, render
from tests.factories import make_entry, make_feed, make_province, make_satker

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch) -> None:
    caching.forget()
    render.fragments.clear()
    monkeypatch.setattr(caching, "READ_EVERY", 0.0)
    monkeypatch.setattr(caching, "INDEX_LAG", 0.0)


@pytest.fixture
def papua():
    """PSU in Papua this week and long ago, and one elsewhere."""
    papua = make_province("94", "Papua")
    feed = make_feed(satker=make_satker("9400", province=papua, name="KPU Provinsi Papua"))
    for title, days in (("PSU Papua dimulai", 1), ("Debat PSU gubernur", 3), ("PSU masa lalu", 90)):
        make_entry(title, feed=feed, published_at=NOW - timedelta(days=days))
    make_entry("PSU di Pasaman", published_at=NOW - timedelta(days=2))
    follow(once=True)


def html(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def test_w1_nothing_in_the_city_says_so_and_offers_its_province_and_nearby_words(client):
    east_java = make_province("35", "Jawa Timur")
    city = make_feed(satker=make_satker("3571", province=east_java, name="KPU Kota Kediri"))
    regency = make_feed(satker=make_satker("3506", province=east_java, name="KPU Kabupaten Kediri"))
    make_entry("KPU Kota Kediri gelar apel", feed=city)
    make_entry("Penetapan DPT Kabupaten Kediri", feed=regency)
    follow(once=True)
    page = html(client, "/cari?q=penetapan+DPT+Kota+Kediri&satker=3571&urut=terbaru")
    assert "Penetapan DPT Kabupaten Kediri" not in page
    assert "Belum ada berita" in page
    assert "Cari di seluruh provinsi Jawa Timur" in page
    assert "“kediri” saja: 1 berita" in page
    assert "saja: 0" not in page


def test_j1_a_search_of_the_last_week_and_its_feed_hold_the_same_newest_first(client, papua):
    since = (NOW - timedelta(days=7)).date().isoformat()
    query = f"q=PSU&provinsi=papua&dari={since}"
    titles = ["PSU Papua dimulai", "Debat PSU gubernur"]
    page = html(client, f"/cari?{query}&urut=terbaru")
    feed = ElementTree.fromstring(client.get(f"/feeds/cari.atom?{query}").content)  # noqa: S314 - ours
    assert [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")] == titles
    assert 0 < page.index("Papua dimulai") < page.index("Debat")
    assert "Pasaman" not in page
    named = feed.findtext(f"{ATOM}title") or ""
    assert "PSU" in named
    assert "Papua" in named
    assert f"/feeds/cari.atom?{query.replace('&', '&amp;')}" in page


@pytest.mark.parametrize("address", ["/cari", "/feeds/cari.atom", "/feeds/cari.rss", "/feeds/cari.json"])
def test_j9_an_unknown_province_is_404_with_help_never_an_empty_answer(client, address):
    response = client.get(f"{address}?q=PSU&provinsi=atlantis")
    assert response.status_code == 404
    assert "atlantis" in response.content.decode()


@pytest.mark.parametrize("ending", ["atom", "rss", "json"])
def test_j10_an_empty_result_is_a_valid_feed_with_its_title_and_no_entry(client, ending):
    make_province("51", "Bali")
    follow(once=True)
    response = client.get(f"/feeds/cari.{ending}?q=tidakada&provinsi=bali")
    body = response.content.decode()
    assert response.status_code == 200
    assert "tidakada – Bali" in body
    if ending == "json":
        assert json.loads(body)["items"] == []
    else:
        ElementTree.fromstring(body)  # noqa: S314 - ours
        assert "<entry>" not in body
        assert "<item>" not in body
