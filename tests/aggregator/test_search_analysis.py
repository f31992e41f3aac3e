"""Indonesian as the index sees it: stems, spelling variants, numbers, and where words stand."""

from __future__ import annotations

import itertools
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.demo.posts import Post
from aggregator.search.analysis import STOP_WORDS, VARIANTS, normal, question_tokens, terms, tokens
from aggregator.search.stems import ROOTS, stem


@pytest.mark.parametrize(
    ("root", "family"),
    [
        ("tetap", "menetapkan ditetapkan penetapan tetapkan ketetapan ditetapkannya"),
        ("mutakhir", "pemutakhiran memutakhirkan mutakhirkan dimutakhirkan"),
        ("tolak", "penolakan menolak ditolak"),
        ("resmi", "peresmian meresmikan resmikan diresmikan"),
        ("kunjung", "mengunjungi kunjungi kunjungan berkunjung dikunjungi"),
        ("sosialisasi", "mensosialisasikan sosialisasikan disosialisasikan bersosialisasi"),
        ("selenggara", "penyelenggara penyelenggaraan menyelenggarakan diselenggarakan"),
        ("kelola", "mengelola pengelolaan dikelola pengelola"),
        ("kuat", "penguatan memperkuat perkuat menguatkan diperkuat"),
        ("pilih", "pemilih pemilihan memilih dipilih terpilih pilihan"),
        ("pungut", "pemungutan memungut dipungut"),
        ("nilai", "penilaian menilai dinilai"),
        ("muat", "memuat dimuat pemuatan"),
        ("beri", "memberikan diberikan pemberian beri"),
    ],
)
def test_a_family_of_words_has_one_stem(root: str, family: str):
    assert {stem(word) for word in family.split()} == {root}


WHOLE = (
    "pemilu bawaslu kediri malang pemalang pekalongan sukabumi medan berita partai bupati media hidayati"
    " setiawan sekolah ketua perempuan kpu 2024 c1"
)


@pytest.mark.parametrize("word", WHOLE.split())
def test_names_and_words_that_only_look_derived_stay_whole(word: str):
    assert stem(word) == word


def test_places_that_share_a_stem_by_rule_are_kept_apart():
    assert len({stem(word) for word in ("malang", "pemalang", "balangan", "magelang")}) == 4


def test_the_list_of_roots_is_in_lower_case_words():
    assert all(word.isalpha() and word == word.lower() for word in ROOTS)


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("Tri Wulan III", "triwulan iii"),
        ("Badan Ad-Hoc dan badan adhock", "badan adhoc badan adhoc"),
        ("Pemilih-pemilih pemula", "pemilih pemula"),
        ("6.931.638 pemilih", "6931638 pemilih"),
        ("Rp1.250.000,00", "rp 1250000 0"),
        ("PKPU Nomor 06 Tahun 2022", "pkpu no 6 tahun 2022"),
        ("pada 01/10/2025, 1-10-2025 dan 2025-10-01", "1 oktober 2025 1 oktober 2025 1 oktober 2025"),
        ("31.12.2024 malam", "31 desember 2024 malam"),
        ("nomor 800/12/2025/99 dan 45/13/2025", "no 800 12 2025 99 45 13 2025"),
        ("Pare-Pare dan Bau-Bau", "parepare baubau"),
        ("KTP-el, e-KTP", "ktpel ktpel"),
        ("Jum’at, Jum'at", "jumat jumat"),
        ("Wali Kota Kab. Kediri", "walikota kab kediri"),
        ("yang dan di", ""),
        ("C.Hasil", "c hasil"),
    ],
)
def test_texts_are_taken_apart(text: str, forms: str):
    assert " ".join(token.form for token in tokens(text)) == forms


def test_stop_words_count_when_there_is_nothing_else():
    assert [token.form for token in question_tokens("yang dan")] == ["yang", "dan"]


def test_no_variant_leads_to_what_is_itself_a_variant():
    spelled = {word for choices in VARIANTS.values() for _written, spelling in choices for word in spelling}
    written = {words for choices in VARIANTS.values() for words, _spelling in choices}
    assert not {word for word in spelled if (word,) in written}


@given(st.text())
def test_tokens_stand_where_they_say(text: str):
    whole = normal(text)
    end = 0
    for token in tokens(text):
        assert token.form
        assert end <= token.start <= token.end <= len(whole) or token.start < end
        end = token.end


def test_stems_are_the_same_from_many_threads():
    parts = itertools.product(("me", "di", "pe"), ("zxcv", "qwert", "plmok"), ("kan", "an", "i"))
    words = ["".join(part) for part in parts]
    alone = [stem(word) for word in words]
    found: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: found.append([stem(word) for word in words])) for _n in range(4)
    ]
    stem.cache_clear()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [alone] * 4


PIECES = st.one_of(
    st.sampled_from(sorted({word for ways in VARIANTS.values() for way in ways for word in way[0] + way[1]})),
    st.sampled_from(
        ["pemilih", "Pemilih", "ketua", "KPU", "Jum'at", "31/10/2025", "2025-10-31", "50.000", "Rp50"]
    ),
    st.sampled_from([*sorted(STOP_WORDS)[:5], "…", "\u0301", "x" * 61, "06", "é"]),
    st.text(max_size=4),
)
BETWEEN = st.sampled_from([" ", " ", " ", "-", "-", ". ", "", "/", ".", "\n", "\u00a0", "--"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(PIECES, BETWEEN), max_size=12))
def test_the_fast_analysis_gives_the_same_terms(parts: list[tuple[str, str]]):
    text = "".join(itertools.chain.from_iterable(parts))
    assert terms(text) == [(token.form, token.stem) for token in tokens(text)]


def test_the_fast_analysis_gives_the_same_terms_of_whole_posts(demo_posts: list[Post]):
    for post in demo_posts:
        assert terms(post.text) == [(token.form, token.stem) for token in tokens(post.text)]
