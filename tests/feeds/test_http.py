"""Feeds over HTTP: validators, encodings, methods, headers, refusals (RFC 9110, 9111)."""

from __future__ import annotations

import gzip
from datetime import timedelta

import brotli
import feedparser
import pytest
from django.db import DatabaseError
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from aggregator.models import Change, PortalState, Revision, Satker, Topic
from feeds import caching
from tests.factories import make_entry, make_public, make_satker

pytestmark = pytest.mark.django_db
ATOM = "/feeds/nasional.atom"


@pytest.mark.parametrize("ending", ["rss", "atom", "json"])
def test_a_second_fetch_without_a_change_is_304_without_a_body(client: Client, ending: str) -> None:
    make_entry()
    first = client.get(f"/feeds/nasional.{ending}")
    second = client.get(f"/feeds/nasional.{ending}", headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 304
    assert second.content == b""
    assert second["ETag"] == first["ETag"]
    assert second["Vary"] == first["Vary"]
    assert second["Cache-Control"] == first["Cache-Control"]


@pytest.mark.parametrize("header", ["*", "W/{tag}", '"other", {tag}', 'W/"x" , W/{tag}'])
def test_if_none_match_takes_lists_weak_tags_and_a_star(client: Client, header: str) -> None:
    make_entry()
    tag = client.get(ATOM)["ETag"]
    assert client.get(ATOM, headers={"If-None-Match": header.format(tag=tag)}).status_code == 304


def test_a_copy_of_another_encoding_is_known_too(client: Client) -> None:
    make_entry(summary="Rapat pleno terbuka. " * 30)
    packed = client.get(ATOM, headers={"Accept-Encoding": "gzip"})
    plain = client.get(ATOM)
    assert packed["ETag"] != plain["ETag"]
    assert client.get(ATOM, headers={"If-None-Match": packed["ETag"]}).status_code == 304


def test_another_tag_gets_the_whole_feed_even_when_the_date_would_do(client: Client) -> None:
    make_entry()
    date = client.get(ATOM)["Last-Modified"]
    asked = {"If-None-Match": '"other"', "If-Modified-Since": date}
    assert client.get(ATOM, headers=asked).status_code == 200


def test_if_modified_since_is_understood(client: Client) -> None:
    make_entry()
    date = client.get(ATOM)["Last-Modified"]
    assert client.get(ATOM, headers={"If-Modified-Since": date}).status_code == 304
    earlier = "Thu, 01 Jan 2015 00:00:00 GMT"
    assert client.get(ATOM, headers={"If-Modified-Since": earlier}).status_code == 200
    assert client.get(ATOM, headers={"If-Modified-Since": "kemarin"}).status_code == 200


def test_a_change_within_this_second_is_never_hidden_by_a_date(client: Client) -> None:
    now = timezone.now()
    make_entry(released_at=now, published_at=now)
    response = client.get(ATOM)
    assert "Last-Modified" not in response
    soon = "Fri, 01 Jan 2100 00:00:00 GMT"
    assert client.get(ATOM, headers={"If-Modified-Since": soon}).status_code == 200


def test_a_recall_moves_the_date_of_every_feed(client: Client) -> None:
    entry = make_entry()
    make_entry()
    before = client.get(ATOM)["Last-Modified"]
    entry.state, entry.withdrawn_at = "withdrawn", timezone.now() - timedelta(minutes=1)
    entry.save()
    Change.objects.mark([entry.pk])
    response = client.get(ATOM, headers={"If-Modified-Since": before})
    assert response.status_code == 200
    assert f"berita/{entry.pk}<" not in response.content.decode()


def test_head_says_what_get_would(client: Client) -> None:
    make_entry()
    got, head = client.get(ATOM), client.head(ATOM)
    assert head.content == b""
    of_this_answer = ("Date", "X-Request-ID", "X-Cache")
    assert {k: v for k, v in head.items() if k not in of_this_answer} == {
        k: v for k, v in got.items() if k not in of_this_answer
    }
    assert client.head(ATOM, headers={"If-None-Match": got["ETag"]}).status_code == 304


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
@pytest.mark.parametrize("path", [ATOM, "/feeds/nasional", "/feeds/satker.opml"])
def test_other_methods_are_405_and_say_what_is_allowed(method: str, path: str) -> None:
    response = getattr(Client(enforce_csrf_checks=True), method)(path)
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, OPTIONS"


def test_pages_elsewhere_may_read_feeds_and_their_validators(client: Client) -> None:
    make_entry()
    response = client.get(ATOM)
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in response["Access-Control-Expose-Headers"]
    preflight = client.options(ATOM, headers={"Access-Control-Request-Headers": "if-none-match"})
    assert preflight.status_code == 204
    assert "If-None-Match" in preflight["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    ("accepts", "coding"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("br, gzip", "br"),
        ("gzip, deflate, br;q=0.5", "gzip"),
        ("gzip;q=0", ""),
        ("gzip; q=0.0, br;q=0", ""),
        ("*", "br"),
        ("*;q=0", ""),
        ("identity, gzip;q=0.5", ""),
        ("deflate, x-gzip", ""),
        ("gzip;q=oops", ""),
    ],
)
def test_the_encoding_is_what_the_client_prefers(client: Client, accepts: str, coding: str) -> None:
    make_entry(summary="Rapat pleno terbuka rekapitulasi. " * 30)
    plain = client.get(ATOM).content
    response = client.get(ATOM, headers={"Accept-Encoding": accepts})
    assert response.get("Content-Encoding", "") == coding
    assert "Accept-Encoding" in response["Vary"]
    unpack = {"gzip": gzip.decompress, "br": brotli.decompress, "": bytes}[coding]
    assert unpack(response.content) == plain
    assert int(response["Content-Length"]) == len(response.content)


@pytest.mark.parametrize(
    ("ending", "media"),
    [("rss", "application/rss+xml"), ("atom", "application/atom+xml"), ("json", "application/feed+json")],
)
def test_headers_tell_type_freshness_self_and_hub(client: Client, settings, ending: str, media: str) -> None:
    response = client.get(f"/feeds/nasional.{ending}")
    assert response["Content-Type"] == f"{media}; charset=utf-8"
    assert "max-age=20" in response["Cache-Control"]
    assert "stale-while-revalidate" in response["Cache-Control"]
    assert "stale-if-error" in response["Cache-Control"]
    assert f'<{settings.BASE_URL}/feeds/nasional.{ending}>; rel="self"' in response["Link"]
    assert f'<{settings.BASE_URL}/hub>; rel="hub"' in response["Link"]


def test_an_external_hub_is_named_when_one_is_set(client: Client, settings) -> None:
    settings.WEBSUB_HUB_URL = "https://hub.example/"
    response = client.get(ATOM)
    assert '<https://hub.example/>; rel="hub"' in response["Link"]
    assert b'href="https://hub.example/"' in response.content


def test_no_cookie_and_no_session(client: Client) -> None:
    make_entry()
    response = client.get(ATOM)
    assert not response.cookies
    assert "Cookie" not in response["Vary"]


def test_a_kept_feed_costs_one_small_query(client: Client, django_assert_num_queries) -> None:
    make_entry()
    client.get(ATOM)
    with django_assert_num_queries(1):  # the generation; READ_EVERY is 0 in tests
        client.get(ATOM)


@pytest.mark.parametrize(
    "path", ["/feeds/nasional.atom", "/feeds/nasional.rss?isi=penuh", "/feeds/cari.json?topik=x"]
)
def test_the_number_of_queries_does_not_depend_on_the_number_of_posts(
    client: Client, django_assert_max_num_queries, path: str
) -> None:
    Topic.objects.create(slug="x", name="X")
    for _number in range(20):
        make_entry()
    with django_assert_max_num_queries(9):
        assert client.get(path).status_code == 200


def test_a_post_of_one_office_changes_nothing_for_the_readers_of_another(client: Client) -> None:
    one, other = make_satker("0101"), make_satker("0202")
    make_entry(satker=one)
    tag = client.get("/feeds/satker/0101.atom", headers={"Accept-Encoding": "gzip"})["ETag"]
    make_entry(satker=other)
    response = client.get("/feeds/satker/0101.atom", headers={"If-None-Match": tag})
    assert response.status_code == 304


def test_what_trackers_add_to_an_address_makes_no_other_feed(client: Client) -> None:
    make_entry()
    first = client.get(ATOM)
    assert client.get(f"{ATOM}?utm_source=x&_=17")["ETag"] == first["ETag"]


@pytest.mark.parametrize(
    ("path", "status", "named"),
    [
        ("/feeds/provinsi/atlantis.atom", 404, "atlantis"),
        ("/feeds/satker/9x.rss", 404, "9x"),
        ("/feeds/topik/tiada.json", 404, "tiada"),
        ("/feeds/tahapan/tiada.json", 404, "tiada"),
        ("/feeds/cari.atom?provinsi=atlantis", 404, "atlantis"),
        ("/feeds/cari.atom?propinsi=bali", 400, "propinsi"),
        ("/feeds/cari.atom?dari=kemarin", 400, "dari"),
        ("/feeds/nasional.atom?semua=ya", 400, "semua"),
        ("/feeds/nasional.atom?isi=semua", 400, "isi"),
        ("/feeds/nasional.atom/arsip/999", 404, "999"),
        ("/feeds/ditarik.atom/arsip/1", 404, "1"),
        ("/feeds/satker/%00.atom", 404, "satker"),
    ],
)
def test_what_does_not_exist_is_refused_in_words(client: Client, path: str, status: int, named: str) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert named in response.content.decode()
    assert "/langganan" in response.content.decode()


def test_while_the_database_is_away_the_last_answer_stands_and_says_so(client: Client, monkeypatch) -> None:
    make_entry()
    first = client.get(ATOM).content
    assert client.get(ATOM)["X-Cache"] == "HIT"
    monkeypatch.setattr(caching, "READ_EVERY", 0.0)

    def away(*_args: object, **_named: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(PortalState.objects, "filter", away)
    last = client.get(ATOM)
    assert (last.content, last["X-Cache"], last["Age"]) == (first, "STALE", "0")


def test_equal_bytes_after_a_restart_have_the_equal_tag(client: Client) -> None:
    make_entry()
    headers = {"Accept-Encoding": "gzip"}
    first = client.get(ATOM, headers=headers)
    caching.forget()
    again = client.get(ATOM, headers=headers)
    assert (again["ETag"], again.content) == (first["ETag"], first.content)


def test_a_correction_keeps_the_id_and_gets_a_newer_date(client: Client) -> None:
    entry = make_entry("PDPB 1.200 pemilih")
    before = feedparser.parse(client.get(ATOM).content).entries[0]
    corrected = Revision.objects.create(entry=entry, number=2, title="PDPB 1.300 pemilih", content_sha256="2")
    make_public(entry, corrected)
    Revision.objects.filter(pk=corrected.pk).update(public_at=entry.published_at + timedelta(hours=1))
    Change.objects.mark([entry.pk])
    entries = feedparser.parse(client.get(ATOM).content).entries
    assert len(entries) == 1
    assert entries[0].id == before.id
    assert entries[0].updated_parsed > before.updated_parsed
    assert entries[0].published_parsed == before.published_parsed
    assert "1.300" in entries[0].title


def test_a_held_post_appears_nowhere_and_after_release_with_both_its_times(client: Client) -> None:
    entry = make_entry(public=False)
    revision = entry.revisions.get()
    assert not feedparser.parse(client.get(ATOM).content).entries
    entry.released_at = entry.published_at + timedelta(days=2)
    make_public(entry, revision)
    found = feedparser.parse(client.get(ATOM).content).entries[0]
    assert found.published_parsed[2] == 20
    assert found.updated_parsed[2] == 22


def test_a_withdrawn_post_leaves_the_feed_and_stands_without_text_in_ditarik(client: Client) -> None:
    entry = make_entry("Situs judi gacor", summary="daftar slot")
    client.get(ATOM)
    entry.state, entry.withdrawn_at = "withdrawn", timezone.now()
    entry.save()
    Change.objects.mark([entry.pk])
    assert b"gacor" not in client.get(ATOM).content
    gone = client.get("/feeds/ditarik.atom").content.decode()
    assert f"berita/{entry.pk}<" in gone
    assert "gacor" not in gone and "slot" not in gone and entry.url not in gone


def test_a_post_that_was_never_public_is_not_in_ditarik(client: Client) -> None:
    entry = make_entry(public=False, state="held")
    assert f"berita/{entry.pk}<" not in client.get("/feeds/ditarik.atom").content.decode()


def test_feeds_answer_alike_behind_any_middleware(client: Client, settings) -> None:
    make_entry(summary="Rapat pleno terbuka. " * 30)
    headers = {"Accept-Encoding": "gzip;q=0, br;q=0"}
    with_middleware = client.get(ATOM, headers=headers)
    settings.MIDDLEWARE = []
    without = Client().get(ATOM, headers=headers)
    assert without.content == with_middleware.content
    assert without["ETag"] == with_middleware["ETag"]
    known = Client().get(ATOM, headers={"If-None-Match": without["ETag"]})
    assert known.status_code == 304


def test_a_kept_feed_may_be_answered_before_all_other_middleware(client: Client, settings) -> None:
    make_entry(summary="Rapat pleno terbuka. " * 30)
    first = client.get(ATOM, headers={"Accept-Encoding": "gzip"})
    settings.MIDDLEWARE = ["feeds.views.kept_feeds", "tests.feeds.test_http.nothing_further"]
    again = Client().get(ATOM, headers={"Accept-Encoding": "gzip"})
    assert again.content == first.content
    assert {**again.headers} == {name: first.headers.get(name, "HIT") for name in again.headers}
    assert again.headers["X-Cache"] == "HIT"
    known = Client().get(ATOM, headers={"If-None-Match": first["ETag"]})
    assert known.status_code == 304


@pytest.mark.parametrize(
    "path", ["/feeds/nasional", "/feeds/provinsi/tiada.rss", "/cari", "/feeds/cari.atom?dari=x"]
)
def test_what_is_not_kept_goes_the_usual_way(client: Client, settings, path: str) -> None:
    settings.MIDDLEWARE = ["feeds.views.kept_feeds", "tests.feeds.test_http.nothing_further"]
    assert Client().get(path).status_code == 418


def nothing_further(_get_response: object) -> object:
    return lambda _request: HttpResponse(status=418)


def test_renaming_an_office_shows_at_the_next_change(client: Client) -> None:
    make_entry(satker=make_satker("0101", name="KPU Lama"))
    client.get("/feeds/satker/0101.atom")
    Satker.objects.update(name="KPU Baru")
    PortalState.bump()
    assert "KPU Baru" in client.get("/feeds/satker/0101.atom").content.decode()
