"""Lists of feeds, for readers to import at once."""

from __future__ import annotations

import pytest
from django.test import Client
from lxml import etree

from aggregator.models import SatkerHold, Stage, Topic
from feeds import opml
from tests.factories import make_feed, make_province, make_satker

pytestmark = pytest.mark.django_db


def outlines(body: bytes) -> list[etree._Element]:
    root = etree.fromstring(body)
    assert root.tag == "opml"
    assert root.get("version") == "2.0"
    assert root.findtext("head/title")
    found = list(root.iter("outline"))
    assert all((x.get("text") or "").strip() for x in found)
    return [x for x in found if x.get("xmlUrl")]


def test_every_office_stands_under_its_province(client: Client) -> None:
    bali = make_province("51", "Bali")
    make_satker("5101", province=bali, name="KPU Kabupaten Jembrana")
    make_satker("9999", level="national", name="KPU RI")
    found = {x.get("text"): x for x in outlines(client.get("/feeds/satker.opml").content)}
    office = found["KPU Kabupaten Jembrana"]
    assert office.get("xmlUrl") == "http://127.0.0.1:8000/feeds/satker/5101.atom"
    assert office.get("type") == "rss"
    assert (office.get("htmlUrl") or "").startswith("http://127.0.0.1:8000/satker/5101/")
    parent = office.getparent()
    assert parent is not None
    assert parent.get("text") == "Bali"
    assert "KPU RI" in found


@pytest.mark.parametrize("kind", ["provinsi", "topik", "tahapan"])
def test_provinces_topics_and_stages_have_lists_too(client: Client, kind: str) -> None:
    make_province("51", "Bali")
    Topic.objects.create(slug="pdpb", name="PDPB")
    Stage.objects.create(slug="dpt", name="Penetapan DPT", election="pemilu-2024")
    response = client.get(f"/feeds/{kind}.opml")
    assert response["Content-Type"] == "text/x-opml; charset=utf-8"
    for outline in outlines(response.content):
        path = (outline.get("xmlUrl") or "").removeprefix("http://127.0.0.1:8000")
        assert client.get(path).status_code == 200


def test_the_list_of_what_we_read_names_the_sites_own_feeds() -> None:
    feed = make_feed("https://kab-a.kpu.go.id/feed", title="A & B")
    make_feed("https://kab-b.kpu.go.id/feed", state="disabled")
    found = outlines(opml.inbound())
    assert [(x.get("text"), x.get("xmlUrl")) for x in found] == [("A & B", feed.url)]


def test_one_list_holds_every_feed_of_the_portal(client: Client) -> None:
    make_satker("5101", province=make_province("51", "Bali"))
    Topic.objects.create(slug="pdpb", name="PDPB")
    Stage.objects.create(slug="dpt", name="Penetapan DPT", election="pemilu-2024")
    paths = {
        (x.get("xmlUrl") or "").removeprefix("http://127.0.0.1:8000/feeds/")
        for x in outlines(client.get("/feeds/semua.opml").content)
    }
    wanted = (
        "nasional",
        "ditarik",
        "provinsi/bali",
        "satker/5101",
        "topik/pdpb",
        "tahapan/dpt",
        "tahapan/non",
    )
    assert {f"{path}.atom" for path in wanted} == paths
    assert all(client.get(f"/feeds/{path}").status_code == 200 for path in paths)


def test_the_sites_of_held_offices_are_not_recommended(client: Client) -> None:
    feed = make_feed("https://kab-a.kpu.go.id/feed")
    held = make_feed("https://kab-b.kpu.go.id/feed")
    SatkerHold.objects.create(satker=held.satker, reason="diretas", started_by="x")
    found = outlines(client.get("/feeds/situs.opml").content)
    assert [x.get("xmlUrl") for x in found] == [feed.url]


def test_a_list_is_304_when_nothing_changed(client: Client) -> None:
    make_satker()
    tag = client.get("/feeds/satker.opml")["ETag"]
    assert client.get("/feeds/satker.opml", headers={"If-None-Match": tag}).status_code == 304


def test_a_list_of_all_offices_costs_one_query(client: Client, django_assert_max_num_queries) -> None:
    for _number in range(10):
        make_satker()
    with django_assert_max_num_queries(3):
        client.get("/feeds/satker.opml")
