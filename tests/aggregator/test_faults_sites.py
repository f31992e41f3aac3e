"""Faults of sites, clocks and networks (F09–F19, F28, F34): nothing lost, nothing twice, gaps reported.

Real sites on loopback and the whole pipeline; time passes by moving what the database remembers.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from aggregator import archive, outage, pipeline, schedule, store
from aggregator.models import Change, Entry, EntryKey, Feed, FetchLog, Gap, Revision, SatkerHold, SatkerHost
from aggregator.records import CleanFeed, FetchResult, Outcome, ParsedFeed
from portal.doctor import examine
from tests.factories import clean_entry, make_feed, make_satker
from tests.satker_network import (
    Answer,
    FaultSite,
    SatkerNetwork,
    bomb,
    build_rss,
    drip,
    endless,
    hang_up,
    ok,
    redirect,
    reset,
    status,
    truncated,
)

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime.now(UTC).replace(microsecond=0)


def posts(first: int, count: int, *, name: str = "p", host: str = "situs.example", step: float = 1.0):
    """Posts numbered from the newest; one every `step` hours, the newest an hour ago."""
    return [
        {
            "title": f"KPU mengabarkan kegiatan nomor {n} dari kantor",
            "guid": f"urn:{name}:{n}",
            "link": f"https://{host}/{name}/{n}",
            "summary": f"Kegiatan nomor {n} berlangsung tertib sejak pagi sampai sore di kantor. " * 3,
            "published": NOW - timedelta(hours=1 + step * (n - first)),
        }
        for n in range(first, first + count)
    ]


@pytest.fixture(autouse=True)
def _allowed(net: SatkerNetwork, settings) -> None:
    settings.FETCH_ALLOWED_NETWORKS = ("127.0.0.0/8",)
    settings.FETCH_ALLOWED_PORTS = (net.port,)
    settings.FETCH_HOST_SPACING = 0
    settings.FETCH_TIMEOUT = 3.0
    settings.PARSE_PROCESSES = 1


@pytest.fixture
def site(net: SatkerNetwork) -> FaultSite:
    return net.site()


@pytest.fixture
def feed(site: FaultSite) -> Feed:
    """A feed of ten posts, read once."""
    site.feed("/feed", build_rss(posts(0, 10)))
    feed = make_feed(site.url("/feed"), make_satker(hostname=site.address))
    read(feed)
    return feed


def read(*feeds: Feed) -> pipeline.Totals:
    totals = pipeline.refresh_feeds([feed.pk for feed in feeds])
    for feed in feeds:
        feed.refresh_from_db()
    return totals


def public_face() -> list[tuple[object, ...]]:
    """Everything readers see of dates and versions, and the place in the sequence that announces."""
    entries = Entry.objects.public().order_by("id")
    marks = dict(Change.objects.values_list("entry_id", "id"))
    return [
        (e.pk, e.published_at, e.released_at, e.public_revision_id, e.is_import, marks[e.pk]) for e in entries
    ]


# --- F09, F10: clocks and zones ---------------------------------------------------------------------


def test_f09_after_a_clock_ran_two_days_ahead_no_feed_waits_and_nothing_is_lost_or_twice(site, feed):
    ahead = timezone.now() + timedelta(days=2)
    Feed.objects.update(
        last_checked_at=ahead, last_success_at=ahead, next_check_at=ahead + timedelta(minutes=20)
    )
    site.feed("/feed", build_rss([*posts(100, 2), *posts(0, 8)]))
    totals = pipeline.refresh_due()
    assert (totals.feeds, totals.new, Entry.objects.count()) == (1, 2, 12)
    assert not Entry.objects.filter(published_at__gt=timezone.now()).exists()


def test_f09_a_post_dated_years_ahead_pins_nothing(site, feed):
    odd = {**posts(200, 1)[0], "published": NOW + timedelta(days=4000)}
    site.feed("/feed", build_rss([odd, *posts(0, 9)]))
    read(feed)
    entry = Entry.objects.get(guid="urn:p:200")
    assert entry.published_at <= timezone.now()
    assert entry.date_status == "impossible"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Jayapura", "America/New_York", "Pacific/Kiritimati"])
def test_f10_dates_do_not_depend_on_the_zone_of_the_machine(site, monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        claims = {
            "Sen, 02 Nov 2026 09:00:00 WIB": (2, 0),
            "Sen, 02 Nov 2026 09:00:00 WITA": (1, 0),
            "Sen, 02 Nov 2026 09:00:00 WIT": (0, 0),
            "2026-11-02T09:00:00+07:00": (2, 0),
            "02/11/2026 09.00": (0, 0),  # without a zone: the satker's own
        }
        items = [{"title": f"Rapat {n}", "guid": f"urn:{n}", "published": c} for n, c in enumerate(claims)]
        site.feed("/feed", build_rss(items))
        feed = make_feed(site.url("/feed"), make_satker(hostname=site.address, timezone="Asia/Jayapura"))
        read(feed)
    finally:
        monkeypatch.undo()
        time.tzset()
    seen = list(Entry.objects.order_by("guid").values_list("published_at", flat=True))
    assert seen == [datetime(2026, 11, 2, *clock, tzinfo=UTC) for clock in claims.values()]


# --- F12, F13: duplicate delivery, and a task that always fails -------------------------------------


def test_f12_the_same_reading_delivered_twice_counts_once(feed):
    Feed.objects.filter(pk=feed.pk).update(next_check_at=timezone.now())
    leased = schedule.lease([feed.pk], timezone.now())[0]
    clean = CleanFeed(ParsedFeed("rss20"), tuple(clean_entry(f"urn:d:{n}") for n in range(5)))
    result = FetchResult(
        feed_id=feed.pk, url=feed.url, outcome=Outcome.FETCHED, started_at=timezone.now(), duration_ms=1
    )
    policy = store.StorePolicy(next_check=lambda *_: store.NextCheck(900, timezone.now()))
    before = (Entry.objects.count(), Revision.objects.count())
    for _ in range(2):
        store.save([store.Reading(leased, result, clean)], timezone.now(), policy)
    assert (Entry.objects.count(), Revision.objects.count()) == (before[0] + 5, before[1] + 5)
    assert FetchLog.objects.filter(feed=feed).count() == 2  # the first of the fixture, and one


def test_f12_a_pass_run_twice_leaves_every_count_and_mark_as_after_one(site, feed):
    site.feed("/feed", build_rss([*posts(100, 3), *posts(0, 7)]))
    read(feed)
    face, keys = public_face(), EntryKey.objects.count()
    read(feed)
    assert (public_face(), EntryKey.objects.count()) == (face, keys)


def test_f13_feeds_that_always_fail_back_off_and_hold_up_nobody(net, settings):
    settings.FETCH_TIMEOUT = 1.0
    bad_answers = [status(500), drip(b"<rss>" * 1000, 0.2), hang_up(), reset(), endless()]
    bad = []
    for answer in bad_answers:
        site = net.site()
        site.answer("/feed", answer)
        bad.append(make_feed(site.url("/feed"), make_satker(hostname=site.address)))
    good = []
    for _ in range(20):
        site = net.site()
        site.feed("/feed", build_rss(posts(0, 3)))
        good.append(make_feed(site.url("/feed"), make_satker(hostname=site.address)))
    waits = []
    for _ in range(3):
        Feed.objects.update(next_check_at=timezone.now())
        started = timezone.now()
        pipeline.refresh_due()
        late = [
            (feed.last_checked_at - started).total_seconds()
            for feed in Feed.objects.filter(pk__in=[f.pk for f in good])
        ]
        assert max(late) < 2 * settings.FETCH_MIN_INTERVAL
        waits.append(
            [
                f.next_check_at - f.last_checked_at
                for f in Feed.objects.filter(pk__in=[b.pk for b in bad]).order_by("id")
            ]
        )
    assert all(first < second < third for first, second, third in zip(*waits, strict=True))
    assert all(f.error_code and f.error_message for f in Feed.objects.filter(pk__in=[b.pk for b in bad]))
    assert Entry.objects.count() == 60


# --- F14–F17: feeds that go, come back, and move ----------------------------------------------------


@pytest.mark.parametrize(
    "trouble", [status(404), status(500), ok(b"<html>Pemeliharaan</html>", "text/html"), ok(build_rss([]))]
)
def test_f14_a_feed_that_goes_and_comes_back_changes_nothing_readers_see(site, feed, trouble):
    face = public_face()
    site.answer("/feed", trouble)
    read(feed)
    assert public_face() == face
    site.feed("/feed", build_rss(posts(0, 10)))
    totals = read(feed)
    assert (totals.new, public_face(), feed.failures) == (0, face, 0)


def test_f14_410_asks_staff_and_deletes_nothing(site, feed):
    site.answer("/feed", status(410))
    read(feed)
    assert (feed.state, Entry.objects.public().count()) == ("stopped", 10)


def test_f15_new_guids_and_links_for_all_posts_double_nothing_and_lead_to_the_new_addresses(site, feed):
    before = public_face()
    SatkerHost.objects.create(satker=feed.satker, hostname="baru.example", state="approved")
    site.feed("/feed", build_rss(posts(0, 10, name="q", host="baru.example")))
    totals = read(feed)
    assert (totals.new, Entry.objects.count()) == (0, 10)
    assert [row[:5] for row in public_face()] == [row[:5] for row in before]  # no new date, no new version
    urls = Entry.objects.values_list("public_revision__url", flat=True)
    assert all(url.startswith("https://baru.example/q/") for url in urls)
    assert "Migrasi situs: 10" in FetchLog.objects.latest("id").message


def test_f15_links_to_a_host_nobody_approved_do_not_replace_those_we_know(site, feed):
    site.feed("/feed", build_rss(posts(0, 10, name="q", host="asing.example")))
    read(feed)
    assert Entry.objects.count() == 10
    assert not Entry.objects.filter(public_revision__url__contains="asing.example").exists()


def test_f15_old_addresses_of_the_portal_still_answer(site, feed, client):
    addresses = [entry.get_absolute_url() for entry in Entry.objects.public()]
    site.feed("/feed", build_rss(posts(0, 10, name="q")))
    read(feed)
    assert {client.get(address).status_code for address in addresses} == {200}


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda url: url.replace("https:", "http:"),
        lambda url: url.replace("https://", "https://www."),
        lambda url: url + "/?utm_source=feed",
        lambda url: url.replace("/p/", "/index.php/p/"),
        lambda url: url + "#komentar",
    ],
)
def test_f16_another_way_to_write_an_address_is_the_same_post(site, feed, rewrite):
    again = [{**post, "guid": rewrite(post["link"]), "link": rewrite(post["link"])} for post in posts(0, 10)]
    for post in again:
        post["title"] += " (diperbarui)"  # so that only the address can tell
        post["summary"] = "Diperbarui. " + post["summary"]
    site.feed("/feed", build_rss(again))
    totals = read(feed)
    assert (totals.new, Entry.objects.count()) == (0, 10)


def test_f16_posts_with_different_query_ids_stay_distinct(site):
    items = [
        {"title": f"Pengumuman {n}", "guid": None, "link": f"https://situs.example/index.php?id={n}"}
        for n in range(5)
    ]
    site.feed("/feed", build_rss(items))
    feed = make_feed(site.url("/feed"), make_satker(hostname=site.address))
    assert read(feed).new == 5


def test_f17_a_move_to_an_approved_host_is_told_first_and_followed_once_stable(net, site, feed):
    new = net.site()
    new.feed("/rss", build_rss(posts(0, 10)))
    SatkerHost.objects.create(satker=feed.satker, hostname=new.address, state="approved")
    site.answer("/feed", redirect(301, new.url("/rss")))
    old = feed.url
    for _ in range(2):
        read(feed)
        assert (feed.url, feed.moved_to) == (old, new.url("/rss"))
        assert f"pindah ke {new.url('/rss')}" in FetchLog.objects.latest("id").message
    read(feed)
    assert (feed.url, Entry.objects.count()) == (new.url("/rss"), 10)


def test_f17_a_foreign_target_is_not_followed_and_holds_the_satker(net, site, feed):
    foreign = net.site()
    foreign.feed("/feed", build_rss(posts(500, 5)))
    site.answer("/feed", redirect(301, foreign.url("/feed")))
    read(feed)
    pipeline.derive()
    assert (feed.error_code, foreign.paths()) == ("redirect_host", [])
    assert SatkerHold.objects.get().reason.startswith("Umpan dialihkan ke host yang tidak disetujui")
    assert Entry.objects.public().count() == 10


# --- F18, F19: gaps ---------------------------------------------------------------------------------


def away(feed: Feed, days: int) -> None:
    """The portal was down for so long: what it remembers is older by that much."""
    past = timedelta(days=days)
    feed.refresh_from_db()
    Feed.objects.filter(pk=feed.pk).update(
        last_success_at=feed.last_success_at - past, last_new_at=feed.last_success_at - past
    )
    for entry in Entry.objects.filter(feed=feed):
        Entry.objects.filter(pk=entry.pk).update(published_at=entry.published_at - past)


def test_f18_what_left_the_window_in_thirty_days_is_reported_and_nothing_else_is_lost(site, feed):
    away(feed, 30)
    site.feed("/feed", build_rss(posts(1000, 30, step=24 * 30 / 490)))
    site.answer("/feed?paged=2", status(404))
    totals = read(feed)
    archive.fill_gaps(timezone.now(), seconds=60)
    gap = Gap.objects.get()
    assert (totals.new, gap.filled_at) == (30, None)
    assert 440 <= gap.about <= 480  # 460 were lost
    assert Entry.objects.count() == 40


def test_f18_a_wordpress_site_is_paged_back_until_nothing_is_missing(site, feed):
    away(feed, 30)
    missed = posts(1000, 490, step=24 * 30 / 490)
    old = [{**post, "published": post["published"] - timedelta(days=30)} for post in posts(0, 10)]
    every = [*missed, *old]
    site.feed("/feed", build_rss(every[:30]))
    for page in range(2, 18):
        site.answer(f"/feed?paged={page}", ok(build_rss(every[30 * page - 30 : 30 * page])))
    read(feed)
    archive.fill_gaps(timezone.now(), seconds=60)
    assert Gap.objects.get().filled_at is not None
    assert Entry.objects.count() == 500
    assert Entry.objects.filter(is_import=True).count() == 470  # what was paged back is silent


def test_f19_a_gap_in_normal_running_is_on_record_after_one_fetch_and_shortens_the_interval(site, feed):
    before = feed.interval
    away(feed, 2)
    site.feed("/feed", build_rss(posts(1000, 10)))
    read(feed)
    assert Gap.objects.filter(feed=feed, filled_at=None).count() == 1
    assert feed.interval <= before / 4 or feed.interval == 900
    assert feed.next_check_at - timezone.now() < timedelta(seconds=before / 3)


# --- F28: poison ------------------------------------------------------------------------------------

GOOD = build_rss(posts(0, 3))
XML = '<?xml version="1.0"?>'
LAUGHS = (
    XML
    + '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><rss><channel><item><title>&i;</title></item></channel></rss>"
)
EXTERNAL = (
    XML
    + '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&x;</title></item></channel></rss>'
)
POISON = {
    "html": (ok(b"<!doctype html><html><body>Selamat datang</body></html>", "text/html"), "html"),
    "empty": (ok(b""), "empty"),
    "not a feed": (ok(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "not_a_feed"),
    "wrong type": (ok(b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "image/png"), "media_type"),
    "truncated": (truncated(GOOD), "truncated"),
    "endless": (endless(), "too_large"),
    "50 MB": (ok(b"<rss>" + b" " * 50_000_000), "too_large"),
    "gzip bomb": (bomb("gzip", 512_000_000), "too_large"),  # before the ratio shows
    "br bomb": (bomb("br", 64_000_000), "bomb"),
    "zstd bomb": (bomb("zstd", 64_000_000), "bomb"),
    "billion laughs": (ok(LAUGHS.encode()), "entities"),
    "external entity": (ok(EXTERNAL.encode()), "entities"),
    "slow drip": (drip(GOOD, 0.5), "timeout"),
    "metadata address": (redirect(302, "http://169.254.169.254/latest/meta-data/"), "address_refused"),
    "loop": (redirect(302, "/feed"), "redirect_loop"),
}


def test_f28_each_poison_costs_only_its_own_fetch_with_a_reason_in_words(net):
    feeds = {}
    for name, (answer, _code) in POISON.items():
        site = net.site()
        site.answer("/feed", answer)
        feeds[name] = make_feed(site.url("/feed"), make_satker(hostname=site.address))
    site = net.site()
    site.feed("/feed", GOOD)
    good = make_feed(site.url("/feed"), make_satker(hostname=site.address))
    read(*feeds.values(), good)
    assert {name: feed.error_code for name, feed in feeds.items()} == {
        n: code for n, (_, code) in POISON.items()
    }
    assert all(feed.error_message.endswith((".", ")")) for feed in feeds.values())
    assert (good.error_code, Entry.objects.count()) == ("", 3)


def test_f28_an_unusable_entry_is_refused_alone_and_told(site):
    items = [*posts(0, 2), {"title": None, "link": None, "guid": None, "summary": None, "published": None}]
    site.feed("/feed", build_rss(items))
    feed = make_feed(site.url("/feed"), make_satker(hostname=site.address))
    assert read(feed).new == 2
    log = FetchLog.objects.get()
    assert (log.rejected, bool(log.message)) == (1, True)


@pytest.mark.parametrize("claim", [None, "kemarin sore", "30 Februari 2026", "Mon, 32 Nov 2026 25:61:00 GMT"])
def test_f28_an_undatable_post_is_stored_and_marked(site, claim):
    site.feed("/feed", build_rss([{**posts(0, 1)[0], "published": claim}, *posts(1, 2)]))
    feed = make_feed(site.url("/feed"), make_satker(hostname=site.address))
    assert read(feed).new == 3
    assert Entry.objects.get(guid="urn:p:0").date_status in ("missing", "impossible")


# --- F34: our own network, or the central hosting ---------------------------------------------------


@pytest.fixture
def nation(net: SatkerNetwork) -> list[tuple[FaultSite, Feed]]:
    """Thirty sites with a feed each, all read once."""
    sites = [net.site() for _ in range(30)]
    for number, one in enumerate(sites):
        one.feed("/feed", build_rss(posts(0, 2, name=f"s{number}")))
    feeds = [make_feed(one.url("/feed"), make_satker(hostname=one.address)) for one in sites]
    read(*feeds)
    return list(zip(sites, feeds, strict=True))


def test_f34_an_outage_is_one_fact_and_counts_against_no_feed(nation):
    for one, _ in nation:
        one.answer("/feed", reset())
    for _ in range(3):
        read(*(feed for _, feed in nation))
    assert outage.current(timezone.now()) == 30
    assert {feed.error_code for _, feed in nation} == {"outage"}
    assert {feed.failures for _, feed in nation} == {0}
    alarms = [finding for finding in examine() if finding.subject == "feeds" and finding.advice]
    assert [alarm.said for alarm in alarms] == ["hardly any site can be reached (30 feeds)"]


def test_f34_a_few_sites_in_trouble_are_no_outage(nation):
    for one, _ in nation[:5]:
        one.answer("/feed", reset())
    read(*(feed for _, feed in nation))
    assert outage.current(timezone.now()) == 0
    assert [feed.error_code for _, feed in nation[:5]] == ["reset"] * 5


def test_f34_after_an_outage_feeds_come_back_soon_apart_and_few_at_a_time(net, nation, settings):
    for one, _ in nation:
        one.answer("/feed", reset())
    read(*(feed for _, feed in nation))
    due = [feed.next_check_at for _, feed in nation]
    assert len(set(due)) == len(due)
    assert max(due) - timezone.now() < timedelta(seconds=2 * settings.FETCH_MIN_INTERVAL)
    for one, _ in nation:
        one.requests.clear()
        one.answer("/feed", Answer(304, delay=0.1))
    Feed.objects.update(next_check_at=timezone.now())
    totals = pipeline.refresh_due()
    assert (totals.feeds, totals.failed, outage.current(timezone.now())) == (30, 0, 0)
    spans = [(seen.started_at, seen.ended_at) for one, _ in nation for seen in one.requests]
    at_once = [sum(begin <= at < end for begin, end in spans) for at, _ in spans]
    assert max(at_once) <= settings.FETCH_CONCURRENCY == 10
