"""Topics and stages have English names and explanations on English pages; feeds stay in Indonesian."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.utils import timezone

from aggregator.models import EntryTopic, Stage, Topic
from tests.factories import make_entry

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def told(module_db):
    call_command("load_registry", verbosity=0)
    topic, stage = Topic.objects.get(name="Logistik"), Stage.objects.filter(name="Masa tenang")[0]
    entry = make_entry(published_at=timezone.now(), stage=stage)
    EntryTopic.objects.create(entry=entry, topic=topic, score=1)
    return entry, topic, stage


def test_pages_about_a_topic_name_and_explain_it_in_english(client, told):
    _entry, topic, _stage = told
    html = client.get(f"/en{topic.get_absolute_url()}").content.decode()
    assert "<h1>Logistics</h1>" in html
    assert "ballot boxes and voting booths" in html
    assert "<h1>Logistik</h1>" in client.get(topic.get_absolute_url()).content.decode()


def test_pages_about_a_stage_name_and_explain_it_in_english(client, told):
    _entry, _topic, stage = told
    html = client.get(f"/en{stage.get_absolute_url()}").content.decode()
    assert "<h1>Quiet period</h1>" in html
    assert "The days without campaigning" in html


@pytest.mark.parametrize(
    "path", ["/en/", "/en/topik", "/en/tahapan", "/en/aktivitas", "/en/cari?topik=logistik", "/en/inspirasi"]
)
def test_no_english_page_shows_an_indonesian_name(client, told, path):
    html = client.get(path).content.decode()
    for subject in (*Topic.objects.all(), *Stage.objects.all()):
        assert f">{subject.name}<" not in html
        assert f">{subject.name} (" not in html


def test_filters_in_force_are_named_in_english(client, told):
    entry, topic, stage = told
    html = client.get(f"/en/cari?topik={topic.slug}&tahapan={stage.slug}").content.decode()
    assert "Logistics" in html
    assert "Quiet period" in html
    assert "Logistics" in client.get(f"/en{entry.get_absolute_url()}").content.decode()


def test_feeds_keep_the_names_that_kpu_gives(client, told):
    _entry, topic, _stage = told
    assert "Logistik" in client.get(f"/feeds/topik/{topic.slug}.rss").content.decode()
