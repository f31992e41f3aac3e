"""Pages that vanish from their sites are marked after two looks, and nothing else happens to their posts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from aggregator import presence
from aggregator.models import Entry, HostPause
from tests.factories import make_entry, make_feed, make_satker
from tests.satker_network import SatkerNetwork, ok, redirect, status

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
PAGE = ok(b"<html>Berita</html>", "text/html")


@pytest.fixture
def site(net: SatkerNetwork, settings):
    settings.FETCH_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.FETCH_ALLOWED_PORTS = (net.port,)
    settings.FETCH_HOST_SPACING = 0
    return net.site()


@pytest.fixture
def feed(site):
    return make_feed(site.url("/feed"), make_satker(hostname=site.address))


def post(feed, path="/berita/1", **fields) -> Entry:
    return make_entry(feed=feed, url=feed.url.replace("/feed", path), **fields)


def look(after: timedelta = timedelta(0)) -> int:
    return presence.check_pages(timezone.now() + after, seconds=10)


def state(entry: Entry) -> tuple[str, bool]:
    entry.refresh_from_db()
    return entry.state, entry.gone_at is not None


def test_a_page_is_asked_for_its_head_only_and_not_again_for_months(site, feed):
    entry = post(feed)
    site.answer("/berita/1", PAGE)
    assert [look(), look(DAY), look(80 * DAY), look(91 * DAY)] == [1, 0, 0, 1]
    assert {seen.method for seen in site.requests} == {"HEAD"}
    assert state(entry) == ("public", False)


@pytest.mark.parametrize("code", [404, 410])
def test_a_page_that_is_gone_twice_days_apart_is_marked_and_stays_public(site, feed, code):
    entry = post(feed)
    site.answer("/berita/1", status(code))
    look()
    assert state(entry) == ("public", False)
    assert look(DAY) == 0
    look(4 * DAY)
    assert state(entry) == ("public", True)


def test_a_page_that_comes_back_is_marked_no_longer(site, feed):
    entry = post(feed)
    site.answer("/berita/1", status(404))
    look()
    look(4 * DAY)
    site.answer("/berita/1", PAGE)
    look(100 * DAY)
    assert (state(entry), entry.page_misses) == (("public", False), 0)


def test_a_server_that_knows_no_head_is_asked_properly(site, feed):
    entry = post(feed)
    site.answer("/berita/1", lambda seen: status(404) if seen.method == "HEAD" else PAGE)
    look()
    look(4 * DAY)
    assert state(entry) == ("public", False)


@pytest.mark.parametrize("answer", [status(500), status(403), redirect(302, "https://lain.example/")])
def test_what_cannot_be_told_changes_nothing(site, feed, answer):
    entry = post(feed, gone_at=timezone.now())
    site.answer("/berita/1", answer)
    look()
    look(91 * DAY)
    assert state(entry) == ("public", True)


def test_of_a_site_one_page_a_round_is_asked(site, feed):
    for number in range(5):
        post(feed, f"/berita/{number}")
        site.answer(f"/berita/{number}", PAGE)
    assert [look() for _ in range(6)] == [1, 1, 1, 1, 1, 0]
    assert len(set(site.paths())) == 5


def test_what_the_feed_still_shows_is_not_asked(site, feed):
    post(feed, last_seen_at=timezone.now())
    assert look() == 0


def test_a_host_that_is_not_approved_or_wants_quiet_is_not_asked(site, feed):
    post(feed)
    HostPause.objects.create(hostname=site.address, until=timezone.now() + timedelta(hours=1))
    make_entry(feed=feed, url="https://lain.example/berita/1")
    look()
    assert look() == 0
    assert site.requests == []
