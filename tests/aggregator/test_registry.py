"""The registry file: what is taken, what is refused and how, and that it comes back byte for byte."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator import registry
from aggregator.errors import RegistryError
from aggregator.models import Feed, PortalState, Province, Satker, SatkerHost, Stage, Topic
from aggregator.registry import export
from aggregator.registry.read import Sheet, read
from aggregator.registry.reference import SATKER_CSV

pytestmark = pytest.mark.django_db

RI = "0,,national,KPU Republik Indonesia,Indonesia,ri,,www.kpu.go.id,seen,,,Asia/Jakarta"
BALI = (
    "51,0,province,KPU Provinsi Bali,Bali,provinsi,Bali,bali.kpu.go.id,seen,-8.36983,115.13086,Asia/Makassar"
)
BADUNG = (
    "5103,51,regency,KPU Kabupaten Badung,Kabupaten Badung,kabupaten,Bali,"
    "kab-badung.kpu.go.id,pattern,-8.56,115.17,Asia/Makassar"
)
HEADER = (
    "code,parent_code,level,name,region_name,kind,province,hostname,hostname_evidence,"
    "latitude,longitude,timezone"
)


def file(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    path = tmp_path / "satker.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def changed(line: str, **cells: str) -> str:
    """The line with these columns replaced."""
    row = dict(zip(HEADER.split(","), next(csv.reader([line])), strict=True)) | cells
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(row.values())
    return out.getvalue()


@pytest.fixture
def country() -> registry.Report:
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


# --- optional columns -------------------------------------------------------------------------------


def test_many_new_feeds_do_not_fall_due_at_once(tmp_path: Path):
    feeds = "," + " ".join(f"https://www.kpu.go.id/{n}" for n in range(20))
    registry.load(file(tmp_path, RI + feeds, header=HEADER + ",feed_url"))
    due = sorted(Feed.objects.values_list("next_check_at", flat=True))
    assert len(set(due)) == 20
    assert 8 < (due[-1] - due[0]).total_seconds() < 11


def test_feed_url_makes_active_feeds_and_approves_their_hosts(tmp_path: Path):
    header = HEADER + ",feed_url"
    feeds = "http://127.0.0.7:8123/feed https://Situs.Example/rss"
    report = registry.load(file(tmp_path, RI + "," + feeds, header=header))
    assert report.added == 1
    assert dict(Feed.objects.values_list("url", "state")) == {
        "http://127.0.0.7:8123/feed": "active",
        "https://situs.example/rss": "active",
    }
    approved = SatkerHost.objects.filter(state="approved").values_list("hostname", flat=True)
    assert set(approved) == {"www.kpu.go.id", "127.0.0.7", "situs.example"}


def test_a_feed_of_a_derived_host_approves_that_host(tmp_path: Path):
    header = HEADER + ",feed_url"
    feed = ",https://kab-badung.kpu.go.id/feed"
    registry.load(file(tmp_path, RI + ",", BALI + ",", BADUNG + feed, header=header))
    assert SatkerHost.objects.get(hostname="kab-badung.kpu.go.id").state == "approved"


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


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("K1", "K1"),
        ("k3", "K3"),
        ("M!", "M!"),
        ("", ""),
        ("migrated", "M"),
        ("old_site", "K2"),
        ("Situs lama", "K2"),
    ],
)
def test_migration_status_takes_codes_and_plain_words(tmp_path: Path, word: str, code: str):
    registry.load(file(tmp_path, f"{RI},{word}", header=HEADER + ",migration_status"))
    assert Satker.objects.get(code="0").migration_status == code


def test_a_file_without_migration_status_leaves_it_as_it_is(country: registry.Report):
    Satker.objects.filter(code="51").update(migration_status="K3")
    assert registry.load().unchanged == 553
    assert Satker.objects.get(code="51").migration_status == "K3"


# --- what staff decided outranks a file -------------------------------------------------------------


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


# --- bad files --------------------------------------------------------------------------------------

BAD_LINES = {
    "unknown parent": (changed(BALI, parent_code="7"), "induk 7 tidak dikenal"),
    "parent of wrong level": (
        changed(BALI, code="52", parent_code="51", province="Nusa Tenggara Barat", hostname="x.kpu.go.id"),
        "berlevel province",
    ),
    "no parent": (changed(BALI, parent_code=""), "parent_code kosong"),
    "duplicate code": (changed(RI, hostname="ri.kpu.go.id"), "sudah ada di baris 2"),
    "duplicate host": (changed(BADUNG, hostname="www.kpu.go.id"), "sudah dipakai satker 0"),
    "unknown level": (changed(BALI, level="provinsi"), "level “provinsi” tidak dikenal"),
    "code of another level": (changed(BALI, code="5101"), "bukan kode untuk level"),
    "code outside its parent": (changed(BADUNG, code="5203"), "tidak diawali kode induknya"),
    "kind of another level": (changed(BALI, kind="kota"), "tidak cocok dengan level"),
    "unknown province": (changed(BALI, code="99", province="Atlantis"), "kode provinsi 99"),
    "province of another code": (changed(BALI, province="Aceh"), "seharusnya “Bali”"),
    "no name": (changed(BALI, name=""), "name kosong"),
    "bad host": (changed(BALI, hostname="bali kpu"), "bukan nama host"),
    "address for a host": (changed(BALI, hostname="https://bali.kpu.go.id/"), "bukan nama host"),
    "bad evidence": (changed(BALI, hostname_evidence="maybe"), "hostname_evidence"),
    "word for a coordinate": (changed(BALI, latitude="utara"), "bukan koordinat"),
    "coordinate abroad": (changed(BALI, latitude="52.5", longitude="13.4"), "bukan koordinat"),
    "infinite coordinate": (changed(BALI, latitude="inf"), "bukan koordinat"),
    "half a coordinate": (changed(BALI, latitude=""), "keduanya"),
    "bad zone": (changed(BALI, timezone="Europe/Berlin"), "timezone"),
    "control character": (changed(BALI, name="KPU\x1b[31m Bali"), "tanda kendali"),
    "too few columns": ("51,0,province", "berisi 3 kolom"),
    "too many columns": (BALI + ",,", "berisi 14 kolom"),
    "national with a province": (changed(RI, province="Bali"), "tidak berada di satu provinsi"),
    "broken quoting": ('51,0,province,"KPU', "bukan CSV"),
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_a_bad_line_is_named_and_nothing_is_written(tmp_path: Path, case: str):
    line, words = BAD_LINES[case]
    report = registry.load(file(tmp_path, RI, changed(BALI, hostname="bali2.kpu.go.id"), line))
    lines = {number for number, _sentence in report.rejected}
    assert lines == {4}
    assert any(words in sentence for _number, sentence in report.rejected), report.rejected
    assert (Satker.objects.count(), Province.objects.count()) == (0, 0)


def test_every_bad_line_is_named(tmp_path: Path):
    lines = [RI, changed(BALI, timezone="x"), "", changed(BADUNG, latitude="x"), "1"]
    report = registry.load(file(tmp_path, *lines))
    assert [number for number, _sentence in report.rejected] == [3, 5, 6]


def test_a_child_of_a_rejected_parent_is_not_blamed(tmp_path: Path):
    report = registry.load(file(tmp_path, RI, changed(BALI, timezone="x"), BADUNG))
    assert {number for number, _sentence in report.rejected} == {3}


@pytest.mark.parametrize("status", ["K4", "selesai?", "M1"])
def test_an_unknown_migration_status_is_refused_with_the_known_ones(tmp_path: Path, status: str):
    report = registry.load(file(tmp_path, f"{RI},{status}", header=HEADER + ",migration_status"))
    [(line, sentence)] = report.rejected
    assert line == 2
    assert "K1, K2, K3, M, M!" in sentence


@pytest.mark.parametrize("url", ["ftp://a.example/feed", "javascript:alert(1)", "feed"])
def test_a_feed_url_that_is_no_web_address_is_refused(tmp_path: Path, url: str):
    report = registry.load(file(tmp_path, f"{RI},{url}", header=HEADER + ",feed_url"))
    assert [line for line, _sentence in report.rejected] == [2]


def test_a_feed_of_two_satker_is_refused(tmp_path: Path):
    feed = ",https://situs.example/feed"
    report = registry.load(file(tmp_path, RI + feed, BALI + feed, header=HEADER + ",feed_url"))
    assert [line for line, _sentence in report.rejected] == [3]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "kosong"),
        (b"  \n\n", "kosong"),
        (HEADER.encode(), "tidak ada satker"),
        (HEADER.replace(",timezone", "").encode() + b"\n1\n", "kolom timezone tidak ada"),
        (HEADER.encode() + b",code\n", "dua kali"),
        (b"<!doctype html><title>Satker</title>", "tidak ada"),
        (b"PK\x03\x04 an Excel file\0\0", "NUL"),
        (HEADER.encode() + b"\n51,0,Jawa\xe9", "Baris 2: bukan UTF-8"),
        (HEADER.encode("utf-16"), "UTF-16"),
        (b"\0" * 100, "NUL"),
        (b"x" * 10_000_001, "lebih besar"),
    ],
)
def test_what_is_no_such_table_is_refused_in_a_sentence(tmp_path: Path, data: bytes, words: str):
    path = tmp_path / "bad.csv"
    path.write_bytes(data)
    with pytest.raises(RegistryError, match=words):
        registry.load(path)


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path):
    path = tmp_path / "huge.csv"
    with path.open("wb") as sparse:
        sparse.truncate(100_000_000)
    with pytest.raises(RegistryError, match="lebih besar"):
        registry.load(path)


def test_a_missing_file_is_refused_by_name(tmp_path: Path):
    with pytest.raises(RegistryError, match=r"tidak-ada\.csv"):
        registry.load(tmp_path / "tidak-ada.csv")
    with pytest.raises(RegistryError):
        registry.load(tmp_path)


def test_a_byte_order_mark_and_crlf_are_taken(tmp_path: Path):
    path = tmp_path / "excel.csv"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\r\n{RI}\r\n".encode())
    assert registry.load(path).added == 1


def test_semicolons_and_decimal_commas_of_indonesian_excel_are_taken(tmp_path: Path):
    line = BALI.replace(",", ";").replace("-8.36983", "-8,36983")
    registry.load(file(tmp_path, RI.replace(",", ";"), line, header=HEADER.replace(",", ";")))
    assert Satker.objects.get(code="51").latitude == -8.36983


def test_an_unknown_column_is_ignored_and_said(tmp_path: Path):
    report = registry.load(file(tmp_path, RI + ",x", header=HEADER + ",catatan"))
    assert report.added == 1
    assert "catatan" in report.notes[0]


def test_columns_may_stand_in_any_order(tmp_path: Path):
    names, values = HEADER.split(",")[::-1], RI.split(",")[::-1]
    assert registry.load(file(tmp_path, ",".join(values), header=",".join(names))).added == 1


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=400)
    | st.text(max_size=200).map(lambda text: f"{HEADER}\n{RI}\n{text}".encode("utf-8", "replace"))
)
def test_any_bytes_give_rows_rejections_or_one_sentence(data: bytes):
    try:
        sheet = read(data)
    except RegistryError as error:
        assert error.message
    else:
        assert isinstance(sheet, Sheet)


# --- OPML -------------------------------------------------------------------------------------------


def test_opml_names_every_active_feed_once(country: registry.Report):
    bali = Satker.objects.get(code="51")
    Feed.objects.create(satker=bali, url="https://bali.kpu.go.id/feed?a=1&b=2", title="Bali <b>\x01")
    Feed.objects.create(satker=bali, url="https://bali.kpu.go.id/lama", state="disabled")
    outline = etree.fromstring(export.as_opml().encode()).xpath("//outline[@xmlUrl]")
    assert [one.get("xmlUrl") for one in outline] == ["https://bali.kpu.go.id/feed?a=1&b=2"]
    assert outline[0].get("title") == "Bali <b>"
