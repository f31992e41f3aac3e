"""Which posts a channel holds, and what it is called."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.http import QueryDict
from django.test import Client

from aggregator.errors import BadParameter, UnknownValue
from aggregator.models import EntryTopic, Stage, Story, Topic
from feeds import channels
from tests.factories import SEEN, make_entry, make_feed, make_province, make_satker

pytestmark = pytest.mark.django_db


def titles(client: Client, path: str) -> list[str]:
    return [item["title"] for item in json.loads(client.get(path).content)["items"]]


def find(kind: str, key: str = "", query: str = "") -> channels.Channel:
    return channels.find(kind, key, QueryDict(query))


def test_posts_come_in_order_of_release_not_of_publication(client: Client) -> None:
    make_entry("lama, dilepas akhir", published_at=SEEN - timedelta(days=9), released_at=SEEN)
    make_entry("baru", published_at=SEEN - timedelta(hours=1))
    assert titles(client, "/feeds/nasional.json") == ["lama, dilepas akhir", "baru"]


def test_a_story_comes_once_unless_all_are_asked_for(client: Client) -> None:
    story = Story.objects.create()
    make_entry("asal", story=story)
    make_entry("muat ulang", story=story, is_lead=False)
    assert titles(client, "/feeds/nasional.json") == ["asal"]
    assert set(titles(client, "/feeds/nasional.json?semua=1")) == {"asal", "muat ulang"}


def test_an_office_shows_its_copy_of_a_story_that_another_began(client: Client) -> None:
    story = Story.objects.create()
    make_entry("asal", story=story)
    office = make_satker("0101")
    make_entry("muat ulang", story=story, is_lead=False, satker=office)
    assert titles(client, "/feeds/satker/0101.json") == ["muat ulang"]


def test_a_province_shows_a_story_once_although_its_lead_is_elsewhere(client: Client) -> None:
    story = Story.objects.create()
    make_entry("asal di Jawa Timur", story=story)
    bali = make_province("51", "Bali")
    for number in range(3):
        satker = make_satker(province=bali)
        make_entry(f"salinan {number}", story=story, is_lead=False, feed=make_feed(satker=satker))
    assert titles(client, "/feeds/provinsi/bali.json") == ["salinan 0"]
    assert len(titles(client, "/feeds/provinsi/bali.json?semua=1")) == 3
    assert titles(client, "/feeds/cari.json?provinsi=bali") == ["salinan 0"]


def test_a_topic_that_a_person_took_away_does_not_count(client: Client) -> None:
    topic = Topic.objects.create(slug="pdpb", name="PDPB")
    EntryTopic.objects.create(entry=make_entry("ya"), topic=topic)
    EntryTopic.objects.create(entry=make_entry("tidak"), topic=topic, removed=True)
    assert titles(client, "/feeds/topik/pdpb.json") == ["ya"]


def test_outside_the_stages_is_a_channel_too(client: Client) -> None:
    stage = Stage.objects.create(slug="dpt", name="Penetapan DPT", election="pemilu-2024")
    make_entry("dalam", stage=stage, classified_at=SEEN)
    make_entry("luar", classified_at=SEEN)
    make_entry("belum dinilai")
    assert titles(client, "/feeds/tahapan/dpt.json") == ["dalam"]
    assert titles(client, "/feeds/tahapan/non.json") == ["luar"]


@pytest.mark.parametrize("state", ["pending", "held", "withdrawn"])
@pytest.mark.parametrize("path", ["nasional", "provinsi/jawa-timur", "cari", "cari?q=rahasia", "ditarik"])
def test_what_is_not_public_is_in_no_feed(client: Client, state: str, path: str) -> None:
    make_entry(
        "rahasia sekali", summary="rahasia", public=False, state=state, released_at=SEEN, withdrawn_at=SEEN
    )
    address = path.replace("?", ".json?") if "?" in path else f"{path}.json"
    body = client.get(f"/feeds/{address}").content.decode()
    assert "rahasia sekali" not in body
    assert '"items": [\n\n]' in body or path == "ditarik"


def test_a_search_is_a_feed_whose_title_names_the_filters(client: Client) -> None:
    make_province("94", "Papua")
    make_entry("PSU digelar", feed=make_feed(satker=make_satker(province=make_province("94", "Papua"))))
    make_entry("PSU di Jawa Timur")
    body = json.loads(client.get("/feeds/cari.json?q=PSU&provinsi=papua").content)
    assert body["title"] == "Berita KPU: PSU – Papua"
    assert [item["title"] for item in body["items"]] == ["PSU digelar"]


def test_the_order_and_form_of_parameters_make_no_other_channel() -> None:
    make_province("51", "Bali")
    one = find("cari", query="provinsi=bali&q=PSU&urut=relevan")
    other = find("cari", query="q=+PSU+&provinsi=bali&utm_source=x")
    assert one.identifier == other.identifier
    assert one.address("atom") == other.address("atom")


@pytest.mark.parametrize("kind", ["provinsi", "satker", "topik", "tahapan"])
def test_an_unknown_key_is_an_error_that_names_it(kind: str) -> None:
    with pytest.raises(UnknownValue, match="tiada"):
        find(kind, "tiada")


@pytest.mark.parametrize("query", ["semua=2", "semua=ya", "semua=true"])
def test_a_switch_takes_its_words_only(query: str) -> None:
    with pytest.raises(BadParameter, match="semua"):
        find("nasional", query=query)


def test_titles_are_indonesian_whoever_asks(client: Client) -> None:
    body = client.get("/feeds/nasional.json", headers={"Accept-Language": "en"}).content.decode()
    assert "Berita KPU seluruh Indonesia" in body
