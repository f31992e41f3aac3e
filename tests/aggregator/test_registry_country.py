"""The built-in registry file: the whole country, what staff did to it, and what later files change of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from aggregator import registry
from aggregator.models import Feed, PortalState, Province, Satker, SatkerHost, Stage, Topic
from aggregator.registry import export
from aggregator.registry.reference import SATKER_CSV
from tests.registry_file import BALI, HEADER, file

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def country(module_db: None) -> registry.Report:
    return registry.load()


def test_the_built_in_file_is_the_whole_country(country: registry.Report):
    assert (country.added, country.changed, country.unchanged, country.rejected) == (553, 0, 0, [])
    levels = Satker.objects.values_list("level", flat=True)
    assert [sum(one == level for one in levels) for level in ("national", "province", "regency")] == [
        1,
        38,
        514,
    ]


def test_loading_twice_changes_nothing(country: registry.Report):
    generation = PortalState.get().generation
    again = registry.load()
    assert (again.added, again.changed, again.unchanged) == (0, 0, 553)
    assert PortalState.get().generation == generation


def test_every_regency_hangs_on_its_province(country: registry.Report):
    badung = Satker.objects.get(code="5103")
    assert badung.parent.code == badung.province.code == "51"
    assert (badung.slug, badung.zone_label) == ("kpu-kabupaten-badung", "WITA")


def test_provinces_topics_and_stages_are_there(country: registry.Report):
    assert (Province.objects.count(), Topic.objects.count(), Stage.objects.count()) == (38, 13, 36)
    assert Province.objects.get(code="31").slug == "dki-jakarta"
    assert Topic.objects.get(slug="hukum-jdih").description
    assert Stage.objects.filter(slug="pilkada-2024-penetapan-pasangan-calon").exists()


def test_words_of_staff_on_topics_and_stages_survive_a_load(country: registry.Report):
    Topic.objects.filter(slug="humas").update(name="Kehumasan", description="Milik petugas.")
    Stage.objects.filter(slug="pemilu-2024-masa-tenang").update(end="2024-02-14")
    registry.load()
    assert Topic.objects.get(slug="humas").description == "Milik petugas."
    assert Topic.objects.count() == 13
    assert str(Stage.objects.get(slug="pemilu-2024-masa-tenang").end) == "2024-02-14"


def test_only_seen_hosts_are_approved(country: registry.Report):
    states = dict(SatkerHost.objects.values_list("hostname", "state"))
    assert states["bali.kpu.go.id"] == "approved"
    assert states["kip-acehselatan.kpu.go.id"] == "proposed"


def test_staff_are_told_how_a_derived_host_came_about(country: registry.Report):
    host = SatkerHost.objects.get(hostname="kip-acehselatan.kpu.go.id")
    assert host.reason == "Turunan pola aceh-kip-prefix; risiko keliru sedang."


def test_the_country_comes_back_byte_for_byte(country: registry.Report):
    assert export.as_csv().encode() == SATKER_CSV.read_bytes()


def test_an_export_with_feeds_and_statuses_loads_as_unchanged(country: registry.Report, tmp_path: Path):
    Satker.objects.filter(code="51").update(migration_status="M!")
    Feed.objects.create(satker=Satker.objects.get(code="51"), url="https://bali.kpu.go.id/feed")
    text = export.as_csv()
    path = tmp_path / "out.csv"
    path.write_text(text, encoding="utf-8")
    report = registry.load(path)
    assert (report.added, report.changed, report.unchanged) == (0, 0, 553)
    assert export.as_csv() == text


def test_an_export_rebuilds_an_empty_database(country: registry.Report, tmp_path: Path):
    Feed.objects.create(satker=Satker.objects.get(code="51"), url="https://bali.kpu.go.id/feed")
    text = export.as_csv()
    path = tmp_path / "out.csv"
    path.write_text(text, encoding="utf-8")
    for model in (Feed, SatkerHost):
        model.objects.all().delete()
    for level in ("regency", "province", "national"):
        Satker.objects.filter(level=level).delete()
    assert registry.load(path).added == 553
    assert export.as_csv() == text


def test_a_new_feed_of_a_known_satker_counts_as_changed(country: registry.Report, tmp_path: Path):
    report = registry.load(file(tmp_path, BALI + ",https://bali.kpu.go.id/feed", header=HEADER + ",feed_url"))
    assert (report.added, report.changed) == (0, 1)


def test_a_candidate_in_the_file_becomes_active_and_a_disabled_feed_stays_off(
    country: registry.Report, tmp_path: Path
):
    bali = Satker.objects.get(code="51")
    Feed.objects.create(satker=bali, url="https://bali.kpu.go.id/a", state="candidate")
    Feed.objects.create(satker=bali, url="https://bali.kpu.go.id/b", state="disabled")
    feeds = ",https://bali.kpu.go.id/a https://bali.kpu.go.id/b"
    registry.load(file(tmp_path, BALI + feeds, header=HEADER + ",feed_url"))
    assert set(Feed.objects.values_list("url", "state")) == {
        ("https://bali.kpu.go.id/a", "active"),
        ("https://bali.kpu.go.id/b", "disabled"),
    }


def test_a_file_without_migration_status_leaves_it_as_it_is(country: registry.Report):
    Satker.objects.filter(code="51").update(migration_status="K3")
    assert registry.load().unchanged == 553
    assert Satker.objects.get(code="51").migration_status == "K3"


def test_a_confirmed_host_is_not_replaced_by_a_derived_one(country: registry.Report):
    Satker.objects.filter(code="5103").update(hostname="badung.kpu.go.id", hostname_evidence="confirmed")
    assert registry.load().changed == 0 or Satker.objects.get(code="5103").hostname == "badung.kpu.go.id"
    assert Satker.objects.get(code="5103").hostname == "badung.kpu.go.id"


def test_a_revoked_host_stays_revoked(country: registry.Report):
    SatkerHost.objects.filter(hostname="bali.kpu.go.id").update(state="revoked")
    registry.load()
    assert SatkerHost.objects.get(hostname="bali.kpu.go.id").state == "revoked"


def test_a_feed_on_a_revoked_host_rejects_the_file(country: registry.Report, tmp_path: Path):
    SatkerHost.objects.filter(hostname="bali.kpu.go.id").update(state="revoked")
    path = file(tmp_path, BALI + ",https://bali.kpu.go.id/feed", header=HEADER + ",feed_url")
    [(line, sentence)] = registry.load(path).rejected
    assert line == 2
    assert "dicabut" in sentence


def test_opml_names_every_active_feed_once(country: registry.Report):
    bali = Satker.objects.get(code="51")
    Feed.objects.create(satker=bali, url="https://bali.kpu.go.id/feed?a=1&b=2", title="Bali <b>\x01")
    Feed.objects.create(satker=bali, url="https://bali.kpu.go.id/lama", state="disabled")
    outline = etree.fromstring(export.as_opml().encode()).xpath("//outline[@xmlUrl]")
    assert [one.get("xmlUrl") for one in outline] == ["https://bali.kpu.go.id/feed?a=1&b=2"]
    assert outline[0].get("title") == "Bali <b>"
