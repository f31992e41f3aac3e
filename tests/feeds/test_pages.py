"""The page of a channel for people, and who gets it."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import make_entry, make_province

pytestmark = pytest.mark.django_db
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
READER = "application/atom+xml, application/rss+xml;q=0.9, text/html;q=0.5"


def test_a_browser_gets_words_addresses_and_the_latest_posts(client: Client) -> None:
    make_entry("Rapat pleno terbuka")
    response = client.get("/feeds/nasional", headers={"Accept": BROWSER})
    text = response.content.decode()
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert "Langganan umpan ini" in text
    assert "Rapat pleno terbuka" in text
    for ending in ("atom", "rss", "json"):
        assert f'href="http://127.0.0.1:8000/feeds/nasional.{ending}"' in text
    assert 'rel="alternate" type="application/rss+xml"' in text


def test_a_reader_that_asks_for_a_feed_gets_one_at_the_same_address(client: Client) -> None:
    response = client.get("/feeds/nasional", headers={"Accept": READER})
    assert response["Content-Type"].startswith("application/atom+xml")
    assert "Accept" in response["Vary"].split(", ")


def test_a_person_who_opens_the_feed_itself_sees_the_page(client: Client) -> None:
    headers = {"Accept": BROWSER, "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
    response = client.get("/feeds/nasional.rss", headers=headers)
    assert response["Content-Type"].startswith("text/html")
    assert "Sec-Fetch-Dest" in response["Vary"]


def test_who_comes_from_that_page_sees_the_feed_itself(client: Client) -> None:
    headers = {"Accept": BROWSER, "Sec-Fetch-Dest": "document", "Host": "localhost"}
    assert client.get("/feeds/nasional.rss", headers=headers)["Cache-Control"] == "no-store"
    headers["Referer"] = "http://localhost/feeds/nasional.rss"
    assert client.get("/feeds/nasional.rss", headers=headers)["Content-Type"].startswith("application/rss")
    headers["Referer"] = "http://elsewhere.example/feeds/"
    assert client.get("/feeds/nasional.rss", headers=headers)["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("accept", ["", "*/*", BROWSER, "text/html"])
def test_whoever_else_asks_for_an_ending_gets_that_format(client: Client, accept: str) -> None:
    response = client.get("/feeds/nasional.rss", headers={"Accept": accept})
    assert response["Content-Type"].startswith("application/rss+xml")
    assert "Sec-Fetch-Dest" in response["Vary"]


def test_the_page_of_a_search_keeps_its_filters(client: Client) -> None:
    make_province("51", "Bali")
    text = client.get("/feeds/cari?q=pleno&provinsi=bali", headers={"Accept": BROWSER}).content.decode()
    assert "Berita KPU: pleno – Bali" in text
    assert "/feeds/cari.atom?q=pleno&amp;provinsi=bali" in text


@pytest.mark.parametrize(
    ("path", "status"),
    [("/feeds/provinsi/atlantis", 404), ("/feeds/cari?dari=x", 400), ("/feeds/satker/1.xml", 404)],
)
def test_a_wrong_address_gets_a_page_that_says_so(client: Client, path: str, status: int) -> None:
    response = client.get(path, headers={"Accept": BROWSER})
    assert response.status_code == status
    assert response["Content-Type"].startswith("text/html")


def test_an_empty_channel_says_that_it_can_be_followed(client: Client) -> None:
    make_province("51", "Bali")
    text = client.get("/feeds/provinsi/bali", headers={"Accept": BROWSER}).content.decode()
    assert "Belum ada berita" in text


def test_the_page_of_what_was_withdrawn_shows_no_post(client: Client) -> None:
    make_entry("Umpan judi", public=False, state="withdrawn")
    assert client.get("/feeds/ditarik", headers={"Accept": BROWSER}).status_code == 200
