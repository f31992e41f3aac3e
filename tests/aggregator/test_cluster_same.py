"""Which posts tell the same story, without a database."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.cluster import Told, keys_of, same_story
from tests.story_pairs import Pair, labelled_pairs

DATA = Path(__file__).parents[1] / "data"
PAIRS = list(labelled_pairs(each=160, seed=20))


def read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def found(pair: Pair) -> bool:
    """As the pipeline does: only pairs that share a key are compared."""
    return not set(keys_of(pair.one)).isdisjoint(keys_of(pair.two)) and same_story(pair.one, pair.two)


def test_labelled_pairs_reach_the_targets() -> None:
    assert len(PAIRS) >= 2000
    counts = Counter((pair.same, found(pair)) for pair in PAIRS)
    precision = counts[True, True] / (counts[True, True] + counts[False, True])
    recall = counts[True, True] / (counts[True, True] + counts[True, False])
    assert precision >= 0.99
    assert recall >= 0.95


@pytest.mark.parametrize("kind", sorted({pair.kind for pair in PAIRS if not pair.same}))
def test_no_kind_of_look_alike_is_folded_wrongly(kind: str) -> None:
    of_kind = [pair for pair in PAIRS if pair.kind == kind]
    assert sum(map(found, of_kind)) / len(of_kind) <= 0.01


TITLES = {row["id"]: row for row in read("kpu_titles.jsonl")}
REAL_PAIRS = [row for row in read("dup_pairs.jsonl") if row.get("b") or row.get("b_title")]


def told(row: dict[str, Any], side: str) -> Told:
    """The bodies of real posts are not kept: the gist stands for them. A retitled copy carries the same."""
    if row.get(side):
        return Told(TITLES[row[side]]["title"], TITLES[row[side]]["gist"])
    text = "Isi lain sama sekali." if "isi lain" in row["note"] else TITLES[row["a"]]["gist"]
    return Told(row["b_title"], text)


@pytest.mark.parametrize("row", REAL_PAIRS, ids=[row["id"] for row in REAL_PAIRS])
def test_no_real_pair_is_folded_wrongly(row: dict[str, Any]) -> None:
    if row["label"] in ("different", "same_event", "correction", "related"):
        assert not same_story(told(row, "a"), told(row, "b"))


@pytest.mark.parametrize(
    "row", [row for row in REAL_PAIRS if row["label"] == "duplicate"], ids=lambda row: row["id"]
)
def test_real_duplicates_are_folded(row: dict[str, Any]) -> None:
    assert same_story(told(row, "a"), told(row, "b"))


BODY = (
    "KPU menggelar rapat koordinasi bersama pemangku kepentingan untuk membahas rencana kerja tahun depan. "
    "Ketua KPU menyampaikan bahwa seluruh bagian perlu menyiapkan laporan dan bahan evaluasi pekan ini. "
    "Peserta rapat sepakat memperkuat kerja sama dalam pelayanan informasi bagi masyarakat luas."
)


@pytest.mark.parametrize(
    ("text", "dateline", "host"),
    [
        (
            "Kediri (kota-kediri.kpu.go.id) – Rapat digelar",
            "Kediri (kota-kediri.kpu.go.id",
            "kota-kediri.kpu.go.id",
        ),
        ("JAKARTA, kpu.go.id - Rapat digelar", "JAKARTA, kpu.go.id", "kpu.go.id"),
        ("Wates, 16 Juli 2025 – Rapat digelar", "Wates, 16 Juli 2025", ""),
        ("Rapat digelar di aula tanpa tempat", "", ""),
    ],
)
def test_a_dateline_is_read(text: str, dateline: str, host: str) -> None:
    post = Told("Rapat", text)
    assert (post.dateline, post.dateline_host) == (dateline, host)


def test_dateline_footer_and_title_do_not_matter() -> None:
    one = Told("KPU Gelar Rapat Koordinasi Rencana Kerja", f"Jakarta, kpu.go.id – {BODY}")
    two = Told(
        "Kabar Hari Ini",
        f"Kediri, kab-kediri.kpu.go.id – {BODY}\n\n(Humas KPU Kabupaten Kediri)\n\n#TemanPemilih",
    )
    assert same_story(one, two) and same_story(two, one)


def test_equal_titles_that_differ_in_a_roman_numeral_are_not_folded() -> None:
    one = Told("Rapat Pleno Rekapitulasi Daftar Pemilih Berkelanjutan Triwulan III", "Hadir semua peserta.")
    two = Told("Rapat Pleno Rekapitulasi Daftar Pemilih Berkelanjutan Triwulan IV", "Hadir semua peserta.")
    assert not same_story(one, two)


def test_another_month_in_the_body_is_another_story() -> None:
    one, two = f"{BODY} Laporan bulan Maret disetujui.", f"{BODY} Laporan bulan April disetujui."
    assert not same_story(Told("Rapat Bulanan", one), Told("Rapat Bulanan", two))


def test_kabupaten_and_kota_of_one_name_are_two_places() -> None:
    one, two = f"{BODY} Hadir KPU Kabupaten Kediri.", f"{BODY} Hadir KPU Kota Kediri."
    assert not same_story(Told("Rapat", one), Told("Rapat", two))


def test_an_empty_body_says_nothing() -> None:
    assert not same_story(Told("Info Pilkada", ""), Told("Info Pilkada", ""))


@given(st.text(max_size=300), st.text(max_size=300))
def test_comparison_is_symmetric(one: str, two: str) -> None:
    a, b = Told("Judul", one), Told("Judul", two)
    assert same_story(a, b) == same_story(b, a)


@given(st.text(max_size=500))
def test_keys_are_stable_signed_64_bit_numbers(text: str) -> None:
    keys = keys_of(Told("Satu Judul Berita", text))
    assert keys == keys_of(Told("Satu Judul Berita", text))
    assert len(keys) <= 22 and all(-(2**63) <= key < 2**63 for key in keys)
