"""What staff see of the public's searches, and the searches they keep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from aggregator.models import SearchDay, Synonym, Unanswered
from aggregator.search import follow
from aggregator.search.quality import quality
from portal.models import SavedSearch
from tests.factories import make_entry, make_feed, make_province

pytestmark = pytest.mark.django_db
SAVED = "/pantauan/pencarian/tersimpan"
QUALITY = "/pantauan/pencarian"
NOW = datetime.now(UTC)


def unanswered(words: str, **fields) -> Unanswered:
    today = quality().last
    return Unanswered.objects.create(
        key=f"{words}{fields}", words=words, first_on=today, last_on=today, **{"times": 3, **fields}
    )


def html(client, path: str = SAVED) -> str:
    return client.get(path).content.decode()


def test_staff_see_shares_and_what_was_not_answered(as_role):
    SearchDay.objects.create(day=quality().last, searches=200, empty=5, respelled=10, milliseconds=4000)
    unanswered("lowongan pantarlih", times=7)
    unanswered("", times=9)
    page = html(as_role("viewer"), QUALITY)
    assert "lowongan pantarlih" in page
    assert 'href="/cari?q=lowongan+pantarlih"' in page
    assert "9 pertanyaan lain belum cukup sering" in page
    assert "2,5%" in page  # without a result
    assert "92,5%" in page  # with all words


def test_an_empty_report_says_so(as_role):
    assert "Belum ada pencarian yang dihitung" in html(as_role("viewer"), QUALITY)


def test_who_may_add_synonyms_is_led_there_with_the_words_filled_in(as_role):
    unanswered("gempil")
    assert "/pantauan/admin/aggregator/synonym/add/?forms=gempil%0A" in html(as_role("admin"), QUALITY)
    assert "synonym/add" not in html(as_role("viewer"), QUALITY)
    Synonym.objects.create(forms="gempil\ngerakan sadar pemilih")
    assert "1 padanan kata buatan petugas" in html(as_role("admin"), QUALITY)


def test_words_of_strangers_are_text(as_role):
    unanswered("<script>alert(1)</script>")
    assert "<script>alert" not in html(as_role("viewer"), QUALITY)


@pytest.mark.parametrize("path", [QUALITY, SAVED, f"{SAVED}/1"])
def test_nobody_gets_in_without_signing_in(client, path):
    assert client.get(path).status_code == 302


def test_a_search_is_saved_by_its_address_and_shows_what_is_new(as_role):
    make_province("51", "Bali")
    feed = make_feed()
    make_entry("Rapat lama", feed=feed, published_at=NOW - timedelta(days=60))
    make_entry("Rapat baru", feed=feed, published_at=NOW - timedelta(hours=1))
    follow(once=True)
    client = as_role("satker")
    client.post(SAVED, {"name": "Rapat", "address": "https://portal.example/cari?q=rapat&lain=1"})
    saved = SavedSearch.objects.get()
    assert (saved.name, saved.query, saved.user.role) == ("Rapat", "q=rapat", "satker")
    page = html(client)
    assert "Rapat baru" in page
    assert "/feeds/cari.atom?q=rapat" in page
    assert '<td class="n">1</td>' in page


def test_saving_the_same_again_gives_it_another_name(as_role):
    client = as_role("satker")
    for name in ("Satu", "Dua"):
        client.post(SAVED, {"name": name, "address": "q=rapat&urut="})
    assert [one.name for one in SavedSearch.objects.all()] == ["Dua"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/cari", "tidak memuat kata"),
        ("https://contoh.id/", "tidak memuat kata"),
        ("/cari?dari=kemarin", "harus tanggal"),
        ("/cari?provinsi=atlantis", "Tidak ada provinsi"),
        ("/cari?q=" + "x" * 600, "terlalu panjang"),
    ],
)
def test_what_is_no_search_is_refused_with_a_sentence(as_role, address, said):
    page = as_role("satker").post(SAVED, {"name": "x", "address": address}).content.decode()
    assert said in page
    assert not SavedSearch.objects.exists()


def test_an_account_sees_and_deletes_only_its_own(as_role, account):
    mine = SavedSearch.objects.create(user=account("satker"), name="Milik saya", query="q=rapat")
    other = SavedSearch.objects.create(user=account("viewer"), name="Milik lain", query="q=rapat")
    client = as_role("satker")
    assert "Milik lain" not in html(client)
    assert client.get(f"{SAVED}/{other.pk}").status_code == 404
    assert client.post(f"{SAVED}/{other.pk}/hapus").status_code == 404
    assert client.get(f"{SAVED}/{mine.pk}/hapus").status_code == 405
    client.post(f"{SAVED}/{mine.pk}/hapus")
    assert list(SavedSearch.objects.all()) == [other]


def test_opening_one_leads_to_the_newest_results_and_is_remembered(as_role, account):
    saved = SavedSearch.objects.create(user=account("satker"), name="Rapat", query="q=rapat")
    answer = as_role("satker").get(f"{SAVED}/{saved.pk}")
    assert answer.headers["Location"] == "/cari?q=rapat&urut=terbaru"
    saved.refresh_from_db()
    assert saved.looked_at is not None


def test_one_that_names_a_place_that_is_no_more_is_told_and_can_be_deleted(as_role, account):
    SavedSearch.objects.create(user=account("satker"), name="Lama", query="provinsi=atlantis")
    assert "Tidak ada provinsi" in html(as_role("satker"))


def test_there_is_an_end_to_how_many_are_kept(as_role, account, monkeypatch):
    monkeypatch.setattr(SavedSearch, "MOST", 1)
    SavedSearch.objects.create(user=account("satker"), name="Satu", query="q=satu")
    page = as_role("satker").post(SAVED, {"name": "Dua", "address": "/cari?q=dua"}).content.decode()
    assert "Paling banyak 1 pencarian" in page


def test_the_page_of_results_proposes_itself(as_role, client):
    link = f"{SAVED}?cari={quote('q=rapat&asal=sendiri', safe='')}"
    assert link in client.get("/cari?q=rapat&asal=sendiri").content.decode()
    page = html(as_role("satker"), link)
    assert 'value="/cari?q=rapat&amp;asal=sendiri"' in page
    assert 'value="rapat – Berita sendiri"' in page
