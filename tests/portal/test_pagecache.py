"""Kept pages: good while nothing changed, gone when something did."""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from aggregator.models import Change, Entry, PortalState
from feeds import caching
from portal import pagecache, recalls
from portal.views import home
from tests.factories import make_entry

# On PostgreSQL a follower sees a mark when its transaction has ended.
pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")


@pytest.fixture(autouse=True)
def _kept(settings):
    settings.PAGE_CACHE_SECONDS = 20
    pagecache.forget()
    caching.forget()
    yield
    pagecache.forget()
    caching.forget()


@pytest.fixture
def instant(monkeypatch):
    """The generation is read at every request."""
    monkeypatch.setattr(caching, "READ_EVERY", 0.0)


def test_a_second_reader_costs_no_query(client, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(caching, "READ_EVERY", 60.0)
    make_entry()
    first = client.get("/")
    with django_assert_num_queries(0):
        second = client.get("/")
    assert first.content == second.content
    assert first.headers["Content-Security-Policy"] == second.headers["Content-Security-Policy"]


@pytest.mark.parametrize("coding", ["", "gzip", "br"])
def test_a_kept_page_says_its_length_so_that_it_is_sent_in_one_piece(client, coding):
    make_entry()
    for _round in range(2):
        response = client.get("/", headers={"accept-encoding": coding})
        assert response.headers["Content-Length"] == str(len(response.content))


def test_a_new_post_is_seen_at_once(client, instant):
    client.get("/")
    make_entry("Baru terbit", published_at=timezone.now())
    assert b"Baru terbit" in client.get("/").content


def test_what_is_withdrawn_is_gone_at_once(client, instant):
    entry = make_entry("Akan ditarik", published_at=timezone.now())
    assert b"Akan ditarik" in client.get("/").content
    Entry.objects.filter(pk=entry.pk).update(state="withdrawn")
    Change.objects.mark([entry.pk])
    assert b"Akan ditarik" not in client.get("/").content
    assert client.get(entry.get_absolute_url()).status_code == 410


def test_a_page_grows_old_although_nothing_changed(client, monkeypatch):
    PortalState.get()
    client.get("/")
    made = pagecache.pages.get("/").made_at
    monkeypatch.setattr(pagecache.time, "monotonic", lambda: made + 21)
    client.get("/")
    assert pagecache.pages.get("/").made_at == made + 21


def test_a_known_page_is_answered_with_304(client):
    tag = client.get("/").headers["ETag"]
    response = client.get("/", headers={"if-none-match": tag})
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == tag


def test_each_encoding_has_its_own_validator(client):
    plain = client.get("/")
    packed = client.get("/", headers={"accept-encoding": "gzip"})
    assert gzip.decompress(packed.content) == plain.content
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_the_question_is_part_of_the_key(client):
    make_entry("Rapat pleno", published_at=timezone.now() - timedelta(days=1))
    assert client.get("/satker?q=x").content != client.get("/satker").content


@pytest.mark.parametrize("path", ["/tidak-ada", "/cari?dari=x", "/provinsi/atlantis", "/healthz"])
def test_errors_and_health_are_not_kept(client, path):
    client.get(path)
    assert pagecache.pages.get(path) is None


def test_in_election_mode_a_page_stands_whatever_else_is_published(client, instant, settings):
    settings.ELECTION_MODE = True
    PortalState.get()
    first = client.get("/").content
    make_entry("Baru terbit", published_at=timezone.now())
    assert client.get("/").content == first


def test_a_post_stands_its_moments_whatever_others_publish_unless_it_is_recalled(client, instant):
    recalls.look()
    entry = make_entry("Rapat pleno", published_at=timezone.now())
    first = client.get(entry.get_absolute_url())
    make_entry("Baru terbit", published_at=timezone.now())
    assert client.get(entry.get_absolute_url()).headers["X-Cache"] == "HIT"
    Entry.objects.filter(pk=entry.pk).update(state="withdrawn")
    Change.objects.mark([entry.pk])
    recalls.look()
    assert (first.status_code, client.get(entry.get_absolute_url()).status_code) == (200, 410)


def test_in_election_mode_too_what_is_withdrawn_is_gone_at_once(client, instant, settings):
    settings.ELECTION_MODE = True
    recalls.look()
    entry = make_entry("Akan ditarik", published_at=timezone.now())
    assert b"Akan ditarik" in client.get("/").content
    Entry.objects.filter(pk=entry.pk).update(state="withdrawn")
    Change.objects.mark([entry.pk])
    recalls.look()
    assert b"Akan ditarik" not in client.get("/").content


def test_while_a_page_is_made_anew_others_get_the_former_one(client, instant):
    former = client.get("/").content
    PortalState.bump()
    lock = pagecache._making[hash("/") % len(pagecache._making)]
    with lock:  # as if another request were making it
        assert client.get("/").content == former


@pytest.mark.parametrize("query", ["utm_source=x&fbclid=1", "%75tm=1", "x"])
def test_parameters_that_no_page_reads_make_no_new_page(
    client, query, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(caching, "READ_EVERY", 60.0)
    client.get("/")
    with django_assert_num_queries(0):
        response = client.get(f"/?{query}")
    assert response.headers["X-Cache"] == "HIT"


def test_without_a_good_page_a_failure_is_a_failure(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr(home.lists, "newest_folded", lambda _entries: 1 / 0)
    assert client.get("/").status_code == 500


def test_head_is_kept_as_get(client):
    client.head("/")
    assert pagecache.pages.get("/").answer.body
