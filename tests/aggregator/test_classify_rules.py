"""Topics, stages and event days as the rules see them, without a database."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.classify import StageTime, event_on, stage_of, topics_of
from tests.topic_scores import SETS, generated, macro_f1, scores

AGGREGATOR_DATA = Path(__file__).parents[2] / "aggregator" / "data"


def names(title: str, text: str = "", categories: tuple[str, ...] = ()) -> list[str]:
    return [hit.topic for hit in topics_of(title, text, categories)]


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


CALENDAR = [
    StageTime(
        number,
        row["election"],
        row["stage"],
        date.fromisoformat(row["start"]) if row["start"] else None,
        date.fromisoformat(row["end"]) if row["end"] else None,
    )
    for number, row in enumerate(read_csv(AGGREGATOR_DATA / "stages.csv"), 1)
]
NAMES = {stage.pk: f"{stage.election}: {stage.name}" for stage in CALENDAR}


def stage(title: str, on: str, text: str = "") -> str:
    hit = stage_of(title, text, date.fromisoformat(on), CALENDAR)
    return NAMES[hit.stage] if hit.stage else ""


@pytest.mark.parametrize(("posts", "least"), [("real", 0.85), ("generated", 0.8), ("written", 0.8)])
def test_topics_of_labelled_posts_reach_the_target(posts: str, least: float) -> None:
    """Macro-F1; no rule was made with an eye on the posts of `written`."""
    found = scores(SETS[posts]())
    assert len(found) == 13
    assert macro_f1(found) >= least


def test_at_least_three_hundred_generated_posts_are_labelled() -> None:
    assert len(generated()) >= 300


def test_the_name_of_a_division_is_not_what_a_post_is_about() -> None:
    text = "Kepala Subbagian Keuangan, Umum, dan Logistik, Budi, memimpin apel pagi di halaman kantor."
    assert names("Apel Pagi di Kantor", text) == ["Kelembagaan/Rapat"]


def test_the_longer_phrase_wins() -> None:
    assert names("Rapat Pleno Rekapitulasi Daftar Pemilih Berkelanjutan Triwulan IV") == ["Data Pemilih"]
    assert names("Rekapitulasi Hasil Penghitungan Suara Tingkat Provinsi") == ["Rekapitulasi"]


def test_what_a_meeting_was_about_goes_before_the_meeting() -> None:
    assert names("Rapat Koordinasi Distribusi Logistik")[0] == "Logistik"
    assert names("Rapat Koordinasi Bersama Forkopimda") == ["Kelembagaan/Rapat"]


def test_the_sites_own_category_counts() -> None:
    assert names("Kegiatan Hari Ini", "", ("PPID",)) == ["PPID/Informasi Publik"]


def test_an_article_beside_the_subject_has_no_topic() -> None:
    assert names("Warisan Leluhur Papua: Makna di Balik Koteka", "Artikel budaya.") == []


def test_a_hit_names_the_terms_that_gave_it() -> None:
    hit = topics_of("KPU Gelar Coklit Terbatas", "Petugas mendatangi pemilih.")[0]
    assert hit.rule == "judul: coklit terbatas"


@given(st.text(max_size=200), st.text(max_size=500))
def test_any_text_has_at_most_three_topics_with_bounded_rules(title: str, text: str) -> None:
    hits = topics_of(title, text)
    assert len(hits) <= 3
    assert all(len(hit.rule) <= 300 and hit.score > 0 for hit in hits)


@pytest.mark.parametrize(
    ("title", "on", "want"),
    [
        (
            "Coklit Serentak, Pantarlih Datangi Rumah Warga",
            "2024-07-01",
            "pilkada-2024: Pemutakhiran dan penyusunan",
        ),
        ("Pantarlih Mulai Coklit", "2023-02-15", "pemilu-2024: Pemutakhiran data pemilih"),
        (
            "KPU Terima Pendaftaran Pasangan Calon Bupati",
            "2024-08-28",
            "pilkada-2024: Pendaftaran pasangan calon",
        ),
        ("Debat Publik Pertama Pilgub", "2024-10-20", "pilkada-2024: Pelaksanaan kampanye"),
        ("Rekapitulasi Hasil Pemilu Tingkat Kabupaten", "2024-03-01", "pemilu-2024: Rekapitulasi hasil"),
        (
            "Tinjau PSU di Pasaman, KPU RI Pastikan Lancar",
            "2025-04-18",
            "pilkada-2024: Pelaksanaan pemungutan suara",
        ),
        ("Pelantikan PPK Pilkada 2024", "2024-05-16", "pilkada-2024: Pembentukan PPK"),
        ("Rapat Pleno PDPB Triwulan III", "2025-10-02", ""),
        ("Apel Senin Pagi", "2024-07-01", ""),
        ("Coklit Terbatas PDPB", "2025-08-01", ""),
        ("Sosialisasi Kampanye Sehat", "2026-02-01", ""),
        ("Rekapitulasi Perolehan Suara Pemilu 2019", "2019-05-10", ""),
    ],
)
def test_a_stage_needs_its_words_and_its_time(title: str, on: str, want: str) -> None:
    got = stage(title, on)
    assert got.startswith(want) if want else got == ""


def test_the_second_round_that_was_never_held_is_no_stage() -> None:
    assert "putaran-2" not in stage("Rekapitulasi Hasil Penghitungan Suara Pemilu", "2024-07-01")


def test_a_stage_says_why() -> None:
    hit = stage_of("Debat Publik Pilkada", "", date(2024, 10, 20), CALENDAR)
    assert "judul: debat publik" in hit.rule and "25-09-2024" in hit.rule


def test_no_stage_says_why() -> None:
    assert stage_of("Rapat PDPB", "", date(2025, 10, 2), CALENDAR).rule.startswith("non-tahapan: ")


@pytest.mark.parametrize(
    ("text", "posted", "want"),
    [
        ("Kediri, kpu.go.id – Jum'at (20/08/2021) KPU menggelar rapat", "2021-08-21", "2021-08-20"),
        ("Jumat (20/8) bertempat di aula", "2021-08-21", "2021-08-20"),
        ("Pada Selasa, 3 September 2024 KPU menerima", "2024-09-04", "2024-09-03"),
        ("Wates, 16 Juli 2025. Tim mendatangi pemilih", "2025-07-16", "2025-07-16"),
        ("Senin (30/12) KPU menutup tahun", "2025-01-02", "2024-12-30"),
        ("Kamis tanggal 7 Agustus 2025 dilaksanakan", "2025-08-07", "2025-08-07"),
        ("Rabu, 31 Februari 2024 rapat", "2024-03-01", None),
        ("Kegiatan pada 45/13/2024", "2024-03-01", None),
        ("Selasa (4/9/2024) rapat digelar", "2024-09-04", None),  # 4 September 2024 was a Wednesday
        ("Pemungutan suara digelar Rabu, 27 November 2024", "2024-08-01", None),  # an announcement
        ("Peringatan proklamasi 17 Agustus 1945", "2024-08-17", None),
        ("Tanpa tanggal sama sekali", "2024-03-01", None),
    ],
)
def test_the_day_of_the_event_is_read_or_refused(text: str, posted: str, want: str | None) -> None:
    got = event_on("", text, date.fromisoformat(posted))
    assert got == (date.fromisoformat(want) if want else None)


def test_a_date_with_its_weekday_goes_before_one_without() -> None:
    text = "Batas akhir 1 Agustus 2025. Rapat berlangsung Kamis (7/8/2025)."
    assert event_on("", text, date(2025, 8, 8)) == date(2025, 8, 7)


@given(st.text(max_size=300), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_an_event_never_lies_after_its_post(text: str, posted: date) -> None:
    found = event_on("", text, posted)
    assert found is None or found <= posted + timedelta(days=1)
