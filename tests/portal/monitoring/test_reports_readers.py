"""Who reads our feeds is counted by program, in memory first, and never by person."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from portal.days import Period
from portal.monitoring import reads
from portal.monitoring.figures.audience import audience, programs
from portal.monitoring.models import FeedRead

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 25)
ONE_DAY = Period(DAY, DAY)


@pytest.fixture
def counter(monkeypatch):
    counter = reads.Counter()
    monkeypatch.setattr(counter, "go_on_writing", lambda: None)
    monkeypatch.setattr(reads, "counter", counter)
    return counter


@pytest.mark.parametrize(
    ("header", "agent"),
    [
        ("FreshRSS/1.24 (Linux; https://freshrss.org)", "FreshRSS"),
        ("Feedly/1.0 (+http://www.feedly.com/fetcher.html; 7 subscribers)", "Feedly"),
        ("Mozilla/5.0 (compatible; Miniflux/2.1; +https://miniflux.app)", "Miniflux"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "peramban"),
        ("Tiny Tiny RSS/24 (https://tt-rss.org/)", "Tiny Tiny RSS"),
        ("", "lain"),
        ("198.51.100.7", "lain"),
        ("\x00\x01<script>", "lain"),
        ("A" * 5000, "A" * 50),
    ],
)
def test_a_program_is_known_by_its_product_name(header, agent):
    assert reads.agent_of(header) == agent


def test_reads_are_added_up_and_written(counter):
    for _ in range(2):
        counter.add(DAY, "/feeds/nasional", "FreshRSS/1", 200)
        counter.add(DAY, "/feeds/nasional", "FreshRSS/1", 304)
        counter.add(DAY, "/feeds/nasional", "Feedly/1.0 (x; 7 subscribers)", 200)
        counter.write()
    (row,) = audience(ONE_DAY)
    assert (row.requests, row.unmodified, row.agents, row.subscribers) == (6, 2, 2, 7)
    assert programs(ONE_DAY) == [("FreshRSS", 4), ("Feedly", 2)]


def test_made_up_names_do_not_fill_the_table(counter):
    for number in range(500):
        counter.add(DAY, "/feeds/nasional", f"Palsu{number}x/1", 200)
    counter.write()
    assert FeedRead.objects.count() == reads.MOST_AGENTS + 1
    assert sum(FeedRead.objects.values_list("requests", flat=True)) == 500


def test_what_cannot_be_written_is_kept(counter, monkeypatch):
    counter.add(DAY, "/feeds/nasional", "FreshRSS/1", 200)
    with monkeypatch.context() as patch:
        patch.setattr(reads, "_write", lambda *_: (_ for _ in ()).throw(DatabaseError("mati")))
        with pytest.raises(DatabaseError):
            counter.write()
    counter.write()
    assert FeedRead.objects.get().requests == 1


def ask(path, status=200, method="get", **headers):
    middleware = reads.count_reads(lambda _request: HttpResponse(status=status))
    middleware(getattr(RequestFactory(), method)(path, **headers))


def test_feeds_are_counted_whatever_their_format(counter):
    for path in ("/feeds/satker/3571.rss", "/feeds/satker/3571.json", "/feeds/satker/3571.atom/arsip/3"):
        ask(path, HTTP_USER_AGENT="FreshRSS/1", REMOTE_ADDR="198.51.100.7")
    counter.write()
    row = FeedRead.objects.get()
    assert (row.channel, row.requests, row.day) == ("/feeds/satker/3571", 3, timezone.localdate())
    assert "198.51.100.7" not in str(FeedRead.objects.values().get())


@pytest.mark.parametrize(
    ("path", "status", "method"),
    [
        ("/feeds/nasional", 200, "get"),
        ("/feeds/provinsi/tidak-ada.rss", 404, "get"),
        ("/feeds/nasional.rss", 503, "get"),
        ("/feeds/nasional.rss", 200, "head"),
        ("/berita/1", 200, "get"),
    ],
)
def test_what_is_no_reading_of_a_feed_is_not_counted(counter, path, status, method):
    ask(path, status, method)
    assert counter.write() == 0
