"""The query language: what people type, what they mistype, and what is meant to break it."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.search.query import MOST_DEPTH, MOST_TERMS, Days, In, Node, Parsed, parse, show, walk


def resolve(field: str, value: str) -> Node | None:
    if field == "dari" and value == "2025-10-01":
        return Days(date(2025, 10, 1), None)
    return In(field, (value,)) if value == "bali" else None


def read(text: str) -> Parsed:
    return parse(text, resolve)


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("psu papua", "psu papua"),
        ('"pemungutan suara ulang" -pasaman', '"pemungutan suara ulang" -pasaman'),
        ("psu OR pilkada papua", "psu OR (pilkada papua)"),
        ("(psu ATAU pilkada) papua", "(psu OR pilkada) papua"),
        ("psu | pilkada", "psu OR pilkada"),
        ("ketua AND anggota DAN sekretaris", "ketua anggota sekretaris"),
        ("judul:papua rapat", "judul:papua rapat"),
        ('judul:"rapat pleno"', 'judul:"rapat pleno"'),
        ("pemutakhir*", "pemutakhir*"),
        ("-(suap OR korupsi) pilkada", "-(suap OR korupsi) pilkada"),
        ("rapat provinsi:bali dari:2025-10-01", "rapat provinsi:bali dari:2025-10-01"),
        ("SATKER:bali", "satker:bali"),
        ("Pemilih-Pemilih", "pemilih"),
        ("badan ad hoc", "badan adhoc"),
        ("tri wulan III", "triwulan iii"),
        ("ＰＳＵ Ｐａｐｕａ", "psu papua"),
        ("Jum’at Qur'an", "jumat quran"),
        ("6.931.638 pemilih", "6931638 pemilih"),
        ("yang", "yang"),
        ("rapat yang pleno", "rapat pleno"),
        ("", ""),
        ("?!… —", ""),
    ],
)
def test_what_is_written_well_is_read_as_written(typed: str, understood: str):
    parsed = read(typed)
    assert (show(parsed.tree), parsed.odd) == (understood, False)


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ('"rapat pleno', '"rapat pleno"'),
        ("(rapat pleno", "rapat pleno"),
        ("rapat) pleno", "rapat pleno"),
        ("rapat OR", "rapat"),
        ("OR rapat", "rapat"),
        ("*rapat*", "rapat*"),
        ("*a*", "a"),
        ("a*", "a"),
        ("ra*at", "ra*"),
        ("provinsi:entah rapat", "entah rapat"),
        ("((((((((((((rapat))))))))))))", "rapat"),
    ],
)
def test_what_is_written_oddly_is_read_somehow_and_said_to_be(typed: str, understood: str):
    parsed = read(typed)
    assert (show(parsed.tree), parsed.odd) == (understood, True)


def test_too_many_words_are_cut_and_said_to_be():
    parsed = read(" ".join(f"kata{number}" for number in range(MOST_TERMS + 5)))
    assert parsed.cut
    assert len(list(walk(parsed.tree))) == MOST_TERMS + 1


@pytest.mark.parametrize(
    "abuse",
    [
        *("(" * 2000, ")" * 2000, "x" * 50_000, "kata " * 10_000, "-" * 3000, '"' * 3001, "*" * 5000),
        *(
            "judul:" * 2000,
            "a OR " * 3000,
            "-(" * 3000 + "a",
            "\0" * 1000,
            "\u202e\u2066abc" * 300,
            "\ud800" * 500,
        ),
    ],
    ids=lambda text: repr(text[:6]),
)
def test_abuse_is_read_at_once(abuse: str):
    read("kata")  # the first word ever read also loads what words are known
    started = time.process_time()
    read(abuse)
    assert time.process_time() - started < 1.0


@given(st.text(alphabet=st.characters(), max_size=120))
def test_no_text_is_an_error(text: str):
    within_limits(read(text))


@given(
    st.lists(st.sampled_from(["(", ")", '"', "-", "OR", "judul:", "dari:", "a", "ba*", "*", " ", "x-y", "”"]))
)
def test_no_arrangement_of_signs_is_an_error(pieces: list[str]):
    within_limits(read("".join(pieces)))
    within_limits(read(" ".join(pieces)))


def within_limits(parsed: Parsed) -> None:
    assert len(list(walk(parsed.tree, negated=True))) <= 4 * MOST_TERMS + MOST_DEPTH


@given(
    st.lists(
        st.sampled_from(["rapat", "-pleno", '"dua kata"', "pemi*", "OR", "(", ")", "judul:ketua"]), max_size=9
    )
)
def test_what_was_understood_can_be_asked_again(pieces: list[str]):
    understood = show(read(" ".join(pieces)).tree)
    assert show(read(understood).tree) == understood
