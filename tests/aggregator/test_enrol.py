"""Feeds come into use: added by address or page, read at once, refused when they are none, or looked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from aggregator import approve as approve_module
from aggregator import enrol
from aggregator.errors import PortalError
from aggregator.models import Entry, Feed, FetchLog, Satker, SatkerHost
from tests.factories import make_satker
from tests.satker_network import (
    FaultSite,
    SatkerNetwork,
    build_rss,
    ok,
    redirect,
    status,
)

pytestmark = pytest.mark.django_db

RSS = build_rss([{"title": f"KPU gelar rapat pleno ke-{n}"} for n in range(3)])
HTML = "text/html; charset=utf-8"


@pytest.fixture
def net(settings) -> Iterator[SatkerNetwork]:
    with SatkerNetwork() as network:
        settings.FETCH_ALLOWED_NETWORKS = ("127.0.0.0/8",)
        settings.FETCH_ALLOWED_PORTS = (network.port,)
        settings.FETCH_HOST_SPACING = 0.0
        settings.FETCH_TIMEOUT = 5.0
        settings.PARSE_PROCESSES = 1
        yield network


@pytest.fixture
def site(net: SatkerNetwork) -> FaultSite:
    return net.site()


@pytest.fixture
def satker() -> Satker:
    return make_satker("3571")


def page(*links: str) -> bytes:
    alternates = "".join(f'<link rel="alternate" type="application/rss+xml" href="{url}">' for url in links)
    return f"<!doctype html><html><head>{alternates}</head><body>KPU</body></html>".encode()


def test_a_feed_is_added_and_read_with_one_request(site: FaultSite, satker: Satker):
    added = enrol.add_feed(site.feed("/feed", RSS), satker, "ani")
    assert (added.feed.state, added.totals.new) == ("active", 3)
    assert Entry.objects.public().count() == 3
    assert site.paths() == ["/feed"]


def test_what_was_fetched_counts_as_the_first_fetch(site: FaultSite, satker: Satker):
    feed = enrol.add_feed(site.feed("/feed", RSS), satker, "ani").feed
    assert feed.first_success_at is not None
    assert feed.etag
    assert FetchLog.objects.get().new == 3
    assert set(Entry.objects.values_list("is_import", flat=True)) == {True}


def test_the_host_of_an_added_feed_is_approved_under_a_name(site: FaultSite, satker: Satker):
    enrol.add_feed(site.feed("/feed", RSS), satker, "ani")
    host = SatkerHost.objects.get()
    assert (host.hostname, host.state, host.decided_by) == ("127.30.0.1", "approved", "ani")


def test_a_feed_is_found_from_the_page_that_names_it(site: FaultSite, satker: Satker):
    site.feed("/blog/feed", RSS)
    site.feed("/lain/feed", build_rss([]))
    front = site.answer("/", ok(page("/lain/feed", "/blog/feed"), HTML))
    added = enrol.add_feed(front, satker, "ani")
    assert added.feed.url == site.url("/blog/feed")
    assert added.others == (site.url("/lain/feed"),)
    assert list(Feed.objects.values_list("url", flat=True)) == [site.url("/blog/feed")]


def refused(url: str, satker: Satker) -> str:
    with pytest.raises(PortalError) as refusal:
        enrol.add_feed(url, satker, "ani")
    assert not Feed.objects.exists()
    assert not SatkerHost.objects.filter(state="approved").exists()
    return refusal.value.message


def test_a_page_without_a_feed_is_refused_and_leaves_nothing(site: FaultSite, satker: Satker):
    assert "Tidak ada umpan" in refused(site.answer("/", ok(page(), HTML)), satker)


@pytest.mark.parametrize("code", [404, 410, 500, 503])
def test_an_address_that_answers_badly_is_refused_with_its_status(site: FaultSite, satker: Satker, code: int):
    assert str(code) in refused(site.answer("/feed", status(code)), satker)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://a.example/feed", "bukan alamat", ""])
def test_what_is_no_web_address_is_refused(satker: Satker, url: str):
    assert "bukan alamat" in refused(url, satker)


def test_a_private_address_is_refused(settings, satker: Satker):
    assert refused("http://10.0.0.7/feed", satker)


def test_a_feed_on_another_host_is_never_taken_silently(net: SatkerNetwork, site: FaultSite, satker: Satker):
    foreign = net.site()
    front = site.answer("/", ok(page(foreign.feed("/feed", RSS)), HTML))
    assert "host yang sama" in refused(front, satker)
    assert foreign.paths() == []


def test_a_redirect_to_another_host_is_refused(net: SatkerNetwork, site: FaultSite, satker: Satker):
    foreign = net.site()
    refused(site.answer("/feed", redirect(301, foreign.feed("/feed", RSS))), satker)
    assert foreign.paths() == []


def test_a_refused_feed_leaves_a_proposed_host_as_it_was(site: FaultSite, satker: Satker):
    SatkerHost.objects.create(satker=satker, hostname="127.30.0.1", state="proposed", reason="turunan")
    refused(site.answer("/feed", status(404)), satker)
    host = SatkerHost.objects.get()
    assert (host.state, host.reason) == ("proposed", "turunan")


def test_a_revoked_host_is_refused_by_name_of_who_revoked(site: FaultSite, satker: Satker):
    SatkerHost.objects.create(satker=satker, hostname="127.30.0.1", state="revoked", decided_by="budi")
    assert "budi" in refused(site.feed("/feed", RSS), satker)
    assert site.paths() == []


def test_a_feed_of_another_satker_is_refused(site: FaultSite, satker: Satker):
    url = site.feed("/feed", RSS)
    enrol.add_feed(url, make_satker("3572"), "ani")
    with pytest.raises(PortalError, match="sudah milik"):
        enrol.add_feed(url, satker, "ani")
    assert Feed.objects.get().satker.code == "3572"


def test_adding_a_candidate_takes_it_into_use(site: FaultSite, satker: Satker):
    url = site.feed("/feed", RSS)
    Feed.objects.create(satker=satker, url=url, state="candidate")
    assert enrol.add_feed(url, satker, "ani").feed.state == "active"
    assert Feed.objects.count() == 1


def test_a_candidate_that_is_no_feed_stays_a_candidate(site: FaultSite, satker: Satker):
    Feed.objects.create(satker=satker, url=site.answer("/feed", status(404)), state="candidate")
    with pytest.raises(PortalError):
        enrol.add_feed(site.url("/feed"), satker, "ani")
    assert Feed.objects.get().state == "candidate"


def test_adding_twice_is_harmless(site: FaultSite, satker: Satker):
    url = site.feed("/feed", RSS)
    enrol.add_feed(url, satker, "ani")
    assert enrol.add_feed(url, satker, "ani").totals.new == 0
    assert (Feed.objects.count(), Entry.objects.count()) == (1, 3)


def approve(satker: Satker, site: FaultSite) -> None:
    SatkerHost.objects.create(satker=satker, hostname="127.30.0.1", state="approved")


def test_what_is_found_on_a_site_waits_as_a_candidate(site: FaultSite, satker: Satker):
    approve(satker, site)
    site.answer("/", ok(page("/feed"), HTML))
    site.feed("/feed", RSS)
    [look] = enrol.find_feeds([satker])
    assert [(found.url, found.entries) for found in look.found] == [(site.url("/feed"), 3)]
    assert Feed.objects.get().state == "candidate"
    assert not Entry.objects.exists()


def test_a_satker_without_an_approved_host_is_not_asked(site: FaultSite, satker: Satker):
    SatkerHost.objects.create(satker=satker, hostname="127.30.0.1", state="proposed")
    [look] = enrol.find_feeds([satker])
    assert look.found == []
    assert "belum ada host" in look.problem
    assert site.paths() == []


def test_looking_leaves_other_hosts_alone(net: SatkerNetwork, site: FaultSite, satker: Satker):
    approve(satker, site)
    foreign = net.site()
    site.answer("/", ok(page(foreign.feed("/feed", RSS)), HTML))
    [look] = enrol.find_feeds([satker])
    assert look.found == []
    assert foreign.paths() == []


def test_a_known_feed_keeps_its_state_when_it_is_found_again(site: FaultSite, satker: Satker):
    approve(satker, site)
    site.answer("/", ok(page("/feed"), HTML))
    Feed.objects.create(satker=satker, url=site.feed("/feed", RSS), state="disabled")
    enrol.find_feeds([satker])
    assert Feed.objects.get().state == "disabled"


def test_a_site_in_trouble_is_a_sentence_and_the_others_are_looked_at(
    net: SatkerNetwork, site: FaultSite, satker: Satker
):
    approve(satker, site)
    site.answer("/", status(503))
    other, healthy = make_satker("3572"), net.site()
    SatkerHost.objects.create(satker=other, hostname="127.30.0.2", state="approved")
    healthy.answer("/", ok(page("/feed"), HTML))
    healthy.feed("/feed", RSS)
    looks = {look.satker.code: look for look in enrol.find_feeds([satker, other])}
    assert looks["3571"].problem
    assert len(looks["3572"].found) == 1


# --- looking again for feeds that were lost ---------------------------------------------------------


@pytest.fixture
def lost(site: FaultSite, satker: Satker) -> Feed:
    """A feed that has answered 404 for a while."""
    approve(satker, site)
    return Feed.objects.create(satker=satker, url=site.url("/feed"), failures=3, error_code="http_404")


def search(after: timedelta = timedelta(0)) -> int:
    return enrol.search_again(timezone.now() + after, seconds=20)


def test_the_new_address_of_a_lost_feed_waits_for_staff(site: FaultSite, lost: Feed):
    site.answer("/", ok(page("/berita/rss"), HTML))
    site.feed("/berita/rss", RSS)
    assert search() == 1
    candidate = Feed.objects.get(state="candidate")
    assert (candidate.url, candidate.replaces) == (site.url("/berita/rss"), lost)
    assert not Entry.objects.exists()


def test_confirming_the_candidate_lets_the_lost_feed_rest(site: FaultSite, lost: Feed):
    site.answer("/", ok(page("/berita/rss"), HTML))
    site.feed("/berita/rss", RSS)
    search()
    approve_module.confirm_feed(Feed.objects.get(state="candidate"), "ani")
    assert dict(Feed.objects.values_list("url", "state")) == {
        site.url("/feed"): "disabled",
        site.url("/berita/rss"): "active",
    }


def test_a_feed_named_on_a_strange_host_is_shown_to_staff_and_not_asked(
    net: SatkerNetwork, site: FaultSite, lost: Feed
):
    foreign = net.site()
    site.answer("/", ok(page(foreign.feed("/feed", RSS)), HTML))
    search()
    assert Feed.objects.get(state="candidate").url == foreign.url("/feed")
    assert foreign.paths() == []


def test_a_lost_feed_is_searched_for_once_a_week(site: FaultSite, lost: Feed):
    assert [search(), search(timedelta(days=1)), search(timedelta(days=8))] == [1, 0, 1]


@pytest.mark.parametrize(
    "fields", [{"failures": 2}, {"error_code": "timeout"}, {"state": "disabled"}, {"state": "candidate"}]
)
def test_what_is_not_lost_is_not_searched_for(lost: Feed, fields: dict[str, object]):
    Feed.objects.update(**fields)
    assert search() == 0


def test_a_feed_that_is_gone_for_good_is_searched_for(site: FaultSite, lost: Feed):
    Feed.objects.update(state="stopped", error_code="http_410", failures=1)
    assert search() == 1
