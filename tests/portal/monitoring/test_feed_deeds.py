"""What an officer asks of a feed is done by the worker, recorded, and its result told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django_q.conf import Conf
from django_q.models import Task

from aggregator import pipeline
from aggregator.models import Entry, Feed, FetchLog, RawFeed
from portal.monitoring.models import AuditRow
from tests.factories import make_feed
from tests.satker_network import FaultSite, SatkerNetwork, build_rss

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(settings) -> Iterator[FaultSite]:
    with SatkerNetwork() as net:
        settings.FETCH_ALLOWED_NETWORKS = ("127.0.0.0/8",)
        settings.FETCH_ALLOWED_PORTS = (net.port,)
        settings.FETCH_HOST_SPACING = 0
        settings.PARSE_PROCESSES = 1
        yield net.site()


@pytest.fixture
def feed(site, country, monkeypatch) -> Feed:
    """Read twice: two bodies are kept, each of an attempt of its own."""
    monkeypatch.setattr(Conf, "SYNC", True)
    found = make_feed(site.feed("/feed", build_rss([_post(1)])), satker=country.kediri)
    pipeline.refresh_feeds([found.pk])
    site.feed("/feed", build_rss([_post(2)]))
    pipeline.refresh_feeds([found.pk])
    return found


def _post(number: int) -> dict[str, object]:
    return {
        "guid": f"urn:p:{number}",
        "title": f"KPU gelar rapat pleno ke-{number}",
        "link": f"https://situs.example/{number}",
        "published": datetime(2026, 11, number, 2, tzinfo=UTC),
    }


def test_every_kept_attempt_offers_its_raw_feed_to_be_read_again(feed, as_role):
    FetchLog.objects.create(feed=feed, started_at=feed.created_at, outcome="failed", error_code="dns")
    page = as_role("admin").get(f"/pantauan/umpan/{feed.pk}")
    kept = [raw for _row, _words, raw in page.context["attempts"]]
    assert kept == [None, *RawFeed.objects.order_by("-received_at").values_list("pk", flat=True)]
    assert page.content.decode().count('name="mentah"') == 2
    assert "tersimpan" in as_role("satker").get(f"/pantauan/umpan/{feed.pk}").content.decode()


def test_a_page_that_waits_for_a_fetch_asks_from_the_attempt_on_it_was_told(feed, as_role):
    page = as_role("admin").get(f"/pantauan/umpan/{feed.pk}?menunggu=4001").content.decode()
    assert f'data-live="/pantauan/umpan/{feed.pk}/hasil?sejak=4001"' in page


def test_reading_one_attempt_again_tells_what_it_brought_and_is_recorded(feed, as_role):
    Entry.objects.filter(guid="urn:p:1").update(public_revision=None)
    Entry.objects.get(guid="urn:p:1").delete()
    client, oldest = as_role("admin"), RawFeed.objects.order_by("received_at").first()
    answer = client.post(f"/pantauan/umpan/{feed.pk}/tindakan", {"lakukan": "ulang", "mentah": oldest.pk})
    task = answer.headers["Location"].partition("tugas=")[2].partition("#")[0]
    told = client.get(f"/pantauan/umpan/{feed.pk}/hasil", {"tugas": task}).json()
    assert told == {"done": True, "words": "1 isi dibaca: 1 baru, 0 berubah, 0 tetap, 0 gagal."}
    row = AuditRow.objects.get(action="feed.replay")
    assert (row.actor, row.details["sha256"]) == ("admin@kpu.example", oldest.sha256)
    assert Entry.objects.get(guid="urn:p:1").state == "public"


def test_the_result_of_a_task_is_told_on_its_own_feed_alone(feed, as_role, country):
    client, other = as_role("admin"), make_feed(satker=country.badung)
    client.post(f"/pantauan/umpan/{feed.pk}/tindakan", {"lakukan": "ulang"})
    task = Task.objects.get()
    assert client.get(f"/pantauan/umpan/{feed.pk}/hasil", {"tugas": task.pk}).json()["done"]
    told = client.get(f"/pantauan/umpan/{other.pk}/hasil", {"tugas": task.pk}).json()
    assert told == {"done": False, "words": ""}
    assert as_role("satker").get(f"/pantauan/umpan/{other.pk}/hasil", {"tugas": task.pk}).status_code == 404


def test_a_raw_feed_of_another_feed_does_not_exist_here(feed, as_role, country):
    other = make_feed(satker=country.badung)
    raw = RawFeed.objects.first()
    answer = as_role("admin").post(
        f"/pantauan/umpan/{other.pk}/tindakan", {"lakukan": "ulang", "mentah": raw.pk}
    )
    assert answer.status_code == 404
    assert not AuditRow.objects.filter(action="feed.replay").exists()
