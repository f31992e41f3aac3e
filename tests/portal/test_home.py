"""The front page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from aggregator.models import Entry, Stage
from portal import lists
from tests.factories import make_entry, make_feed, make_province, make_satker

pytestmark = pytest.mark.django_db


def page(client, path="/", status=200):
    response = client.get(path)
    assert response.status_code == status
    return response.content.decode()


def test_an_empty_portal_says_that_there_is_no_news_yet(client):
    assert "Belum ada berita" in page(client)


def test_the_newest_story_comes_first(client):
    now = timezone.now()
    make_entry("Berita lama", published_at=now - timedelta(hours=2))
    make_entry("Berita baru", published_at=now - timedelta(hours=1))
    html = page(client)
    assert html.index("Berita baru") < html.index("Berita lama")


def test_a_satker_with_fifty_posts_does_not_fill_the_page(client):
    now = timezone.now()
    flood = make_feed()
    for number in range(50):
        make_entry(f"Banjir {number}", feed=flood, published_at=now - timedelta(minutes=number))
    make_entry("Satu dari kantor lain", published_at=now - timedelta(hours=9))
    html = page(client)
    assert html.count(">Banjir ") == lists.PER_SATKER
    assert "48 berita lain dari" in html
    assert "Satu dari kantor lain" in html


def test_a_flood_beyond_the_window_still_leaves_room_for_others():
    now = timezone.now()
    flood = make_feed()
    for number in range(lists.WINDOW + 5):
        make_entry(f"Banjir {number}", feed=flood, published_at=now - timedelta(minutes=number))
    other = make_entry("Lain", published_at=now - timedelta(days=9))
    shown = lists.newest_folded(Entry.objects.public())
    assert shown[-1].entry == other
    assert shown[-2].folded == lists.WINDOW + 5 - lists.PER_SATKER


def test_what_is_not_public_is_not_shown(client):
    make_entry("Masih menunggu", public=False)
    make_entry("Sedang ditahan", state="held", public=False)
    html = page(client)
    assert "Masih menunggu" not in html
    assert "Sedang ditahan" not in html


def test_todays_posts_are_counted_by_province(client):
    bali = make_province("51", "Bali", tile_row=5, tile_col=7, abbr="BA")
    feed = make_feed(satker=make_satker(province=bali))
    make_entry(feed=feed, published_at=timezone.now())
    make_entry(feed=feed, published_at=timezone.now() - timedelta(days=3))
    assert 'aria-label="Bali: 1 berita"' in page(client)


def test_a_province_that_was_never_read_is_unknown_not_zero(client):
    make_province("95", "Papua Pegunungan", tile_row=2, tile_col=14, abbr="PE")
    make_feed(satker=make_satker(), first_success_at=timezone.now())
    html = page(client)
    assert "Papua Pegunungan: tidak diketahui" in html
    assert "Jawa Timur: 0 berita" in html


def test_an_impossible_date_is_said_and_not_counted_today(client):
    make_entry("Tanggalnya kacau", date_status="impossible", published_at=timezone.now())
    html = page(client)
    assert "tanggal tidak jelas" in html
    assert "belum ada berita." in html


def test_an_undated_post_of_a_first_import_does_not_pass_for_news(client):
    make_entry("Dari arsip", date_status="missing", is_import=True, published_at=timezone.now())
    make_entry("Baru muncul", date_status="missing", published_at=timezone.now())
    html = page(client)
    assert "Dari arsip" not in html
    assert "Baru muncul" in html


def test_a_folded_release_names_how_many_carry_it(client):
    make_entry("Siaran pusat", carriers=30)
    assert "Dimuat juga oleh 30 satker" in page(client)


def test_carriers_of_a_story_are_not_listed_beside_its_lead(client):
    make_entry("Siaran pusat", carriers=1)
    make_entry("Siaran pusat, dimuat daerah", is_lead=False)
    assert "dimuat daerah" not in page(client)


def test_between_elections_the_calendar_says_so(client):
    today = timezone.localdate()
    Stage.objects.create(slug="lalu", name="Kampanye", election="pemilu-2024", end=today - timedelta(days=9))
    assert "Di luar tahapan pemilu" in page(client)


def test_a_running_stage_is_named(client):
    today = timezone.localdate()
    Stage.objects.create(slug="kini", name="Masa kampanye", election="pemilu-2029", start=today, end=today)
    html = page(client)
    assert "Tahapan yang sedang berjalan" in html
    assert "Masa kampanye" in html


def test_the_number_of_queries_does_not_grow_with_the_news(client, django_assert_num_queries):
    def fill(count):
        for number in range(count):
            make_entry(f"Berita {number}", published_at=timezone.now() - timedelta(minutes=number))

    fill(3)
    client.get("/")  # lists of the registry are read once in a while
    with django_assert_num_queries(QUERIES):
        client.get("/")
    fill(30)
    client.get("/")
    with django_assert_num_queries(QUERIES):
        client.get("/")


QUERIES = 7


def test_demo_pages_carry_a_banner(client, settings):
    settings.DEMO = True
    assert "Data peragaan" in page(client)
    settings.DEMO = False
    assert "Data peragaan" not in page(client)


def test_before_anybody_has_published_today_the_map_shows_yesterday(client):
    make_entry(published_at=timezone.now() - timedelta(days=1))
    html = page(client)
    assert "Kemarin di tiap provinsi" in html
    make_entry(published_at=timezone.now())
    assert "Hari ini di tiap provinsi" in page(client, "/?q=segar")
