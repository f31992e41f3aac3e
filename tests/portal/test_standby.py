"""Copies of pages on disk stand in for a database that is away, and never show what was recalled (F23)."""

from __future__ import annotations

import time
from threading import Thread

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from aggregator.models import Change, Entry, PortalState
from feeds import caching
from portal import guard, pagecache, recalls, standby
from portal.recalls import folder
from portal.views import home
from tests.factories import make_entry

# On PostgreSQL a follower sees a mark when its transaction has ended.
pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")


def restart() -> None:
    """Only the disk is left, as after a restart of the web server."""
    pagecache.forget()
    caching.forget()
    standby.forget()


@pytest.fixture(autouse=True)
def _kept(settings, client):
    settings.PAGE_CACHE_SECONDS = 20
    client.raise_request_exception = False
    restart()
    recalls.look()
    yield
    restart()


@pytest.fixture
def no_database(monkeypatch):
    def refuse(*_args, **_more):
        raise OperationalError("connection refused")

    def end() -> None:
        restart()
        monkeypatch.setattr(connection, "cursor", refuse)
        monkeypatch.setattr(connection, "chunked_cursor", refuse)

    yield end
    monkeypatch.undo()


def withdraw(entry: Entry) -> None:
    Entry.objects.filter(pk=entry.pk).update(state="withdrawn")
    Change.objects.mark([entry.pk])


@pytest.mark.parametrize("path", ["/", "post", "/feeds/nasional.rss", "/feeds/nasional.json", "/sitemap.xml"])
def test_pages_feeds_and_sitemaps_go_on_after_a_restart_without_database(client, no_database, path):
    entry = make_entry("Masih terbaca", published_at=timezone.now())
    path = entry.get_absolute_url() if path == "post" else path
    before = client.get(path)
    no_database()
    response = client.get(path)
    assert response.status_code == 200
    assert response.content == before.content
    assert response.headers["Content-Type"] == before.headers["Content-Type"]
    assert response.headers["X-Cache"] == "STALE"
    assert int(response.headers["Age"]) >= 0


def test_a_copy_stands_for_a_day_and_longer(client, no_database, monkeypatch):
    client.get("/")
    no_database()
    later = time.time() + 25 * 3600
    monkeypatch.setattr(standby.time, "time", lambda: later)
    response = client.get("/?utm_source=x")
    assert (response.status_code, response.headers["X-Cache"]) == (200, "STALE")
    assert int(response.headers["Age"]) >= 25 * 3600 - 60


def test_every_client_gets_the_coding_it_can_read(client, no_database):
    plain = client.get("/", headers={"accept-encoding": ""}).content
    restart()
    client.get("/", headers={"accept-encoding": "gzip"})
    no_database()
    assert client.get("/", headers={"accept-encoding": ""}).content == plain


@pytest.mark.parametrize("path", ["/satker", "/cari?q=psu", "/feeds/cari.rss?q=psu"])
def test_without_a_copy_a_small_plain_page_says_when_to_come_again(client, no_database, path):
    no_database()
    response = client.get(path)
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert response.headers["Cache-Control"] == "no-store"
    assert len(response.content) < 20_000


def test_nobody_waits_twice_for_a_database_that_does_not_answer(client, monkeypatch):
    asked = []

    def slow_refusal(*_args, **_more):
        asked.append(1)
        raise OperationalError("timed out")

    restart()
    monkeypatch.setattr(connection, "cursor", slow_refusal)
    monkeypatch.setattr(connection, "chunked_cursor", slow_refusal)
    client.get("/satker")
    first = len(asked)
    for _number in range(20):
        assert client.get("/satker").status_code == 503
    assert len(asked) == first


def test_what_was_recalled_is_in_no_copy(client, no_database):
    entry = make_entry("Disisipkan peretas", published_at=timezone.now())
    client.get("/")
    client.get(entry.get_absolute_url())
    client.get("/feeds/nasional.atom")
    withdraw(entry)
    assert recalls.look() == 1
    no_database()
    for path in ("/", entry.get_absolute_url(), "/feeds/nasional.atom"):
        assert client.get(path).status_code == 503


def test_what_was_released_again_has_copies_again(client, no_database):
    entry = make_entry("Ternyata baik", published_at=timezone.now())
    withdraw(entry)
    recalls.look()
    Entry.objects.filter(pk=entry.pk).update(state="public")
    Change.objects.mark([entry.pk])
    restart()
    client.get("/")
    no_database()
    assert b"Ternyata baik" in client.get("/").content


def test_a_database_that_was_put_back_starts_without_copies(client, no_database):
    client.get("/")
    PortalState.objects.update(epoch="11111111-1111-4111-8111-111111111111")
    time.sleep(0.02)
    recalls.look()
    no_database()
    assert client.get("/").status_code == 503


def test_a_page_that_fails_by_itself_is_replaced_by_its_copy(client, monkeypatch):
    make_entry("Masih terbaca", published_at=timezone.now())
    client.get("/")
    restart()
    client.raise_request_exception = False
    monkeypatch.setattr(home.lists, "newest_folded", lambda _entries: 1 / 0)
    response = client.get("/")
    assert b"Masih terbaca" in response.content
    assert response.headers["X-Cache"] == "STALE"


def test_a_torn_copy_is_not_used(client, no_database):
    client.get("/")
    path = standby._path("/")
    path.write_bytes(path.read_bytes()[:-5])
    no_database()
    assert client.get("/").status_code == 503


def test_a_page_that_is_gone_leaves_no_copy(client):
    entry = make_entry(published_at=timezone.now())
    address = entry.get_absolute_url()
    client.get(address)
    assert standby._path(address).exists()
    withdraw(entry)
    restart()
    assert client.get(address).status_code == 410
    assert not standby._path(address).exists()


def test_copies_stay_within_their_part_of_the_disk(client, settings, monkeypatch):
    settings.PREPARED_BYTES = 1
    monkeypatch.setattr(standby.random, "randrange", lambda _most: 0)
    client.get("/")
    assert not list(folder().glob("*/[0-9a-f]*"))


def test_a_full_disk_costs_no_reader_the_page(client, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(standby, "_write", full)
    assert client.get("/").status_code == 200


def test_staff_pages_and_answers_to_questions_have_no_copy(client, admin_client):
    admin_client.get("/pantauan/admin/")
    client.get("/satker?q=bali")
    assert not list(folder().glob("*/[0-9a-f]*"))


def test_a_database_that_lets_us_wait_counts_as_away(client, monkeypatch):
    client.get("/")
    restart()
    monkeypatch.setitem(caching._asking, 0, time.monotonic() - 10)  # a thread that has waited for ten seconds
    response = client.get("/")
    assert (response.status_code, response.headers["X-Cache"]) == (200, "STALE")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL is not asked in this run")
def test_who_waits_for_a_stuck_server_is_set_free():
    ended, sessions = [], []

    def wait() -> None:
        try:
            with connection.cursor() as cursor:
                sessions.append(connection.connection.info.backend_pid)
                guard.note(None, connection)
                cursor.execute("SELECT pg_sleep(60)")
        except OperationalError:
            ended.append(time.monotonic())
        finally:
            connection.close()

    waiting = Thread(target=wait)
    waiting.start()
    while not guard.cut():
        time.sleep(0.05)
    waiting.join(10)
    with connection.cursor() as cursor:  # the server itself would sleep on
        cursor.execute("SELECT pg_terminate_backend(%s)", sessions)
    assert ended
