"""The feed builder."""

from __future__ import annotations

import pytest

from aggregator.models import Stage, Topic
from tests.factories import make_province, make_satker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _registry():
    make_satker(code="3571")
    make_province("51", "Bali")
    Topic.objects.create(name="Logistik", slug="logistik")
    Stage.objects.create(name="Kampanye", slug="kampanye", election="pemilu-2024")


@pytest.mark.parametrize(
    ("query", "address"),
    [
        ("", "/feeds/nasional.atom"),
        ("provinsi=bali", "/feeds/provinsi/bali.atom"),
        ("satker=3571", "/feeds/satker/3571.atom"),
        ("topik=logistik", "/feeds/topik/logistik.atom"),
        ("tahapan=kampanye", "/feeds/tahapan/kampanye.atom"),
        ("q=kotak+suara", "/feeds/cari.atom?q=kotak+suara"),
        ("provinsi=bali&topik=logistik&q=", "/feeds/cari.atom?provinsi=bali&amp;topik=logistik"),
    ],
)
def test_a_choice_becomes_the_address_of_its_feed(client, settings, query, address):
    html = client.get(f"/langganan?{query}").content.decode()
    assert f">{settings.BASE_URL}{address}<" in html


@pytest.mark.parametrize("query", ["provinsi=atlantis", "satker=x", "topik=x", "tahapan=x"])
def test_an_unknown_choice_is_not_found(client, query):
    assert client.get(f"/langganan?{query}").status_code == 404


def test_what_is_chosen_stays_chosen(client):
    assert '<option value="bali" selected>' in client.get("/langganan?provinsi=bali").content.decode()


@pytest.mark.parametrize(
    "place",
    [
        "/feeds/nasional",
        "/feeds/provinsi/bali",
        "/feeds/tahapan/non",
        "/feeds/ditarik",
        "/feeds/nasional?semua=1",
    ],
)
def test_a_channel_can_be_named_by_its_address(client, settings, place):
    html = client.get("/langganan", {"umpan": place}).content.decode()
    path, _mark, query = place.partition("?")
    assert f">{settings.BASE_URL}{path}.atom{'?' + query if query else ''}<" in html
    assert f'name="umpan" value="{place}"' in html


def test_every_filter_of_a_search_is_carried_along(client, settings):
    query = "q=psu&provinsi=bali&provinsi=jawa-timur&tahapan=non&asal=sendiri&bulan=2026-10&semua=1"
    html = client.get(f"/langganan?{query}").content.decode()
    assert f">{settings.BASE_URL}/feeds/cari.atom?{query.replace('&', '&amp;')}<" in html
    for pair in ("provinsi=jawa-timur", "asal=sendiri", "bulan=2026-10", "semua=1"):
        name, value = pair.split("=")
        assert f'<input type="hidden" name="{name}" value="{value}">' in html


def test_the_page_costs_a_handful_of_queries(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        client.get("/langganan?provinsi=bali&q=x")
