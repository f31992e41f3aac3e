"""What citizens come for (scenarios W1 to W15; those of the search itself are in tests/aggregator). Titles
are of real posts of KPU offices."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from aggregator.models import Entry, Story
from aggregator.search import follow
from tests.factories import make_entry, make_feed, make_province, make_satker

pytestmark = pytest.mark.django_db


def office(code, name, place=None, **fields):
    place = place or make_province()
    return make_feed(satker=make_satker(code=code, name=name, province=place, slug="kantor", **fields))


@pytest.fixture
def kediri():
    """The city and the regency of one name."""
    return office("3571", "KPU Kota Kediri", kind="kota"), office("3506", "KPU Kabupaten Kediri")


def read(client, path, status=200):
    response = client.get(path)
    assert response.status_code == status, path
    return response.content.decode()


def headlines(html):
    return [
        " ".join(re.sub(r"<[^>]+>", "", title).split()) for title in re.findall(r"<h3>(.*?)</h3>", html, re.S)
    ]


def test_w1_a_city_is_not_mixed_with_its_regency_and_an_empty_answer_shows_ways_out(client, kediri):
    city, regency = kediri
    make_entry("Penetapan DPT Kota Kediri", feed=city)
    make_entry("Penetapan DPT Kabupaten Kediri", feed=regency)
    follow(once=True)
    assert headlines(read(client, "/cari?q=penetapan+DPT&satker=3571")) == ["Penetapan DPT Kota Kediri"]
    html = read(client, "/cari?q=pembukaan+kotak+suara+rusak&satker=3571")
    assert "Belum ada berita untuk saringan ini" in html
    assert "Cari di seluruh provinsi Jawa Timur" in html
    assert "provinsi=jawa-timur" in html


def test_w5_a_province_and_then_an_office_are_chosen_from_lists_and_the_address_keeps_them(client, kediri):
    city, _regency = kediri
    make_entry("Rapat pleno", feed=city)
    html = read(client, "/cari?provinsi=jawa-timur")
    assert re.search(r'name="satker" value="3571"', html)
    html = read(client, "/cari?provinsi=jawa-timur&satker=3571")
    assert re.search(r'name="provinsi" value="jawa-timur" checked', html)
    assert re.search(r'name="satker" value="3571" checked', html)
    assert 'href="?satker=3571"' in html  # the chip that takes the province away


def test_w6_one_office_with_fifty_posts_in_an_hour_leaves_room_for_all_others(client, kediri):
    now = timezone.now()
    for number in range(50):
        make_entry(f"Banjir berita {number}", feed=kediri[0], published_at=now - timedelta(minutes=number))
    others = [office(f"36{number:02d}", f"KPU Kabupaten Lain {number}") for number in range(5)]
    for number, feed in enumerate(others):
        make_entry(f"Kabar lain {number}", feed=feed, published_at=now - timedelta(hours=3))
    shown = headlines(read(client, "/"))
    assert sum(title.startswith("Kabar lain") for title in shown) == 5
    assert sum(title.startswith("Banjir") for title in shown) == 2
    assert "48 berita lain dari KPU Kota Kediri" in read(client, "/")


@pytest.mark.parametrize(
    ("zone", "told"),
    [("Asia/Jakarta", "09.00 WIB"), ("Asia/Makassar", "10.00 WITA"), ("Asia/Jayapura", "11.00 WIT")],
)
def test_w7_every_post_names_its_office_its_time_its_section_and_its_original(client, zone, told):
    feed = office("9171", "KPU Kota Jayapura", make_province("91", "Papua"), timezone=zone)
    at = datetime(2021, 8, 20, 2, 0, tzinfo=UTC)
    entry = make_entry(
        "Audiensi bersama KOMNAS HAM Perwakilan Papua", feed=feed, published_at=at, categories=["Berita"]
    )
    html = read(client, entry.get_absolute_url())
    assert "KPU Kota Jayapura" in html
    assert f"Jumat, 20 Agustus 2021, {told}" in html
    assert "Rubrik di situs asal" in html
    assert f'href="{entry.public_revision.url}"' in html
    assert "Portal tidak menulis" in read(client, "/tentang")


def test_w8_a_release_carried_by_thirty_offices_appears_once_and_its_list_opens(client):
    story = Story.objects.create()
    lead = make_entry(
        "Siaran pers pusat", feed=office("0", "KPU Republik Indonesia"), story=story, carriers=30
    )
    for number in range(30):
        make_entry(
            "Siaran pers pusat",
            feed=office(f"37{number:02d}", f"KPU Daerah {number}"),
            story=story,
            is_lead=False,
        )
    html = read(client, "/")
    assert headlines(html) == ["Siaran pers pusat"]
    assert "Dimuat juga oleh 30 satker" in html
    page = read(client, lead.get_absolute_url())
    assert page.count(">KPU Daerah ") == 30
    assert '<details class="twin"><summary>Tampilkan daftar' in page


def test_w9_an_archive_post_read_today_carries_its_year_and_is_not_shown_as_new(client, kediri):
    old = datetime(2015, 4, 17, 3, 0, tzinfo=UTC)
    entry = make_entry(
        "DAK2 Pilkada Sudah Dapat Diakses Melalui Sidalih",
        feed=kediri[0],
        published_at=old,
        first_seen_at=timezone.now(),
        is_import=True,
    )
    make_entry("Berita hari ini", feed=kediri[1], published_at=timezone.now())
    assert headlines(read(client, "/"))[0] == "Berita hari ini"
    assert "17 Apr 2015" in read(client, "/cari?q=")
    assert "Jumat, 17 April 2015" in read(client, entry.get_absolute_url())


def test_w12_a_post_with_an_impossible_date_says_so_and_stands_where_it_was_first_seen(client, kediri):
    seen = timezone.now() - timedelta(hours=1)
    odd = make_entry(
        "KPU Lobar Hadiri Coffee Morning dan Launching Buku Sengketa Pemilu.",
        feed=kediri[0],
        published_at=seen,
        date_status="impossible",
    )
    make_entry("Sesudahnya", feed=kediri[1], published_at=seen + timedelta(minutes=5))
    make_entry("Sebelumnya", feed=kediri[1], published_at=seen - timedelta(minutes=5))
    html = read(client, "/provinsi/jawa-timur")
    assert [title.split()[0] for title in headlines(html)] == ["Sesudahnya", "KPU", "Sebelumnya"]
    assert "tanggal tidak jelas" in html
    assert "tanggal tidak jelas" in read(client, odd.get_absolute_url())


def test_w14_results_have_headings_labels_and_a_status_that_is_read_aloud(client, kediri):
    """What axe and the keyboard walk cannot see; contrast, 320 px and weight are in tests/browser."""
    make_entry("Rapat pleno", feed=kediri[0])
    html = read(client, "/cari?provinsi=jawa-timur")
    assert len(re.findall(r"<h1[ >]", html)) == 1
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", html)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert 'role="status"' in html
    assert 'aria-label="Cari berita KPU"' in html


@pytest.mark.parametrize("state", ["withdrawn", "held"])
def test_w15_what_was_public_is_gone_neutrally_and_what_never_was_is_not_found(client, kediri, state):
    entry = make_entry(
        "Judul dengan slot gacor", feed=kediri[0], text="bonus slot", url="https://jahat.example/"
    )
    Entry.objects.filter(pk=entry.pk).update(state=state, withdrawn_at=timezone.now())
    never = make_entry("Slot gacor lain", feed=kediri[0], public=False, state="held")
    gone = read(client, entry.get_absolute_url(), 410)
    absent = read(client, f"/berita/{never.pk}", 404)
    for html in (gone, absent, read(client, "/"), read(client, "/ditarik")):
        assert not re.search(r"slot|gacor|jahat", html, re.I)
