"""The registry file: what is taken, what is refused and how, and that it comes back byte for byte."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator import registry
from aggregator.errors import RegistryError
from aggregator.models import Feed, Province, Satker, SatkerHost
from aggregator.registry.read import Sheet, read
from tests.registry_file import BADUNG, BALI, HEADER, RI, file

pytestmark = pytest.mark.django_db


def changed(line: str, **cells: str) -> str:
    """The line with these columns replaced."""
    row = dict(zip(HEADER.split(","), next(csv.reader([line])), strict=True)) | cells
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(row.values())
    return out.getvalue()


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


# --- what staff decided outranks a file -------------------------------------------------------------


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
