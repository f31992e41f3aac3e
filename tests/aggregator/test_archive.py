"""Kept bodies read again, and older pages fetched: silently, politely, resumable."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from aggregator import archive, pipeline
from aggregator.models import Entry, Feed, Gap, HostPause, RawFeed
from tests.factories import make_feed
from tests.satker_network import SatkerNetwork, build_rss, ok, status

pytestmark = pytest.mark.django_db(transaction=True)
BASE = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)


def posts(first: int, count: int) -> list[dict[str, object]]:
    return [
        {
            "title": f"Kegiatan nomor {n}",
            "guid": f"urn:p:{n}",
            "link": f"https://situs.example/{n}",
            "published": BASE - timedelta(days=n),
        }
        for n in range(first, first + count)
    ]


@pytest.fixture
def feed(net: SatkerNetwork, settings) -> Feed:
    settings.FETCH_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.FETCH_ALLOWED_PORTS = (net.port,)
    settings.FETCH_HOST_SPACING = 0
    settings.PARSE_PROCESSES = 1
    site = net.site()
    site.feed("/feed", build_rss(posts(0, 5)))
    feed = make_feed(site.url("/feed"))
    feed.site = site
    pipeline.refresh_feeds([feed.pk])
    return feed


def test_replaying_what_is_known_changes_nothing(feed):
    before = list(Entry.objects.values("guid", "content_sha256", "published_at"))
    total = archive.replay([feed])
    assert (total.pages, total.new, total.changed, total.unchanged) == (1, 0, 0, 5)
    assert list(Entry.objects.values("guid", "content_sha256", "published_at")) == before


def test_replay_brings_back_what_the_first_reading_had_missed(feed):
    Entry.objects.filter(guid="urn:p:3").update(public_revision=None)
    Entry.objects.get(guid="urn:p:3").delete()
    assert archive.replay([feed]).new == 1
    assert Entry.objects.get(guid="urn:p:3").state == "public"


def test_replay_leaves_schedule_and_validators_alone(feed):
    before = Feed.objects.filter(pk=feed.pk).values().get()
    archive.replay([feed])
    assert Feed.objects.filter(pk=feed.pk).values().get() == before


def test_an_older_body_does_not_turn_an_entry_back(feed):
    feed.site.feed("/feed", build_rss([{**posts(0, 1)[0], "title": "Judul yang dibetulkan"}]))
    pipeline.refresh_feeds([feed.pk])
    assert RawFeed.objects.count() == 2
    total = archive.replay([feed])
    assert total.changed == 0
    assert Entry.objects.get(guid="urn:p:0").public_revision.title == "Judul yang dibetulkan"


def test_one_kept_body_is_read_again_beneath_what_newer_ones_tell(feed):
    feed.site.feed("/feed", build_rss([{**posts(0, 1)[0], "title": "Judul yang dibetulkan"}]))
    pipeline.refresh_feeds([feed.pk])
    Entry.objects.filter(guid="urn:p:3").update(public_revision=None)
    Entry.objects.get(guid="urn:p:3").delete()
    newest, oldest = RawFeed.objects.select_related("feed__satker").order_by("-received_at")
    assert archive.replay_one(newest).new == 0
    assert not Entry.objects.filter(guid="urn:p:3").exists()
    total = archive.replay_one(oldest)
    assert (total.pages, total.new, total.changed) == (1, 1, 0)
    assert Entry.objects.get(guid="urn:p:0").public_revision.title == "Judul yang dibetulkan"


def test_a_kept_body_that_cannot_be_read_says_so(feed):
    RawFeed.objects.update(body=zlib.compress(b"<html>bukan umpan</html>"))
    total = archive.replay_one(RawFeed.objects.select_related("feed__satker").get())
    assert (total.pages, total.failed, len(total.notes)) == (0, 1, 1)


def test_backfill_follows_wordpress_pages_to_the_end_and_stays_silent(feed):
    feed.site.answer("/feed?paged=2", ok(build_rss(posts(5, 5))))
    feed.site.answer("/feed?paged=3", ok(build_rss(posts(10, 2))))
    feed.site.answer("/feed?paged=4", status(404))
    total = archive.backfill(feed)
    assert (total.pages, total.new) == (2, 7)
    assert Entry.objects.public().filter(is_import=True).count() == 12
    assert Entry.objects.get(guid="urn:p:11").published_at == BASE - timedelta(days=11)


def test_backfill_follows_prev_archive_links(feed):
    link = f'<atom:link rel="prev-archive" href="{feed.site.url("/arsip/1")}"/>'
    feed.site.answer("/feed?paged=2", ok(build_rss(posts(5, 1), head=link)))
    feed.site.answer("/arsip/1", ok(build_rss(posts(6, 3))))
    archive.backfill(feed)
    assert Entry.objects.count() == 9


def test_an_interrupted_backfill_goes_on_where_it_was(feed):
    feed.site.answer("/feed?paged=2", ok(build_rss(posts(5, 5))))
    feed.site.answer("/feed?paged=3", ok(build_rss(posts(10, 5))))
    feed.site.answer("/feed?paged=4", status(404))
    archive.backfill(feed, max_pages=1)
    feed.refresh_from_db()
    archive.backfill(feed)
    assert [path for path in feed.site.paths() if "paged" in path] == [
        "/feed?paged=2",
        "/feed?paged=3",
        "/feed?paged=4",
    ]


def test_backfill_stops_where_nothing_is_new(feed):
    for page in range(2, 9):
        feed.site.answer(f"/feed?paged={page}", ok(build_rss(posts(0, 5))))
    assert archive.backfill(feed).pages == 1


def test_backfill_closes_the_gap_it_reaches_beyond(feed):
    Gap.objects.create(feed=feed, from_at=BASE - timedelta(days=8), to_at=BASE - timedelta(days=4))
    feed.site.answer("/feed?paged=2", ok(build_rss(posts(5, 5))))
    feed.site.answer("/feed?paged=3", status(404))
    archive.backfill(feed)
    assert Gap.objects.get().filled_at is not None


def open_gap(feed, first: int, last: int) -> Gap:
    """A gap that holds the posts numbered from `first` (younger) to `last`."""
    half = timedelta(hours=12)
    return Gap.objects.create(
        feed=feed,
        from_at=BASE - timedelta(days=last) - half,
        to_at=BASE - timedelta(days=first) + half,
        about=9,
    )


def test_an_open_gap_is_filled_by_itself_and_no_further(feed):
    gap = open_gap(feed, 5, 9)
    for page in range(2, 9):
        feed.site.answer(f"/feed?paged={page}", ok(build_rss(posts(page * 5 - 5, 5))))
    assert archive.fill_gaps(timezone.now(), seconds=30) == 1
    gap.refresh_from_db()
    assert gap.filled_at and gap.next_try_at is None
    assert [p for p in feed.site.paths() if "paged" in p] == ["/feed?paged=2", "/feed?paged=3"]
    assert archive.fill_gaps(timezone.now(), seconds=30) == 0


def test_a_site_without_older_pages_keeps_its_gap_open_and_is_not_asked_again(feed):
    gap = open_gap(feed, 5, 9)
    feed.site.answer("/feed?paged=2", ok(build_rss(posts(0, 5))))  # takes no notice of the parameter
    feed.site.answer("/feed?paged=3", ok(build_rss(posts(0, 5))))
    archive.fill_gaps(timezone.now(), seconds=30)
    archive.fill_gaps(timezone.now() + timedelta(days=9), seconds=30)
    gap.refresh_from_db()
    assert (gap.filled_at, gap.next_try_at) == (None, None)
    assert len([p for p in feed.site.paths() if "paged" in p]) == 2


def test_what_a_site_still_has_of_a_gap_makes_it_smaller(feed):
    gap = open_gap(feed, 5, 14)
    feed.site.answer("/feed?paged=2", ok(build_rss(posts(5, 5))))
    archive.fill_gaps(timezone.now(), seconds=30)
    gap.refresh_from_db()
    assert (gap.filled_at, gap.to_at) == (None, BASE - timedelta(days=9))
    assert gap.about == 5  # of ten days nearly half is left


def test_a_site_in_trouble_is_asked_for_its_gap_later_and_not_for_ever(feed):
    gap, now = open_gap(feed, 5, 9), timezone.now()
    feed.site.answer("/feed?paged=2", status(500))
    for day in range(20):
        archive.fill_gaps(now + timedelta(days=day), seconds=30)
    gap.refresh_from_db()
    assert len([p for p in feed.site.paths() if "paged" in p]) == archive.GAP_TRIES
    assert gap.next_try_at is None


def test_a_host_that_asks_for_quiet_is_not_paged_back_meanwhile(feed):
    open_gap(feed, 5, 9)
    feed.site.answer("/feed?paged=2", status(503, retry_after=3600))
    archive.fill_gaps(timezone.now(), seconds=30)
    assert HostPause.objects.count() == 1
    archive.fill_gaps(timezone.now() + timedelta(hours=2), seconds=30)  # the pause is by the real clock
    assert len([p for p in feed.site.paths() if "paged" in p]) == 1


def test_no_older_page_is_asked_for_while_another_worker_holds_the_host(feed):
    Feed.objects.filter(pk=feed.pk).update(
        lease="elsewhere/1/1/x", next_check_at=timezone.now() + timedelta(minutes=4)
    )
    feed.site.answer("/feed?paged=2", ok(build_rss(posts(5, 5))))
    with pytest.raises(archive.Busy):
        archive.backfill(feed)
    assert not [p for p in feed.site.paths() if "paged" in p]


def test_backfill_of_a_site_that_fails_says_so_and_keeps_its_place(feed):
    feed.site.answer("/feed?paged=2", status(500))
    with pytest.raises(CommandError, match="500"):
        call_command("backfill_feed", feed.url)


def test_backfill_of_an_unknown_address_is_refused_in_words():
    with pytest.raises(CommandError, match="No feed has the address"):
        call_command("backfill_feed", "https://tidak.example/feed")
