"""What is marked in titles and passages: what the index matched, and never a tag."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.search import Segment, highlight, snippet
from aggregator.search.analysis import tokens
from aggregator.search.snippets import Marker
from aggregator.search.stems import ROOTS, stem
from aggregator.search.synonyms import synonyms

pytestmark = pytest.mark.django_db
FILLER = "Kegiatan berlangsung di aula kantor dan dihadiri undangan dari berbagai lembaga. "


def marked(segments: list[Segment]) -> list[str]:
    return [text for text, is_hit in segments if is_hit]


@pytest.mark.parametrize(
    ("text", "q", "hits"),
    [
        ("KPU menetapkan jumlah pemilih", "penetapan", ["menetapkan"]),
        ("Tinjau PSU di Pasaman", "pemungutan suara ulang", ["PSU"]),
        ("Pemungutan suara ulang; suara rakyat", "psu", ["Pemungutan suara ulang"]),
        ("Coklit di Kab. Lombok Barat", "lobar", ["Lombok Barat"]),
        ("REKRUITMEN BADAN AD HOC", "rekrutmen adhoc", ["REKRUITMEN", "AD HOC"]),
        ("Pemilih-pemilih pemula", "pemilih", ["Pemilih-pemilih"]),
        ("Pemutakhiran dan pemungutan", "pemu*", ["Pemutakhiran", "pemungutan"]),
        ("Rapat pleno rutin, pleno rapat", '"rapat pleno"', ["Rapat pleno"]),
        ("Rapat di Bali", "rapat -bali", ["Rapat"]),
        ("<b>Rapat</b>", "rapat b", ["b", "Rapat", "b"]),
        ("Rapat", "", []),
    ],
)
def test_what_the_index_matches_is_marked(text: str, q: str, hits: list[str]):
    segments = highlight(text, q)
    assert marked(segments) == hits
    assert "".join(piece for piece, _is_hit in segments) == text


def test_the_passage_with_most_of_the_question_is_shown():
    text = FILLER * 5 + "Logistik tiba. " + FILLER * 5 + "Distribusi logistik pilkada dimulai. " + FILLER * 5
    segments = snippet(text, "distribusi logistik pilkada")
    assert marked(segments) == ["Distribusi", "logistik", "pilkada"]
    assert (segments[0][0], segments[-1][0]) == ("… ", " …")
    assert sum(len(piece) for piece, _is_hit in segments) <= 250


def test_without_a_hit_the_text_begins_at_its_beginning():
    segments = snippet(FILLER * 9, "logistik")
    assert segments[0][0].startswith("Kegiatan berlangsung")
    assert marked(segments) == []


def test_a_short_text_is_shown_whole_on_one_line():
    assert snippet("Rapat\n\n pleno", "") == [("Rapat pleno", False)]
    assert snippet("", "rapat") == []


WRITTEN = (
    *("Pemilih-pemilih", "memilih,", "(Dipilihnya)", "penetapan", "menetapkan", "Jum’at", "café", "ad"),
    *("HOC", "adhoc", "1.000", "06/2022", "KPU", "komisi", "pemilihan", "umum", "Kab.", "rekruitmen"),
    *("nyapu", "disapu", "di", "İstanbul", "–", "31/10/2025", "oktober", "ad-hoc", "ad\nhoc", ""),
)
ASKED = (
    "komisi pemilihan umum",
    '"ad hoc rekrut"',
    "kab 31/10/2025",
    "pilih",
    "tetap",
    "jumat",
    "adhoc",
    "kpu",
    "umum",
    "rekrut*",
    "sapu",
    "1000",
    "di",
    "cafe",
    "pe*",
)


@given(
    st.lists(st.sampled_from(WRITTEN), max_size=30),
    st.sampled_from(ASKED),
)
def test_words_are_looked_for_by_what_all_their_forms_have_in_them(words: list[str], q: str):
    text = " ".join(words)
    quick, whole = Marker(q, synonyms()), Marker(q, synonyms())
    whole.cores = None
    assert quick.traces(text) == whole.traces(text)
    assert quick.marks(text) == quick.hits(tokens(text))


@given(st.text(max_size=400), st.text(max_size=40))
def test_a_passage_is_part_of_the_text_whatever_the_text(text: str, q: str):
    import unicodedata

    whole = " ".join(unicodedata.normalize("NFC", text).split())
    pieces = [piece for piece, _is_hit in snippet(text, q, length=80)]
    inner = "".join(pieces).removeprefix("… ").removesuffix(" …")
    assert inner in whole


def test_a_word_has_its_stem_in_it_but_for_the_first_letter():
    affixes = ("", "me", "mem", "men", "meng", "pe", "pem", "pen", "peng", "di", "ke", "ber", "ter", "memper")
    ends = ("", "kan", "an", "i", "nya")
    for root in sorted(ROOTS)[::7]:
        for word in (f"{begin}{root}{end}" for begin in affixes for end in ends):
            assert stem(word)[1:] in word
        for begin in ("mem", "men", "meng", "meny"):
            assert stem(begin + root[1:])[1:] in begin + root[1:]
