"""K1–K15 as an officer meets them: what sites answer, what real Chromium then shows, what is decided there.
(K10 and K12 stand in test_staff.py.)"""

from __future__ import annotations

import csv
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as portal_settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.tasks import _sync
from playwright.sync_api import Page

from aggregator import classify, pipeline, registry
from aggregator.models import Entry, Feed, Satker, SatkerHold, Topic
from portal.models import User
from portal.monitoring.alerts import notices, resident, watch
from portal.monitoring.figures import follow, months, polls
from portal.monitoring.models import Alert, FeedDay, Notice
from tests.browser.conftest import agree
from tests.factories import make_entry, make_feed, make_province, make_satker
from tests.portal.monitoring.scenes import (
    NEWS,
    Country,
    case_of,
    feed_at,
    flood,
    make_country,
    open_to,
    poll,
    post,
)
from tests.satker_network import SatkerNetwork, build_rss, redirect, status

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
DAY = timedelta(days=1)


@pytest.fixture
def net(settings) -> Iterator[SatkerNetwork]:
    with SatkerNetwork() as network:
        yield open_to(network, settings)


@pytest.fixture
def country(transactional_db) -> Country:
    return make_country()


@pytest.fixture
def page(browser, live_server, country) -> Iterator[Page]:
    """An admin of KPU RI at the first staff page. How one signs in is shown in test_staff.py."""
    user = User.objects.create_user(
        "ani@kpu.example", "ani@kpu.example", "-", role="admin", is_staff=True, is_superuser=True
    )
    client = Client()
    client.force_login(user)
    key = client.cookies[portal_settings.SESSION_COOKIE_NAME].value
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=live_server.url)
    context.add_cookies([{"name": portal_settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
    page = context.new_page()
    agree(page)
    page.goto("/pantauan")
    yield page
    context.close()


def rows_of(page: Page, place: str = "main table") -> list[list[str]]:
    """The cells of the first table's rows."""
    lines = page.locator(place).first.locator("tbody tr").all()
    return [[cell.strip() for cell in line.locator("th, td").all_inner_texts()] for line in lines]


def read(feed: Feed, **fields: object) -> Feed:
    """A feed as if it had been read a moment ago."""
    now = timezone.now()
    Feed.objects.filter(pk=feed.pk).update(
        **({"last_success_at": now, "first_success_at": now - 400 * DAY} | fields)
    )
    return feed


def by_the_worker(task: Callable[[], object]) -> None:
    """In a thread, because Playwright has an event loop in this one."""

    def run() -> None:
        try:
            task()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def work_off() -> None:
    """What `work` does with the tasks that wait: taken from the broker, done by django-q2's worker, kept by
    its monitor."""
    broker = get_broker()
    for key, package in broker.dequeue() or ():
        _sync(package)
        broker.acknowledge(key)


def fetch_now(page: Page) -> None:
    """Press the button, see it wait, let the worker work. The page asks again once the worker is done: the
    database of tests, in memory, has no room for both at once."""
    page.route("**/hasil?*", lambda route: route.abort())
    page.get_by_role("button", name="Ambil sekarang").click()
    assert "sedang diambil" in page.locator("#hasil").inner_text()
    by_the_worker(work_off)
    page.unroute("**/hasil?*")


# --- who publishes, who is silent -------------------------------------------------------------------


def test_k1_the_silent_of_a_province_oldest_first_and_the_unreadable_apart(page, country):
    now = timezone.now()
    others = [make_satker(f"357{n}", province=country.east_java.province) for n in (2, 3)]
    for satker, days, code in (
        (country.kediri, 45, ""), (others[0], 90, ""), (others[1], 120, "dns"), (country.badung, 99, "")
    ):  # fmt: skip
        feed = read(make_feed(satker=satker), error_code=code)
        make_entry(f"Rapat {satker}", feed=feed, published_at=now - days * DAY)
    follow.follow()
    page.get_by_role("link", name="Laporan", exact=True).click()
    page.get_by_role("link", name="Satker tanpa berita").click()
    page.get_by_label("Provinsi").select_option(label="Jawa Timur")
    page.get_by_role("button", name="Saring").click()
    rows = rows_of(page)
    assert [row[1] for row in rows[:2]] == [others[0].name, country.kediri.name]
    unknown = {row[1] for row in rows[2:]}
    assert others[1].name in unknown
    assert {row[6] for row in rows[2:]} == {"tidak diketahui"}
    assert country.badung.name not in page.locator("main").inner_text()


def test_k2_who_only_reposts(page, country):
    now = timezone.now()
    for satker, origin in ((country.kediri, "central"), (country.badung, "own")):
        feed = read(make_feed(satker=satker))
        for number in range(3):
            make_entry(feed=feed, origin=origin, published_at=now - number * DAY)
    follow.follow()
    page.goto(f"/pantauan/laporan/4?dari={(now - 30 * DAY).date()}")
    assert "1 satker hanya memuat ulang" in page.locator(".head").inner_text()
    assert rows_of(page)[0][1] == country.kediri.name
    assert rows_of(page)[0][10] == "0,0"


def test_k3_two_months_of_provinces_end_at_midnight_in_wib(page, country):
    feed = read(make_feed(satker=country.kediri))
    for at in (datetime(2025, 10, 31, 16, 59, tzinfo=UTC), datetime(2025, 10, 31, 17, 0, tzinfo=UTC)):
        make_entry(feed=feed, origin="own", published_at=at)
    make_entry(feed=feed, origin="central", published_at=datetime(2025, 11, 9, tzinfo=UTC))
    page.goto("/pantauan/aktivitas/banding?bulan=2025-11&dengan=2025-10")
    row = next(row for row in rows_of(page) if row[0] == "Jawa Timur")
    assert row[1:] == ["1", "2", "1", "1", "1", "0", "0", "1", "1"]


def test_k4_the_file_of_the_ranking_is_what_the_screen_shows(page, country):
    topic, last_month = Topic.objects.create(slug="logistik", name="Logistik"), timezone.localdate()
    last_month = last_month.replace(day=1) - DAY
    for satker in (country.east_java, country.kediri, country.badung, country.bali):
        feed = read(make_feed(satker=satker))
        FeedDay.objects.create(feed=feed, day=last_month, polls=9)
        polls.add_up({(feed.pk, months.number(last_month))})
        if satker in (country.east_java, country.kediri):
            at = datetime.combine(last_month, datetime.min.time(), UTC) + timedelta(hours=5)
            make_entry(feed=feed, origin="own", published_at=at).entry_topics.create(topic=topic, score=1)
    follow.follow()
    page.goto("/pantauan/laporan/2")
    shown = rows_of(page)
    places = {row[3]: row[1] for row in shown}
    assert places[country.east_java.name] == places[country.kediri.name] == "1"
    assert places[country.badung.name] == "1"  # with nothing, but listed
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        kept = list(csv.reader(file))[1:]
    assert kept == [["" if cell == "–" else cell.replace(",", ".") for cell in row] for row in shown]


def test_k5_an_archive_counts_in_its_own_time(page, country, net):
    archive = [post(n, f"Arsip {n}", published=datetime(2015, 3, 1 + n, 3, tzinfo=UTC)) for n in range(25)]
    feed_at(net.site(), country.kediri, archive)
    follow.follow()
    page.goto("/pantauan/aktivitas/satker/3571")
    figures = dict(line.split("\n")[:2] for line in page.locator(".figures li").all_inner_texts())
    assert figures["Berita"] == "0"
    page.goto("/pantauan/aktivitas/satker/3571?bulan=2015-03")
    figures = dict(line.split("\n")[:2] for line in page.locator(".figures li").all_inner_texts())
    assert figures["Berita"] == "25"


def test_k6_who_has_not_told_of_the_voter_list_by_the_15th(page, country):
    told = case_of("kpu_titles.jsonl", "k118")
    feed = read(make_feed(satker=country.kediri))
    at = datetime.fromisoformat(told["date"]).replace(hour=5, tzinfo=UTC)
    make_entry(told["title"], feed=feed, origin="own", published_at=at)
    follow.follow()
    page.goto("/pantauan/aktivitas/kewajiban?triwulan=2025-4")
    states = {row[1]: row[5] for row in rows_of(page)}
    assert states[country.badung.name] == "belum ada"
    assert states[country.kediri.name] in ("terpenuhi", "terlambat")
    assert rows_of(page)[-1][6] == told["title"]


# --- posts, sites, feeds ----------------------------------------------------------------------------


def test_k7_an_officer_corrects_a_post_and_the_site_changes_nothing_of_it(page, country, net):
    Topic.objects.create(slug="logistik", name="Logistik")
    site = net.site()
    feed = feed_at(site, country.kediri, [post(1, "KPU Kota Kediri gelar upacara")])
    page.goto("/pantauan/klasifikasi")
    page.get_by_role("link", name="gelar upacara").click()
    page.get_by_text("Betulkan klasifikasi").click()
    page.get_by_label("Topik 1").select_option(label="Logistik")
    form = page.locator("form", has=page.get_by_role("button", name="Simpan topik"))
    form.get_by_label("Alasan").fill("tentang surat suara")
    form.get_by_role("button", name="Simpan topik").click()
    assert "Topik dibetulkan" in page.locator(".told").inner_text()
    site.feed("/feed", build_rss([post(1, "KPU Kota Kediri gelar upacara bendera", "Teks lain.")]))
    by_the_worker(lambda: (poll(feed), classify.classify_new(timezone.now())))
    page.reload()
    assert "gelar upacara bendera" in page.locator("h1").inner_text()
    row = next(row for row in rows_of(page, "#klasifikasi table") if row[0] == "Topik")
    assert row == ["Topik", "Logistik", "petugas"]
    follow.follow()
    page.goto("/pantauan/laporan/5")
    assert rows_of(page)[0][-1] == "1"  # corrected by hand


def test_k8_the_board_adds_up_to_the_registry(page):
    Satker.objects.all().delete()
    registry.load()
    for number, satker in enumerate(Satker.objects.order_by("code")[:50]):
        Satker.objects.filter(pk=satker.pk).update(migration_status=("K1", "K2", "K3", "M", "M!")[number % 5])
    page.get_by_role("link", name="Papan migrasi").click()
    lines = rows_of(page)
    assert [int(line[1]) for line in lines] == [10, 10, 10, 10, 10, 503]
    assert page.locator("tfoot td").first.inner_text() == "553"
    page.get_by_role("link", name="M! ").click()
    assert len(rows_of(page, ".grid.lines table")) == 10


def test_k9_fetching_now_tells_at_once_why_it_failed_and_that_it_works_again(page, country, net):
    """The button, the queue, the worker's own way of doing tasks, and the page that waits for the answer."""
    site = net.site()
    feed = feed_at(site, country.kediri, NEWS)
    site.answer("/feed", status(503))
    page.goto(f"/pantauan/umpan/{feed.pk}")
    fetch_now(page)
    page.get_by_text("Gagal: galat di peladen situs (503)").wait_for()
    page.goto("/pantauan/umpan?keadaan=gagal")
    row = rows_of(page, ".grid.lines table")[0]
    assert (row[3], row[7]) == ("galat di peladen situs (503)", "1")
    assert row[5] != "–"  # last good
    assert row[6] != "–"  # next try
    site.feed("/feed", build_rss(NEWS))
    Feed.objects.filter(pk=feed.pk).update(next_check_at=timezone.now())
    page.goto(f"/pantauan/umpan/{feed.pk}")
    fetch_now(page)
    page.locator("#hasil", has_text="Terbaca dalam").wait_for()
    page.goto("/pantauan/umpan?keadaan=terbaca")
    assert len(rows_of(page, ".grid.lines table")) == 1


def test_k11_news_about_gambling_passes(page, country, net):
    titles = [
        case_of("kpu_titles.jsonl", "k024")["title"],
        case_of("hack_cases.jsonl", "h64")["entry"]["title"],
    ]
    site = net.site()
    feed = feed_at(site, country.kediri, NEWS)
    site.feed("/feed", build_rss([*(post(n, title) for n, title in enumerate(titles, 9)), *NEWS]))
    by_the_worker(lambda: poll(feed))
    page.get_by_role("link", name="Karantina", exact=True).click()
    assert page.locator("main table").count() == 0
    page.goto("/satker/3571/kpu-kota-kediri")
    for title in titles:
        assert page.get_by_text(title).first.is_visible()


def test_k13_a_redirect_elsewhere_is_not_followed_and_alarms_once(page, country, net):
    site, elsewhere = net.site(), net.site()
    feed = feed_at(site, country.kediri, NEWS)
    elsewhere.feed("/rss", build_rss([post(9, "Berita palsu")]))
    site.answer("/feed", redirect(302, elsewhere.url("/rss")))
    for _ in range(3):
        by_the_worker(lambda: (poll(feed), pipeline.derive(), resident.look()))
    assert elsewhere.requests == []
    page.get_by_role("link", name="Peringatan", exact=True).click()
    page.get_by_label("Aturan").select_option(label="host berpindah")
    page.get_by_role("button", name="Saring").click()
    told = [row for row in rows_of(page) if "dialihkan ke host asing" in row[1]]
    assert [row[4] for row in told] == ["1×"]
    assert Notice.objects.filter(subject__contains="dialihkan").count() <= 1


def test_k14_an_election_day_holds_nobody_and_a_lone_burst_its_satker(page, country, net):
    """Every office writes far more than ever (h69), then one alone (h29)."""
    place = make_province("31", "DKI Jakarta")
    offices = [country.kediri, *(make_satker(f"31{n}0", province=place) for n in range(1, 8))]
    sites = [net.site() for _ in offices]
    feeds = [feed_at(site, office, []) for site, office in zip(sites, offices, strict=True)]
    for feed in feeds:
        Feed.objects.filter(pk=feed.pk).update(first_success_at=timezone.now() - 90 * DAY)
        for number in range(30):
            make_entry(feed=feed, published_at=timezone.now() - (3 + number) * DAY)
    for reports in (3, 16):  # the polling stations open, then they count
        for number, site in enumerate(sites):
            its = [row | {"guid": f"urn:{number}:{row['guid']}"} for row in flood(reports)]
            site.feed("/feed", build_rss(its))
        by_the_worker(lambda: poll(*feeds))
    assert Entry.objects.public().filter(public_revision__title__startswith="Hari Pemungutan").count() == 128
    page.get_by_role("link", name="Karantina", exact=True).click()
    assert page.locator("main table").count() == 0
    assert not SatkerHold.objects.exists()
    Entry.objects.filter(first_seen_at__gt=timezone.now() - DAY).update(
        first_seen_at=timezone.now() - 40 * DAY, published_at=timezone.now() - 40 * DAY
    )
    Feed.objects.update(last_new_at=None)
    for feed in feeds:
        feed.fetch_logs.all().delete()
    sites[0].feed("/feed", build_rss([row | {"guid": f"urn:b:{row['guid']}"} for row in flood(60)]))
    by_the_worker(lambda: poll(feeds[0]))
    assert [hold.satker for hold in SatkerHold.objects.all()] == [country.kediri]
    page.goto("/pantauan/satker/3571")
    assert "Kiriman barunya menunggu keputusan." in page.locator("main").inner_text()


def test_k15_one_digest_a_day_with_the_numbers_of_the_dashboard(page, country, settings):
    settings.DIGEST_HOUR = 0
    yesterday = timezone.localdate() - DAY
    feed = read(make_feed(satker=country.kediri))
    at = datetime.combine(yesterday, datetime.min.time(), UTC) + timedelta(hours=5)
    for origin in ("own", "own", "central"):
        make_entry(feed=feed, origin=origin, published_at=at)
    follow.follow()
    for _ in range(3):  # a restart, and another one
        resident.look()
    assert Notice.objects.filter(kind="digest").count() == 1
    page.goto(f"/pantauan/ringkasan?hari={yesterday}")
    letter = Notice.objects.get(kind="digest").body
    shown = page.locator(".letter").inner_text()
    assert shown.strip() == letter.strip()
    page.goto(f"/pantauan/laporan/1?dari={yesterday}&sampai={yesterday}")
    row = rows_of(page)[0]
    assert row[:6] == [yesterday.isoformat(), "1", "5", "3", "2", "1"]
    assert "Berita: 3 (sendiri 2, muat ulang 1" in letter
    page.goto("/pantauan/pemberitahuan")
    assert len([line for line in rows_of(page) if "ringkasan harian" in line[1]]) == 1
    assert watch.due(timezone.now()) == [] or notices.tell([], timezone.now()) == 0
    assert Alert.objects.filter(rule="worker").count() <= 1
