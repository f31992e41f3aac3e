"""How entries get and keep their topics, stage and event day in the database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from aggregator.classify import classify_new
from aggregator.models import Change, Entry, EntryTopic, Satker, Stage, Topic
from aggregator.screen import screen_pending
from tests.judging import NOW, edit, make_entry, make_satker

pytestmark = pytest.mark.django_db


@pytest.fixture
def satker() -> Satker:
    for name in ("Data Pemilih", "Logistik", "Kelembagaan/Rapat"):
        Topic.objects.create(name=name, slug=name[:4])
    return make_satker()


def published(satker: Satker, title: str, text: str = "", **fields: object) -> Entry:
    entry = make_entry(satker, title, text, **fields)
    screen_pending(NOW)
    return entry


def topic_names(entry: Entry) -> list[str]:
    return [row.topic.name for row in entry.entry_topics.filter(removed=False)]


def test_a_public_entry_is_classified_once(satker: Satker) -> None:
    entry = published(satker, "KPU Gelar Coklit", "Senin (2/3/2026) petugas mulai.")
    assert classify_new(NOW) == 1
    entry.refresh_from_db()
    assert topic_names(entry) == ["Data Pemilih"]
    assert entry.event_on == date(2026, 3, 2)
    assert entry.stage is None and entry.stage_rule.startswith("non-tahapan")
    assert entry.classified_at == NOW
    assert classify_new(NOW) == 0


def test_held_and_pending_entries_are_left_alone(satker: Satker) -> None:
    make_entry(satker, "KPU Gelar Coklit")
    assert classify_new(NOW) == 0


def test_a_stage_is_found_on_the_local_day(satker: Satker) -> None:
    stage = Stage.objects.create(
        slug="x",
        election="pilkada-2024",
        name="Pelaksanaan kampanye",
        start=date(2024, 9, 25),
        end=date(2024, 11, 23),
    )
    entry = published(satker, "Debat Publik Pilkada", published_at=datetime(2024, 10, 1, 20, tzinfo=UTC))
    classify_new(NOW)
    entry.refresh_from_db()
    assert entry.stage == stage
    assert "debat publik" in entry.stage_rule


def test_a_correction_is_classified_anew_and_keeps_no_stale_topic(satker: Satker) -> None:
    entry = published(satker, "KPU Gelar Coklit")
    classify_new(NOW)
    edit(entry, "KPU Terima Kotak Suara")
    screen_pending(NOW + timedelta(hours=1))
    classify_new(NOW + timedelta(hours=1))
    assert topic_names(entry) == ["Logistik"]


def test_what_staff_gave_and_took_survives(satker: Satker) -> None:
    entry = published(satker, "KPU Gelar Coklit")
    classify_new(NOW)
    EntryTopic.objects.filter(entry=entry).update(removed=True, by_staff=True)
    EntryTopic.objects.create(
        entry=entry, topic=Topic.objects.get(name="Logistik"), by_staff=True, rule="staff: budi"
    )
    Entry.objects.update(classified_at=None, stage_rule="staff: budi")
    classify_new(NOW + timedelta(hours=1))
    entry.refresh_from_db()
    assert topic_names(entry) == ["Logistik"]
    assert entry.stage_rule == "staff: budi"


def test_an_entry_whose_place_did_not_change_is_not_marked(satker: Satker) -> None:
    entry = published(satker, "KPU Gelar Coklit")
    classify_new(NOW)
    mark = Change.objects.get(entry=entry).pk
    Entry.objects.update(classified_at=None)
    classify_new(NOW + timedelta(hours=1))
    assert Change.objects.get(entry=entry).pk == mark


def test_batches_end_where_they_should(satker: Satker) -> None:
    for _ in range(5):
        make_entry(satker)
    screen_pending(NOW)
    assert [classify_new(NOW, limit=2) for _ in range(4)] == [2, 2, 1, 0]
