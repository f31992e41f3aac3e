"""Limits for one address, alike on all nodes where it matters, and searching that gives way under load."""

from __future__ import annotations

from threading import Thread

import pytest
from django.core.cache import cache
from django.db import OperationalError

from portal import limits
from portal.models import Attempt

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _still_clock(monkeypatch):
    monkeypatch.setattr(limits.time, "time", lambda: 1_800_000_000.0)


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ("LIMIT_SEARCH", "/cari?q=psu"),
        ("LIMIT_SEARCH", "/en/cari?q=psu"),
        ("LIMIT_SEARCH", "/saran?q=ps"),
        ("LIMIT_SEARCH", "/feeds/cari.rss?q=psu"),
        ("LIMIT_SEARCH", "/en/sisipan/cari?q=psu"),
        ("LIMIT_SEARCH", "/aktivitas?q=psu"),
        ("LIMIT_API", "/api/v1/x"),
    ],
)
def test_beyond_its_limit_an_address_is_told_when_to_come_again(client, settings, setting, path):
    setattr(settings, setting, 2)
    assert [client.get(path).status_code == 429 for _number in range(3)] == [False, False, True]
    refused = client.get(path)
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["Cache-Control"] == "no-store"
    assert client.get(path, REMOTE_ADDR="203.0.113.9").status_code != 429


@pytest.mark.parametrize("path", ["/", "/satker", "/feeds/nasional.rss", "/aktivitas"])
def test_reading_is_not_limited(client, settings, path):
    settings.LIMIT_SEARCH = 1
    assert {client.get(path).status_code for _number in range(4)} == {200}


@pytest.mark.parametrize(
    ("setting", "path"),
    [
        ("LIMIT_SIGN_IN", "/pantauan/admin/login/"),
        ("LIMIT_SIGN_IN", "/masuk"),
        ("LIMIT_SUBSCRIBE", "/langganan"),
    ],
)
def test_what_could_be_guessed_or_flooded_is_counted_in_the_database(client, settings, setting, path):
    setattr(settings, setting, 2)
    for _number in range(2):
        assert client.post(path).status_code != 429
    cache.clear()  # the count does not hang on the cache
    assert client.post(path).status_code == 429
    assert "127.0.0.1" not in str(list(Attempt.objects.values()))


def test_signing_in_is_refused_when_it_cannot_be_counted(client, monkeypatch):
    def away(*_args):
        raise OperationalError

    monkeypatch.setattr(limits, "_count_exactly", away)
    assert client.post("/pantauan/admin/login/").status_code == 503


def test_reading_goes_on_when_nothing_can_be_counted(client, settings, monkeypatch):
    settings.LIMIT_SEARCH = 1

    def gone(*_args, **_more):
        raise ValueError

    monkeypatch.setattr(limits.cache, "add", lambda *_args: False, raising=False)
    monkeypatch.setattr(limits.cache, "incr", gone, raising=False)
    assert {client.get("/cari?q=psu").status_code for _number in range(3)} == {200}


@pytest.mark.parametrize("election", [False, True])
def test_zero_is_no_limit(client, settings, election):
    settings.LIMIT_SEARCH, settings.ELECTION_MODE = 0, election
    assert {client.get("/cari?q=psu").status_code for _number in range(4)} == {200}


def test_old_windows_are_swept(client, settings, monkeypatch):
    client.post("/pantauan/admin/login/")
    monkeypatch.setattr(limits.time, "time", lambda: 1_800_003_600.0)
    client.post("/pantauan/admin/login/")
    assert Attempt.objects.count() == 1


def test_a_whole_ipv6_network_counts_as_one_address(client, settings):
    settings.LIMIT_SEARCH = 1
    client.get("/cari?q=a", REMOTE_ADDR="2001:db8::1")
    assert client.get("/cari?q=a", REMOTE_ADDR="2001:db8::ffff").status_code == 429
    assert client.get("/cari?q=a", REMOTE_ADDR="2001:db8:0:1::1").status_code == 200


def test_a_search_that_would_wait_for_others_is_told_so_and_pages_are_not(client, settings, monkeypatch):
    monkeypatch.setattr(limits, "WAIT_FOR_SEARCH", 0.0)
    slots = limits.Slots(1, 0.0)
    assert slots.take()
    monkeypatch.setattr(limits, "_slots", {False: slots})
    busy = client.get("/cari?q=psu")
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "10")
    assert "sangat ramai" in busy.content.decode()
    assert client.get("/").status_code == 200
    slots.give_back(0.0)
    assert client.get("/cari?q=psu").status_code == 200


def test_one_search_may_wait_for_a_moment_and_a_second_is_refused_at_once():
    slots = limits.Slots(1, 0.0)
    assert slots.take()
    told = []
    waiting = Thread(target=lambda: told.append(slots.take()))
    waiting.start()
    while not slots.waiting.locked():
        pass
    assert not slots.take()
    slots.give_back(0.0)
    waiting.join()
    assert told == [True]


def test_after_a_search_its_slot_rests_in_proportion_and_never_for_long(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(limits.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    slots = limits.Slots(1, 3.0)
    for took, began in ((0.02, 100.0), (5.0, 100.06)):
        assert slots.take()
        assert now[0] == pytest.approx(began)
        slots.give_back(took)
    assert slots.take()
    assert now[0] == pytest.approx(100.06 + limits.WAIT_FOR_SEARCH)


def test_election_mode_lowers_what_one_address_may_search_and_ends_suggestions(client, settings):
    settings.ELECTION_MODE = True
    settings.LIMIT_SEARCH = 8
    assert client.get("/saran?q=bali").json() == ["", []]
    codes = [client.get("/cari?q=psu").status_code for _number in range(3)]
    assert codes == [200, 429, 429]
