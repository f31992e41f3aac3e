"""What journalists come for, case by case (J1 to J15 of the scenarios; J13, the load of 200
subscribers, is measured by bench/feeds.py)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import feedparser
import pytest
from django.test import Client
from django.utils import timezone
from lxml import etree

from aggregator import decide
from aggregator.clean import clean
from aggregator.decide.record import mark
from aggregator.models import Entry, EntryTopic, Province, Revision, Stage, Story, Topic
from aggregator.records import ParsedEntry, ParsedFeed
from aggregator.screen import screen_pending
from aggregator.search import follow
from feeds import former
from tests.factories import SEEN, make_entry, make_feed, make_province, make_public, make_satker
from tests.feeds.rules import ATOM, CHECKS

pytestmark = pytest.mark.django_db
BASE = "http://127.0.0.1:8000"


@pytest.fixture(params=["database", "index"])
def indexed(request: pytest.FixtureRequest) -> Callable[[], None]:
    """Searches are answered by the database alone, or by the index, brought up to date when called."""
    return (lambda: None) if request.param == "database" else lambda: follow(once=True)


def items(client: Client, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(client.get(path).content)["items"]
    return found


def titles(client: Client, path: str) -> list[str]:
    return [item["title"] for item in items(client, path)]


def atom(client: Client, path: str = "/feeds/nasional.atom") -> list[Any]:
    return list(feedparser.parse(client.get(path).content).entries)


@pytest.fixture
def papua() -> Province:
    """Three posts on PSU in Papua, one of them old, and one elsewhere."""
    place = make_province("94", "Papua", timezone="Asia/Jayapura")
    feed = make_feed(satker=make_satker("9403", province=place, name="KPU Kabupaten Jayapura"))
    now = timezone.now()
    for days, title in ((1, "KPU Papua gelar PSU"), (3, "Logistik PSU Papua tiba"), (30, "PSU Papua lama")):
        make_entry(title, feed=feed, published_at=now - timedelta(days=days))
    make_entry("Tinjau PSU di Pasaman", published_at=now - timedelta(days=1))
    return place


def test_j1_a_search_becomes_a_feed_with_the_same_posts_newest_first(
    client: Client, papua: Province, indexed: Callable[[], None]
) -> None:
    indexed()
    since = f"{timezone.now() - timedelta(days=7):%Y-%m-%d}"
    query = f"q=PSU&provinsi=papua&dari={since}"
    page = client.get(f"/cari?{query}&urut=terbaru").content.decode()
    shown = list(dict.fromkeys(re.findall(r'href="/berita/(\d+)/[^"]*"', page)))
    feed = feedparser.parse(client.get(f"/feeds/cari.atom?{query}").content)
    assert [entry.id.rpartition("/")[2] for entry in feed.entries] == shown
    assert [entry.title for entry in feed.entries] == ["KPU Papua gelar PSU", "Logistik PSU Papua tiba"]
    assert feed.feed.title.startswith("Berita KPU: PSU – Papua – sejak ")


def test_j2_atom_and_rss_are_valid_and_asking_twice_gives_no_new_ids(client: Client, papua: Province) -> None:
    for ending in ("atom", "rss"):
        path = f"/feeds/cari.{ending}?q=PSU&provinsi=papua"
        first = client.get(path).content
        assert CHECKS[ending](first, f"{BASE}{path}") == []
        again = [entry.id for entry in feedparser.parse(client.get(path).content).entries]
        assert [entry.id for entry in feedparser.parse(first).entries] == again
        assert len(set(again)) == 3


def test_j3_every_place_and_subject_has_a_feed_and_one_opml_holds_all_provinces(
    client: Client, papua: Province
) -> None:
    make_province("51", "Bali")
    topic = Topic.objects.create(slug="psu", name="PSU")
    Stage.objects.create(slug="pungut-hitung", name="Pemungutan suara", election="pemilu-2024")
    EntryTopic.objects.create(entry=Entry.objects.earliest("pk"), topic=topic)
    for path in ("provinsi/papua", "satker/9403", "topik/psu", "tahapan/pungut-hitung", "cari"):
        for ending in CHECKS:
            assert client.get(f"/feeds/{path}.{ending}").status_code == 200
    listed = etree.fromstring(client.get("/feeds/provinsi.opml").content)
    feeds = {outline.get("xmlUrl") for outline in listed.iter("outline")}
    slugs = Province.objects.values_list("slug", flat=True)
    assert feeds == {f"{BASE}/feeds/provinsi/{slug}.atom" for slug in slugs}


def test_j4_a_second_fetch_without_a_change_is_304_without_a_body(client: Client, papua: Province) -> None:
    first = client.get("/feeds/nasional.rss")
    for headers in (
        {"If-None-Match": first["ETag"]},
        {"If-Modified-Since": first["Last-Modified"]},
    ):
        again = client.get("/feeds/nasional.rss", headers=headers)
        assert (again.status_code, again.content) == (304, b"")


def test_j5_a_corrected_number_keeps_its_id_with_a_newer_date(client: Client) -> None:
    entry = make_entry("Daftar Pemilih Sementara Hasil Perbaikan NTT 14.016.844")
    (before,) = atom(client)
    title = "Daftar Pemilih Sementara Hasil Perbaikan NTT 4.016.844"
    corrected = Revision.objects.create(entry=entry, number=2, title=title, content_sha256="2")
    make_public(entry, corrected)
    Revision.objects.filter(pk=corrected.pk).update(public_at=SEEN + timedelta(hours=2))
    mark([entry.pk])
    (after,) = atom(client)
    assert (after.id, after.title) == (before.id, title)
    assert after.updated_parsed > before.updated_parsed
    assert after.published == before.published


def test_j6_a_story_of_many_offices_is_one_entry_unless_all_are_asked_for(client: Client) -> None:
    story = Story.objects.create()
    make_entry("Siaran pers pusat", story=story, carriers=30)
    for _number in range(30):
        make_entry("Siaran pers pusat", story=story, is_lead=False)
    assert len(items(client, "/feeds/nasional.json")) == 1
    assert "Dimuat juga oleh 30 satker" in items(client, "/feeds/nasional.json")[0]["tags"]
    assert len(items(client, "/feeds/nasional.json?semua=1")) == 31


def test_j7_of_a_held_office_nothing_leaves_and_what_waited_comes_with_both_times(client: Client) -> None:
    office = make_satker()
    decide.hold_satker(office, "ani", "situs diduga diretas")
    entry = make_entry("Rapat pleno", satker=office, public=False, published_at=SEEN)
    screen_pending(timezone.now())
    assert atom(client) == []
    decide.release_satker(office, "ani", "sudah bersih")
    released = timezone.now()
    screen_pending(released)
    (found,) = atom(client)
    assert found.id.endswith(f"/{entry.pk}")
    assert datetime(*found.published_parsed[:6]) == SEEN.replace(tzinfo=None)  # noqa: DTZ001
    assert abs((datetime(*found.updated_parsed[:6]) - released.replace(tzinfo=None)).total_seconds()) < 5  # noqa: DTZ001


def test_j8_what_is_withdrawn_leaves_every_feed_and_stands_without_text_in_ditarik(client: Client) -> None:
    entry = make_entry("Situs slot gacor", summary="daftar judi", satker=make_satker("3571"))
    paths = ("nasional", "satker/3571", "provinsi/jawa-timur", "cari", "tahapan/non")
    for path in paths:
        client.get(f"/feeds/{path}.atom")
    decide.withdraw_entry(entry, "ani", "diretas")
    for path in paths:
        assert b"gacor" not in client.get(f"/feeds/{path}.atom").content
    body = client.get("/feeds/ditarik.atom").content
    (gone,) = feedparser.parse(body).entries
    assert gone.id.endswith(f":berita/{entry.pk}")
    assert gone.updated_parsed
    assert not any(word in body.decode() for word in ("gacor", "judi", entry.url))


@pytest.mark.parametrize(
    "path",
    ["provinsi/atlantis.atom", "satker/0.rss", "topik/tiada.json", "tahapan/x.atom", "cari.atom?provinsi=x"],
)
def test_j9_an_unknown_filter_is_404_with_help(client: Client, path: str) -> None:
    response = client.get(f"/feeds/{path}")
    assert response.status_code == 404
    assert f"{BASE}/langganan" in response.content.decode()


@pytest.mark.parametrize("ending", CHECKS)
def test_j10_no_result_is_a_valid_feed_with_its_title(client: Client, ending: str) -> None:
    path = f"/feeds/cari.{ending}?q=tidakadaberitanya"
    response = client.get(path)
    assert CHECKS[ending](response.content, f"{BASE}{path}") == []
    assert "Berita KPU: tidakadaberitanya" in response.content.decode()


def test_j11_an_entry_names_its_office_with_its_page_and_its_subjects(client: Client) -> None:
    stage = Stage.objects.create(slug="dpt", name="Penetapan DPT", election="pemilu-2024")
    office = make_satker("3571", name="KPU Kota Kediri", hostname_evidence="seen")
    entry = make_entry("DPT ditetapkan", satker=office, stage=stage, categories=["Pengumuman"])
    EntryTopic.objects.create(entry=entry, topic=Topic.objects.create(slug="dpt", name="Daftar pemilih"))
    (found,) = atom(client)
    assert found.author_detail.name == "KPU Kota Kediri"
    assert found.author_detail.href == f"https://{office.hostname}/"
    assert found.link == entry.url
    labels = {(tag.scheme.rpartition("8000")[2], tag.label) for tag in found.tags}
    assert labels == {
        ("/provinsi", "Jawa Timur"),
        ("/topik", "Daftar pemilih"),
        ("/tahapan", "Penetapan DPT"),
        ("/satker/3571", "Pengumuman"),
    }


DIRTY = (
    '<p>Isi <a href="/blog/read/7">tautan</a><img src="https://pelacak.example/1.gif" width=1 height=1></p>'
    '<script>alert(1)</script><iframe src="https://x.example/"></iframe><p onclick="x()" style="x">Akhir</p>'
)


def test_j12_full_texts_carry_no_script_no_picture_of_others_and_no_relative_link(client: Client) -> None:
    raw = ParsedFeed("rss20", entries=(ParsedEntry(guid="1", title="Rapat", content=DIRTY),))
    url = "https://kab-contoh.kpu.go.id/feed"
    (cleaned,) = clean(raw, url=url, now=SEEN, timezone="Asia/Jakarta").entries
    make_entry(content_html=cleaned.content_html)
    body = items(client, "/feeds/nasional.json?isi=penuh")[0]["content_html"]
    assert 'href="https://kab-contoh.kpu.go.id/blog/read/7"' in body
    assert "Akhir" in body
    for ending in CHECKS:
        text = client.get(f"/feeds/nasional.{ending}?isi=penuh").content.decode()
        assert not re.search(r"(<|&lt;)(script|img|iframe)|onclick|style=|pelacak|x\.example", text)


def test_j14_a_newsroom_that_was_away_for_thirty_days_fills_its_gap_completely(client: Client) -> None:
    feed = make_feed()
    now = timezone.now()
    made = [
        make_entry(f"Berita {number}", feed=feed, published_at=now - timedelta(hours=3 * number)).pk
        for number in range(32 * 8)
    ]
    known = set(made[30 * 8 :])  # what the newsroom had when it left
    met: set[int] = set()
    address, documents = "/feeds/nasional.atom", 0
    while address and not met & known:
        root = etree.fromstring(client.get(address).content)
        met |= {int((x.text or "").rpartition("/")[2]) for x in root.findall(f"{ATOM}entry/{ATOM}id")}
        links = {x.get("rel"): x.get("href") or "" for x in root.findall(f"{ATOM}link")}
        address = links.get("prev-archive", "").removeprefix(BASE)
        documents += 1
    assert set(made) - known <= met
    assert documents < 20


def test_j15_the_old_address_of_a_renamed_topic_leads_to_the_new_one(client: Client) -> None:
    topic = Topic.objects.create(slug="dpb", name="DPB")
    EntryTopic.objects.create(entry=make_entry("Rekapitulasi"), topic=topic)
    former.remember()
    Topic.objects.filter(pk=topic.pk).update(slug="pdpb")
    for path in ("topik/dpb.{}", "topik/dpb.{}?semua=1", "cari.{}?topik=dpb"):
        for ending in CHECKS:
            response = client.get(f"/feeds/{path.format(ending)}")
            assert response.status_code == 301
            assert titles(client, response["Location"].replace(ending, "json", 1)) == ["Rekapitulasi"]
