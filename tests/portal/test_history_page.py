"""/berita/<id>/riwayat: every public version, what changed word by word, and a hash of what was sent out."""

from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.models import Entry, Revision
from portal import versions
from portal.versions import compare, folded
from tests.factories import SEEN, make_entry, make_public

TEXT = "Sebanyak 1.200 pemilih hadir. Rapat berlangsung di aula kantor."


def correct(entry: Entry, number: int, **fields: object) -> Revision:
    """The next version, public an hour after the one before."""
    given = {"title": entry.revisions.latest("number").title} | fields
    revision = Revision.objects.create(entry=entry, number=number, content_sha256="0" * 64, **given)
    make_public(entry, revision)
    Revision.objects.filter(pk=revision.pk).update(public_at=SEEN + timedelta(hours=number))
    return revision


def page(client, entry: Entry, query: str = "") -> str:
    response = client.get(f"/berita/{entry.pk}/riwayat{query}")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def marked(tag: str, html: str) -> list[str]:
    found = re.findall(rf"<{tag}>(.*?)</{tag}>", html.partition("<section")[2])
    return [re.sub(r"<span.*?</span>|<br>", "", words).strip() for words in found]


@pytest.mark.django_db
def test_a_changed_figure_is_shown_as_what_went_and_what_came(client):
    entry = make_entry("Rapat pleno", text=TEXT)
    correct(entry, 2, text=TEXT.replace("1.200", "1.300"))
    html = page(client, entry)
    assert (marked("del", html), marked("ins", html)) == (["1.200"], ["1.300"])
    assert "judul tetap" in html


@pytest.mark.django_db
def test_a_changed_title_and_changed_links_are_shown(client):
    entry = make_entry(
        "Rapat pleno DPS", text=TEXT, content_html='<p><a href="https://a.example/x">a</a></p>'
    )
    correct(entry, 2, title="Rapat pleno DPT", text=TEXT, enclosures=[{"url": "https://b.example/y.pdf"}])
    html = page(client, entry)
    assert marked("del", html) == ["DPS", "https://a.example/x"]
    assert marked("ins", html) == ["DPT", "https://b.example/y.pdf"]


@pytest.mark.django_db
def test_a_version_of_other_marks_only_says_so(client):
    entry = make_entry("Rapat pleno", text=TEXT)
    correct(entry, 2, text=TEXT)
    assert "yang berubah hanya susunan" in page(client, entry)


@pytest.mark.django_db
def test_markup_in_a_compared_text_is_text(client):
    entry = make_entry("Rapat", text="aman")
    correct(entry, 2, text="aman <script>alert(1)</script>")
    html = page(client, entry)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


@pytest.mark.django_db
def test_the_hash_is_that_of_the_body_in_the_full_feed(client):
    entry = make_entry("Rapat", text=TEXT, content_html=f"<p>{TEXT}</p>")
    items = client.get(f"/feeds/satker/{entry.satker.code}.json?isi=penuh").json()["items"]
    assert sha256(items[0]["content_html"].encode()).hexdigest() in page(client, entry)


@pytest.mark.django_db
def test_a_version_that_is_held_shows_in_no_comparison(client):
    entry = make_entry("Rapat", text=TEXT)
    bad = correct(entry, 2, text="slot gacor")
    correct(entry, 3, text=TEXT.replace("aula", "halaman"))
    Revision.objects.filter(pk=bad.pk).update(state="held", public_at=None)
    html = page(client, entry)
    assert "gacor" not in html
    assert (marked("del", html), marked("ins", html)) == (["aula"], ["halaman"])


@pytest.mark.django_db
def test_every_version_is_reached_once_and_compared_with_the_one_before(client, monkeypatch):
    monkeypatch.setattr("portal.views.entry.VERSIONS", 3)
    entry = make_entry("Rapat", text="Versi ke-1")
    for number in range(2, 8):
        correct(entry, number, text=f"Versi ke-{number}")
    seen, gone, query = [], [], ""
    while True:
        html = page(client, entry, query)
        seen += re.findall(r"<h2>Versi (\d+)", html)
        gone += marked("del", html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        if not following:
            break
        query = following[1]
    assert seen == [str(number) for number in range(7, 0, -1)]
    assert gone == [f"ke-{number}" for number in range(6, 0, -1)]


@pytest.mark.django_db
def test_a_corrected_post_says_so_and_leads_to_its_history(client):
    entry = make_entry("Rapat pleno", text=TEXT)
    assert "telah diperbaiki" not in client.get(entry.get_absolute_url()).content.decode()
    correct(entry, 2, text=TEXT.replace("1.200", "1.300"))
    html = client.get(entry.get_absolute_url()).content.decode()
    assert "telah diperbaiki" in html
    assert f"/berita/{entry.pk}/riwayat" in html
    assert "diperbaiki" in client.get("/").content.decode()


def words(text: str) -> list[str]:
    return text.replace("¶", " ").split()


plain = st.text(alphabet="abc \n", max_size=80)


@given(plain, plain)
def test_a_comparison_holds_both_texts_whole(old: str, new: str):
    pieces = compare(old, new)
    assert pieces is not None
    assert words(" ".join(p.text for p in pieces if p.kind != "new")) == words(old)
    assert words(" ".join(p.text for p in pieces if p.kind != "gone")) == words(new)


def test_a_long_unchanged_part_is_folded_around_the_change():
    text = " ".join(f"kata{number}" for number in range(500))
    pieces = list(folded(compare(text, text.replace("kata250", "baru")) or []))
    assert [piece.kind for piece in pieces] == ["folded", "same", "gone", "new", "same", "folded"]
    assert sum(piece.words for piece in pieces if piece.kind == "folded") == 500 - 1 - 2 * versions.CONTEXT


def test_texts_too_long_to_compare_are_not_compared():
    assert compare("kata " * (versions.MOST_WORDS + 1), "kata") is None


def test_a_paragraph_break_that_went_is_shown():
    pieces = compare("satu\n\ndua", "satu dua")
    assert pieces is not None and [p.text.strip() for p in pieces if p.kind == "gone"] == ["¶"]


@pytest.mark.django_db
def test_many_versions_cost_no_query_each(client, django_assert_max_num_queries):
    entry = make_entry("Rapat", text="Versi ke-1")
    for number in range(2, 12):
        correct(entry, number, text=f"Versi ke-{number}")
    with django_assert_max_num_queries(6):
        page(client, entry)
