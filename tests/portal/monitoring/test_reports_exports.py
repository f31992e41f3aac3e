"""Tables as files: the same rows as on the screen, and never a formula."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest

from portal.monitoring.exports import as_csv, as_xlsx, plain, respond
from portal.monitoring.tables import Column, Link, Moment, State, Table, _number, share, shown

AT = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
TABLE = Table(
    "Peringkat Jawa Timur",
    "Peringkat",
    [Column("Satker"), Column("Sendiri", "number"), Column("Bagian", "percent"), Column("Hari", "day")],
    [
        [Link("KPU Kota Kediri", "/pantauan/aktivitas/satker/3571"), 12, 66.7, date(2026, 11, 3)],
        ['=HYPERLINK("http://x.example")', -5, None, None],
        ["@SUM(A1)", 0, 0.0, date(2026, 11, 4)],
    ],
    as_of=AT,
    counted="Menurut tanggal terbit.",
)
SPREADSHEET = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


@pytest.mark.parametrize("order", [(85, 85.0), (85.0, 85)])
def test_a_count_and_a_share_of_one_size_are_written_each_in_its_way(order):
    """Both are kept once written, and they are equal."""
    _number.cache_clear()
    assert {type(number): shown(number) for number in order} == {int: "85", float: "85,0"}


def csv_rows(table):
    return list(csv.reader(io.StringIO(as_csv(table).decode("utf-8-sig"))))


def xlsx_part(name):
    with zipfile.ZipFile(io.BytesIO(as_xlsx(TABLE))) as book:
        return ElementTree.fromstring(book.read(name))  # noqa: S314 - our own file


def test_csv_holds_the_rows_of_the_screen():
    assert csv_rows(TABLE) == [
        ["Satker", "Sendiri", "Bagian", "Hari"],
        ["KPU Kota Kediri", "12", "66.7", "2026-11-03"],
        ['\'=HYPERLINK("http://x.example")', "-5", "", ""],
        ["'@SUM(A1)", "0", "0.0", "2026-11-04"],
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", " =1", "＝1"])
def test_text_that_spreadsheets_would_compute_is_made_text(text):
    assert plain(text) == f"'{text}"


@pytest.mark.parametrize("text", ["KPU Kota Kediri", "3571", "a=b", "", "1-2"])
def test_other_text_stays_as_it_is(text):
    assert plain(text) == text


def test_a_spreadsheet_has_no_formula_and_no_link():
    sheet = xlsx_part("xl/worksheets/sheet1.xml")
    assert sheet.findall(".//m:f", SPREADSHEET) == []
    assert sheet.findall(".//m:hyperlink", SPREADSHEET) == []
    assert len(sheet.findall(".//m:row", SPREADSHEET)) == 4


def test_a_spreadsheet_says_as_of_when_and_how_it_was_counted():
    words = "".join(xlsx_part("xl/sharedStrings.xml").itertext())
    assert "2026-11-25 10:00 WIB" in words
    assert "Menurut tanggal terbit." in words


def test_a_file_is_named_after_its_table_and_day():
    response = respond(TABLE, "csv")
    assert response["Content-Disposition"] == 'attachment; filename="peringkat-jawa-timur-20261125.csv"'


def test_cells_are_escaped_on_the_screen():
    table = Table("x", "x", [Column("A"), Column("B")], [["<script>", Link('"><b>', "javascript:'\"")]])
    assert "<script>" not in table.body
    assert '"><b>' not in table.body


def test_states_and_moments_are_words_in_files():
    table = Table(
        "x", "x", [Column("A"), Column("B", "moment")], [[State("gagal", "bad"), Moment(AT, "Asia/Jayapura")]]
    )
    assert csv_rows(table)[1] == ["gagal", "2026-11-25 12:00 WIT"]


def test_a_share_of_nothing_is_not_known():
    assert share(0, 0) is None
    assert share(1, 3) == 33.3
