"""robots.txt, sitemaps, OpenSearch, security.txt, health."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import DatabaseError
from django.utils import timezone
from lxml import etree

from aggregator.models import Entry, Story
from aggregator.search import engine
from aggregator.search.follow import _begin_anew, follow
from portal.views import health, machines
from tests.factories import make_entry, make_satker

pytestmark = pytest.mark.django_db


def locations(response):
    tree = etree.fromstring(response.content)
    return [node.text for node in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]


def test_the_sitemap_leads_to_every_public_post_and_to_no_other(client, settings):
    public = make_entry("Terbit")
    make_entry("Ditahan", public=False)
    files = locations(client.get("/sitemap.xml"))
    found = [
        address for file in files for address in locations(client.get(file.removeprefix(settings.BASE_URL)))
    ]
    assert settings.BASE_URL + public.get_absolute_url() in found
    assert not any("ditahan" in address for address in found)


def test_the_sitemap_names_each_office(client, settings):
    satker = make_satker()
    found = locations(client.get("/sitemap/halaman.xml"))
    assert settings.BASE_URL + satker.get_absolute_url() in found


def test_posts_are_spread_over_files_of_a_fixed_range_of_numbers(client):
    first = make_entry(pk=5)
    second = make_entry(pk=machines.SITEMAP_IDS + 5)
    assert len(locations(client.get("/sitemap.xml"))) == 3
    assert str(first.pk) in locations(client.get("/sitemap/0.xml"))[0]
    assert f"/{second.pk}/" in locations(client.get("/sitemap/1.xml"))[0]
    assert client.get("/sitemap/2.xml").status_code == 404


NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"


def test_the_news_sitemap_holds_two_days_one_entry_a_story_newest_first(client, settings):
    now = timezone.now()
    story = Story.objects.create()
    new = make_entry("KPU <b>& PDPB</b>\x0b", published_at=now - timedelta(minutes=5), story=story)
    make_entry("Salinan", published_at=now, story=story, is_lead=False)
    older = make_entry("Kemarin", published_at=now - timedelta(hours=47))
    make_entry("Lama", published_at=now - timedelta(hours=49))
    make_entry("Nanti", published_at=now + timedelta(hours=3), date_status="future")
    make_entry("Ditahan", published_at=now, public=False)
    response = client.get("/news-sitemap.xml")
    assert response["Content-Type"] == "application/xml; charset=utf-8"
    assert locations(response) == [settings.BASE_URL + row.get_absolute_url() for row in (new, older)]
    tree = etree.fromstring(response.content)
    assert [node.text for node in tree.iter(f"{NEWS}title")] == ["KPU <b>& PDPB</b>", "Kemarin"]
    assert {node.text for node in tree.iter(f"{NEWS}language")} == {"id"}
    assert all(datetime.fromisoformat(node.text).utcoffset() for node in tree.iter(f"{NEWS}publication_date"))


def test_the_news_sitemap_stays_within_what_is_read(client, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(machines, "MOST_NEWS", 3)
    for _number in range(5):
        make_entry(published_at=timezone.now())
    with django_assert_max_num_queries(2):
        assert len(locations(client.get("/news-sitemap.xml"))) == 3


def test_robots_are_kept_from_endless_searches_and_told_the_sitemap(client, settings):
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /cari?" in text
    assert f"Sitemap: {settings.BASE_URL}/sitemap.xml" in text
    assert f"Sitemap: {settings.BASE_URL}/news-sitemap.xml" in text
    assert "Disallow: /langganan/berhenti/" in text


def test_opensearch_is_well_formed_and_points_to_the_search(client, settings):
    tree = etree.fromstring(client.get("/opensearch.xml").content)
    urls = [node.get("template") for node in tree if node.tag.endswith("Url")]
    assert f"{settings.BASE_URL}/cari?q={{searchTerms}}" in urls


def test_security_txt_has_a_contact_and_expires_within_a_year(client, settings):
    settings.FETCH_USER_AGENT_CONTACT = "aman@kpu.example"
    lines = dict(
        line.split(": ", 1) for line in client.get("/.well-known/security.txt").content.decode().splitlines()
    )
    expires = datetime.fromisoformat(lines["Expires"])
    assert lines["Contact"] == "mailto:aman@kpu.example"
    assert timedelta(days=90) < expires - timezone.now() < timedelta(days=365)


def test_health_needs_no_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").status_code == 200


def test_ready_when_everything_answers(client, monkeypatch):
    monkeypatch.setattr(health, "opened", lambda: None)
    monkeypatch.setattr(health, "current", lambda: None)
    cursor = {"backlog": {"from": [0, 7], "to": [0, 900], "before": None}}  # changes to take in: still ready
    monkeypatch.setattr(health, "read_manifest", lambda _path, **_also: {"cursor": cursor})
    response = client.get("/readyz")
    assert (response.status_code, response.json()["database"]) == (200, "ok")


def test_a_new_node_is_ready_only_when_its_index_is_filled(client):
    make_entry()
    _begin_anew()
    response = client.get("/readyz")
    assert (response.status_code, response.json()["index"]) == (503, "filling")
    follow(once=True)
    assert client.get("/readyz").status_code == 200


def test_not_to_be_ready_is_no_error_in_the_log(client, caplog):
    make_entry()
    _begin_anew()
    assert client.get("/readyz").status_code == 503
    assert not [record for record in caplog.records if record.name == "django.request"]


def test_a_node_that_answers_by_the_index_of_the_release_before_is_ready(client, monkeypatch):
    make_entry()
    follow(once=True)
    monkeypatch.setattr(engine, "SIGNATURE", "of the next release")
    assert client.get("/readyz").status_code == 200


def test_a_full_disk_is_told_of_while_readers_are_still_served(client, monkeypatch):
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _path: SimpleNamespace(free=3_000_000))
    assert client.get("/readyz").json()["disk"] == "3 MB free"


def test_not_ready_and_named_when_the_database_is_away(client, monkeypatch):
    def fail(**_filter):
        raise DatabaseError

    monkeypatch.setattr(health.PortalState.objects, "filter", fail)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] != "ok"


def test_not_ready_and_named_when_there_is_no_index(client):
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["index"].startswith("index")


def test_the_sitemap_of_an_empty_portal_is_valid(client):
    assert not Entry.objects.exists()
    assert locations(client.get("/sitemap/0.xml")) == []
