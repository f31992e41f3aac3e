"""Every channel in every format by the rules of its format, whatever the posts say."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser
import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.models import EntryTopic, Picture, PortalState, Stage, Story
from aggregator.models import Topic as TopicRow
from feeds import channels, documents, render, windows
from feeds.items import Facts, Topic, fit
from feeds.media import files, picture
from feeds.views import WRITERS
from tests.factories import SEEN, make_entry, make_feed, make_province, make_satker
from tests.feeds.rules import ATOM, CHECKS

pytestmark = pytest.mark.django_db
BASE = "http://127.0.0.1:8000"
ADDRESSES = (
    *("nasional", "provinsi/jawa-timur", "satker/3571", "topik/pdpb", "tahapan/dpt", "tahapan/non"),
    *("cari", "cari?provinsi=jawa-timur&topik=pdpb", "cari?q=pleno", "ditarik"),
)


@pytest.fixture
def posts() -> None:
    office = make_satker("3571", name="KPU Kota Kediri", hostname_evidence="seen")
    topic = TopicRow.objects.create(slug="pdpb", name="PDPB")
    stage = Stage.objects.create(slug="dpt", name="Penetapan DPT", election="pemilu-2024")
    for number in range(3):
        entry = make_entry(
            f"Rapat pleno ke-{number} & <em>hasilnya</em>",
            satker=office,
            stage=stage if number else None,
            classified_at=SEEN,
            carriers=number,
            summary="Ringkasan <b>pleno</b> & lainnya.",
            content_html='<p>Teks <a href="https://kpu.go.id/">lengkap</a></p>',
            author="Humas",
            categories=["Berita", "", "Pleno & DPT"],
            enclosures=[
                {"url": "https://kpu.go.id/dpt.pdf", "media_type": "application/pdf", "length": 12345},
                {"url": "https://kpu.go.id/lampiran", "media_type": "Bukan Jenis", "length": None},
                {"url": "javascript:alert(1)", "media_type": "text/html", "length": 1},
            ],
        )
        if number:
            Picture.objects.create(entry=entry, name="abc", width=640, height=400, tried_at=SEEN)
        EntryTopic.objects.create(entry=entry, topic=topic, score=1)
    make_entry(satker=office, public=False, state="withdrawn", released_at=SEEN, withdrawn_at=SEEN)


def with_ending(address: str, ending: str, extra: str = "") -> str:
    path, _mark, query = address.partition("?")
    tail = "&".join(part for part in (query, extra) if part)
    return f"/feeds/{path}.{ending}" + (f"?{tail}" if tail else "")


@pytest.mark.parametrize("ending", CHECKS)
@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("extra", ["", "isi=penuh"])
def test_every_channel_is_valid_in_every_format(
    client: Client, posts: None, address: str, ending: str, extra: str
) -> None:
    path = with_ending(address, ending, extra)
    response = client.get(path)
    assert response.status_code == 200
    assert CHECKS[ending](response.content, f"{BASE}{path}") == []


@pytest.mark.parametrize("ending", CHECKS)
def test_an_empty_channel_is_a_valid_feed_of_its_own_name_and_a_date_that_stays(
    client: Client, ending: str
) -> None:
    make_satker("3571", name="KPU Kota Kediri")
    response = client.get(f"/feeds/satker/3571.{ending}")
    assert CHECKS[ending](response.content, f"{BASE}/feeds/satker/3571.{ending}") == []
    text = response.content.decode()
    assert "Berita KPU Kota Kediri" in text
    assert "2026-01-01" in text or "01 Jan 2026" in text


def test_what_a_post_says_comes_back_through_feedparser(client: Client, posts: None) -> None:
    for ending in ("atom", "rss"):
        feed = feedparser.parse(client.get(f"/feeds/satker/3571.{ending}?isi=penuh").content)
        assert not feed.bozo
        entry = feed.entries[0]
        assert entry.link.startswith("https://")
        assert entry.author == "KPU Kota Kediri"
        assert "lengkap</a>" in entry.content[-1].value
        assert entry.published_parsed[:4] == (2026, 11, 20, 2)
        assert {"Jawa Timur", "PDPB", "Penetapan DPT", "Dimuat juga oleh 2 satker"} <= {
            tag.label or tag.term for tag in entry.tags
        }


def test_an_entry_names_its_office_its_source_and_its_page_here(client: Client, posts: None) -> None:
    feed = etree.fromstring(client.get("/feeds/satker/3571.atom").content)
    entry = feed.find(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "KPU Kota Kediri"
    assert entry.findtext(f"{ATOM}author/{ATOM}uri").startswith("https://kab-contoh")
    links = {link.get("rel", "alternate"): link.get("href") for link in entry.findall(f"{ATOM}link")}
    assert links["alternate"].startswith("https://kab-contoh")
    assert links["related"].startswith(f"{BASE}/berita/")
    source = entry.find(f"{ATOM}source")
    assert source.findtext(f"{ATOM}id").startswith("https://kab-contoh")
    assert source.findtext(f"{ATOM}title") == "KPU Kota Kediri"


def test_picture_attachments_and_rights_come_with_an_entry(client: Client, posts: None) -> None:
    pk = Picture.objects.latest("pk").pk
    picture = {"url": f"{BASE}/gambar/{pk}/abc.webp", "medium": "image", "width": "640", "height": "400"}
    for ending in ("atom", "rss"):
        feed = feedparser.parse(client.get(f"/feeds/satker/3571.{ending}").content)
        entry = next(one for one in feed.entries if one.id.endswith(f"/{pk}"))
        assert picture.items() <= entry.media_content[0].items()
        files = {file.href: (file.type, int(file.get("length", 0))) for file in entry.enclosures}
        assert files["https://kpu.go.id/dpt.pdf"] == ("application/pdf", 12345)
        assert entry.rights == "Isi milik KPU Kota Kediri. Boleh dikutip dengan menyebut sumbernya."
        assert not any("javascript" in href for href in files)
    items = json.loads(client.get("/feeds/satker/3571.json").content)["items"]
    item = next(one for one in items if one["id"].endswith(f"/{pk}"))
    assert item["image"] == picture["url"]
    assert item["attachments"] == [
        {"url": "https://kpu.go.id/dpt.pdf", "mime_type": "application/pdf", "size_in_bytes": 12345},
        {"url": "https://kpu.go.id/lampiran", "mime_type": "application/octet-stream"},
    ]


def test_a_picture_that_comes_later_changes_the_feed_but_not_the_date_of_the_entry(client: Client) -> None:
    entry = make_entry()
    before = client.get("/feeds/nasional.json")
    Picture.objects.create(entry=entry, name="abc", width=640, height=400, tried_at=SEEN + timedelta(hours=1))
    PortalState.bump()
    after = client.get("/feeds/nasional.json")
    assert after["ETag"] != before["ETag"]
    assert after["Last-Modified"] > before["Last-Modified"]
    one, other = (json.loads(x.content)["items"][0] for x in (before, after))
    assert one["date_modified"] == other["date_modified"]
    assert other["image"].endswith("/abc.webp")


def test_the_excerpt_is_given_unless_the_whole_text_is_asked_for(client: Client, posts: None) -> None:
    short = json.loads(client.get("/feeds/satker/3571.json").content)["items"][0]
    whole = json.loads(client.get("/feeds/satker/3571.json?isi=penuh").content)["items"][0]
    assert short["content_text"] == "Ringkasan <b>pleno</b> & lainnya."
    assert "content_html" not in short
    assert whole["content_html"].startswith("<p>Teks <a")


def test_a_post_without_an_address_of_its_own_leads_to_its_page_here(client: Client) -> None:
    make_entry(url="")
    item = json.loads(client.get("/feeds/nasional.json").content)["items"][0]
    assert item["url"].startswith(f"{BASE}/berita/")


def test_the_page_of_an_entry_is_named_as_the_portal_names_it(client: Client) -> None:
    entry = make_entry("KPU “Kota” Kediri: DPT 2024/2025!")
    item = json.loads(client.get("/feeds/nasional.json").content)["items"][0]
    assert item["_kpu"]["page"] == f"{BASE}{entry.get_absolute_url()}"


TEXTS = st.text(st.characters(codec=None), max_size=60)
DATES = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
WEB = st.sampled_from(
    [
        "",
        "javascript:alert(1)",
        "https://kpu.go.id/a bé",
        "https://kpu.go.id/a",
        "https://xn--c1yn36f.id/?a=1&b=2",
        "http://127.0.0.1:8000/berita/1",
    ]
)
FACTS = st.builds(
    lambda title, summary, byline, office, at, later, url, labels: Facts(
        entry_id=7,
        url=url,
        published_at=at,
        carriers=len(labels),
        revision_id=9,
        public_at=at + later,
        revision_url="",
        title=title,
        author=byline,
        summary=summary,
        labels=tuple(labels),
        language="id",
        code="3571",
        slug="kpu",
        satker=fit(office).strip() or "KPU",
        hostname="",
        evidence="pattern",
        province_slug="bali",
        province="Bali",
        stage_slug=None,
        stage=None,
        feed_url="https://kpu.go.id/feed",
        changed_at=at,
        topics=(Topic("pdpb", "PDPB"),),
        files=files([{"url": url, "media_type": byline, "length": len(labels)}, {"url": title}]),
        picture=picture(7, "abc" if labels else "", 640, 400),
    ),
    *(TEXTS, TEXTS, TEXTS, TEXTS, DATES, st.timedeltas(timedelta(-9), timedelta(9)), WEB),
    st.lists(TEXTS, max_size=3),
)


@pytest.mark.parametrize("ending", CHECKS)
@given(facts=FACTS, html=TEXTS)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_post_gives_a_well_formed_and_valid_feed(
    ending: str, facts: Facts, html: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "bodies", lambda _ids: {9: fit(html)})
    monkeypatch.setattr(render, "texts", lambda _ids: {9: html})
    render.fragments.clear()
    for full in (False, True):
        document = documents.Document(channels.nation(), windows.Window([7]), [facts], full)
        body = WRITERS[ending](document)
        tail = "?isi=penuh" if full else ""
        assert CHECKS[ending](body, f"{BASE}/feeds/nasional.{ending}{tail}") == []


@given(text=TEXTS)
@example("a\x00b\x0bc\x1fd\x7fe\ud800f\ufffeg\uffffh")
def test_no_text_can_break_the_xml(text: str) -> None:
    element = etree.Element("x")
    element.text = fit(text)
    assert etree.fromstring(etree.tostring(element)) is not None


def test_a_story_says_how_many_carry_it(client: Client) -> None:
    story = Story.objects.create()
    make_entry(story=story, carriers=3)
    make_entry(story=story, is_lead=False)
    items: list[dict[str, Any]] = json.loads(client.get("/feeds/nasional.json").content)["items"]
    assert [item["_kpu"]["carriers"] for item in items] == [3]


def test_two_offices_of_a_province_make_one_feed(client: Client) -> None:
    place = make_province("51", "Bali")
    for _number in range(2):
        make_entry(feed=make_feed(satker=make_satker(province=place)))
    make_entry()
    assert len(json.loads(client.get("/feeds/provinsi/bali.json").content)["items"]) == 2
