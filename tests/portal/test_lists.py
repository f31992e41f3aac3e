"""Lists and their paging: offices, provinces, topics, stages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from aggregator.models import EntryTopic, Stage, Topic
from portal import lists
from tests.factories import SEEN, make_entries, make_entry, make_feed, make_province, make_satker

pytestmark = pytest.mark.django_db


@pytest.fixture
def empty():
    """An office with its province, a topic and a stage."""
    Topic.objects.create(name="Logistik", slug="logistik")
    Stage.objects.create(name="Kampanye", slug="kampanye", election="pemilu-2024")
    return make_satker(code="3571", name="KPU Kota Kediri", slug="kpu-kota-kediri")


@pytest.fixture
def subjects(empty):
    """All of these with the same 60 posts, several at one instant."""
    feed, topic, stage = make_feed(satker=empty), Topic.objects.get(), Stage.objects.get()
    entries = make_entries(
        {
            "title": f"Kabar {number:02d}.",
            "feed": feed,
            "stage": stage,
            "published_at": SEEN - timedelta(hours=number // 3),
        }
        for number in range(60)
    )
    EntryTopic.objects.bulk_create(EntryTopic(entry=entry, topic=topic) for entry in entries)
    return empty


PAGES = ["/satker/3571/kpu-kota-kediri", "/provinsi/jawa-timur", "/topik/logistik", "/tahapan/kampanye"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_neither_skip_nor_repeat_while_new_posts_arrive(client, subjects, path):
    seen, query = [], ""
    for _page in range(9):
        html = client.get(path + query).content.decode()
        listed = html.partition("</main>")[0].partition('class="side"')[0]
        seen += re.findall(r"Kabar (\d\d)\.", listed)
        make_entry("Baru saja", feed=subjects.feeds.get(), published_at=timezone.now())
        following = re.search(r'rel="next" href="([^"]+)"', html)
        if not following:
            break
        query = following[1].replace("&amp;", "&")
    assert sorted(seen) == [f"{number:02d}" for number in range(60)]


@pytest.mark.parametrize("path", PAGES)
def test_queries_do_not_grow_with_the_list(client, subjects, path, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        client.get(path)


@pytest.mark.parametrize("value", ["x", "1-", "-1", "1-0", f"{10**30}-1", "1-99999999999999999999", "\0"])
@pytest.mark.parametrize("path", PAGES)
def test_a_made_up_anchor_is_refused_by_name(client, empty, path, value):
    response = client.get(path, {"sebelum": value})
    assert response.status_code == 400
    assert "sebelum" in response.content.decode()


@pytest.mark.parametrize("path", ["/satker/9999", "/satker/9999/x", "/provinsi/x", "/topik/x", "/tahapan/x"])
def test_an_unknown_code_is_not_found_and_offers_help(client, path):
    response = client.get(path)
    html = response.content.decode()
    assert response.status_code == 404
    assert 'action="/cari"' in html
    assert path.split("/")[2] in html


@pytest.mark.parametrize("path", ["/satker/3571", "/satker/3571/lain"])
def test_an_office_has_one_address(client, empty, path):
    response = client.get(path)
    assert (response.status_code, response["Location"]) == (301, "/satker/3571/kpu-kota-kediri")


def test_the_directory_finds_an_office_by_part_of_its_name(client):
    make_satker(name="KPU Kota Kediri")
    make_satker(name="KPU Kabupaten Blitar")
    html = client.get("/satker", {"q": "kota kedi"}).content.decode()
    assert "KPU Kota Kediri" in html
    assert "Blitar" not in html


def test_the_directory_shows_when_an_office_last_posted(client):
    make_entry(feed=make_feed(), published_at=SEEN)
    make_satker(name="KPU Kabupaten Sunyi")
    html = client.get("/satker").content.decode()
    assert "20 Nov 2026" in html
    assert "belum ada berita" in html


def test_the_directory_takes_the_same_queries_for_many_offices(client, django_assert_num_queries):
    for _office in range(3):
        make_satker()
    with django_assert_num_queries(2):
        client.get("/satker")
    for _office in range(20):
        make_satker()
    with django_assert_num_queries(2):
        client.get("/satker")


def test_the_directory_as_csv_has_every_office(client):
    make_satker(code="0", name="KPU Republik Indonesia", level="national", province=None)
    make_satker(code="3571")
    rows = client.get("/satker.csv").content.decode().splitlines()
    assert rows[0].startswith("code,name,level,province")
    assert [row.split(",")[0] for row in rows[1:]] == ["0", "3571"]


def test_a_failing_feed_is_said_in_public_words(client):
    satker = make_satker(code="3571", slug="x")
    make_feed(satker=satker, error_code="timeout", failures=3, last_success_at=SEEN)
    html = client.get("/satker/3571/x").content.decode()
    assert "tidak terbaca sejak" in html
    assert "timeout" not in html


def test_a_host_that_was_only_derived_is_not_linked(client):
    make_satker(code="3571", slug="x", hostname="kota-kediri.kpu.go.id", hostname_evidence="pattern")
    assert "https://kota-kediri.kpu.go.id" not in client.get("/satker/3571/x").content.decode()


def test_times_of_a_list_are_in_the_zone_of_each_office(client):
    east = make_satker(timezone="Asia/Jayapura", province=make_province("91", "Papua"))
    make_entry(feed=make_feed(satker=east), published_at=SEEN)
    assert "11.00 WIT" in client.get("/provinsi/papua").content.decode()


def test_a_page_holds_the_stated_number(client, subjects):
    html = client.get("/provinsi/jawa-timur").content.decode()
    assert html.count('<article class="entry">') == lists.PAGE_SIZE
