"""`/cari` as a page; what is found is the business of aggregator.search."""

from __future__ import annotations

import pytest

from aggregator.models import Picture, SearchDay, Topic
from aggregator.search import FacetValue, Results, follow, quality, synonyms
from tests.factories import SEEN, make_entry, make_feed, make_province, make_satker

pytestmark = pytest.mark.django_db


@pytest.fixture
def answer(monkeypatch):
    """Sets what the search answers."""

    def give(**fields):
        fields = {"entry_ids": [], "total": len(fields.get("entry_ids", ())), **fields}
        monkeypatch.setattr("portal.views.search.ask", lambda *_args, **_more: Results(**fields))

    give()
    return give


def get(client, query=""):
    return client.get(f"/cari{query}").content.decode()


def test_results_are_shown_in_the_order_of_the_answer(client, answer):
    entries = [make_entry(f"Hasil {number}") for number in range(3)]
    answer(entry_ids=[entries[1].pk, entries[2].pk, entries[0].pk])
    html = get(client)
    assert html.index("Hasil 1") < html.index("Hasil 2") < html.index("Hasil 0")


def test_an_entry_that_is_no_longer_public_is_left_out(client, answer):
    answer(entry_ids=[make_entry("Rahasia", public=False, state="held").pk])
    assert "Rahasia" not in get(client)


def test_matches_are_marked_and_markup_in_them_is_text(client, answer, monkeypatch):
    answer(entry_ids=[make_entry("x").pk])
    monkeypatch.setattr(
        "portal.views.search.highlight", lambda _text, _q: [("<b>PSU</b>", True), (" lagi", False)]
    )
    assert "<mark>&lt;b&gt;PSU&lt;/b&gt;</mark> lagi" in get(client, "?q=psu")


def test_each_filter_is_a_chip_whose_link_leaves_it_out(client, answer):
    make_province("51", "Bali")
    make_province("11", "Aceh")
    html = get(client, "?q=psu&provinsi=bali&provinsi=aceh")
    assert 'href="?q=psu&amp;provinsi=aceh"' in html
    assert 'href="?provinsi=bali&amp;provinsi=aceh"' in html


def test_facets_show_their_counts_and_what_is_chosen(client, answer):
    Topic.objects.create(name="Logistik", slug="logistik")
    answer(facets={"topik": [FacetValue("logistik", "Logistik", 1234)]})
    html = get(client, "?topik=logistik")
    assert 'value="logistik" checked' in html
    assert "1.234" in html


def test_a_choice_that_would_find_nothing_is_not_offered_unless_chosen(client, answer):
    for name in ("Logistik", "Keuangan", "Humas"):
        Topic.objects.create(name=name, slug=name.lower())
    answer(facets={"topik": [FacetValue("logistik", "Logistik", 3)]})
    html = get(client, "?topik=humas")
    assert [f'value="{slug}"' in html for slug in ("logistik", "humas", "keuangan")] == [True, True, False]


def test_a_chosen_province_offers_all_its_offices(client, answer):
    make_satker(name="KPU Kota Kediri")
    make_satker(name="KPU Kota Denpasar", province=make_province("51", "Bali"))
    html = get(client, "?provinsi=jawa-timur")
    assert "KPU Kota Kediri" in html
    assert "KPU Kota Denpasar" not in html


def test_nothing_found_in_an_office_offers_its_province(client, answer):
    make_satker(code="3571", name="KPU Kota Kediri")
    html = get(client, "?q=dpt&satker=3571")
    assert "Belum ada berita untuk saringan ini" in html
    assert 'href="/cari?q=dpt&amp;provinsi=jawa-timur"' in html
    assert 'href="/cari?q=dpt"' in html


def test_a_better_spelling_keeps_the_filters(client, answer):
    make_province("51", "Bali")
    answer(did_you_mean="rekapitulasi")
    assert 'href="/cari?q=rekapitulasi&amp;provinsi=bali"' in get(client, "?q=rekpitulasi&provinsi=bali")


def test_the_next_page_carries_filters_and_anchor(client, answer):
    answer(entry_ids=[make_entry().pk], next_anchor="d1-2")
    assert 'rel="next" href="/cari?q=psu&amp;sebelum=d1-2"' in get(client, "?q=psu")


def test_the_feed_of_exactly_this_search_is_linked(client, answer):
    assert 'href="/feeds/cari.atom?q=psu&amp;asal=sendiri"' in get(client, "?asal=sendiri&q=psu")


@pytest.mark.parametrize(
    ("query", "status", "named"),
    [
        ("dari=2025-13-01", 400, "dari"),
        ("asal=x", 400, "asal"),
        ("bulan=2025", 400, "bulan"),
        ("provinsi=atlantis", 404, "atlantis"),
        ("satker=0000", 404, "0000"),
    ],
)
def test_a_bad_parameter_is_named(client, query, status, named):
    response = client.get(f"/cari?{query}")
    assert response.status_code == status
    assert named in response.content.decode()


def test_hits_of_a_corrected_question_are_marked_by_it_and_it_is_said_once(client, answer):
    note = "Tidak ada berita dengan kata “rekapitulsi”; ini hasil untuk “rekapitulasi”."
    ids = [make_entry("Rekapitulasi suara").pk]
    answer(
        entry_ids=ids, did_you_mean="rekapitulasi", is_respelled=True, read_as="rekapitulasi", notes=[note]
    )
    html = get(client, "?q=rekapitulsi")
    assert "<mark>Rekapitulasi</mark> suara" in html
    assert note in html
    assert "Mungkin maksud Anda" not in html
    assert "Dibaca sebagai" not in html


def test_a_search_that_ran_out_of_time_is_not_said_to_have_found_nothing_and_not_kept(client, answer):
    answer(is_partial=True, total_is_exact=False, notes=["Pencarian ini berat."])
    response = client.get("/cari?q=berat")
    html = response.content.decode()
    assert "Pencarian ini berat." in html
    assert "Belum ada berita" not in html
    assert "0 berita" not in html
    assert response.headers["Cache-Control"] == "no-store"


def test_queries_do_not_grow_with_the_hits(client, answer, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr("portal.views.search.record", lambda *_args: None)  # writes once a second
    feed = make_feed()
    synonyms.synonyms()  # read once in a while, whatever is asked, as lists of the registry are
    answer(entry_ids=[], facets={})
    get(client, "?q=rapat")
    for size in (2, 20):
        ids = [make_entry("Rapat", feed=feed).pk for _entry in range(size)]
        Picture.objects.bulk_create(Picture(entry_id=pk, name=f"{pk:032d}", tried_at=SEEN) for pk in ids)
        answer(entry_ids=ids, facets={})
        with django_assert_num_queries(1):
            assert "-kecil.webp" in get(client, "?q=rapat")


def test_suggestions_have_the_form_browsers_read(client):
    make_satker(name="KPU Kota Kediri")
    response = client.get("/saran?q=kota ked")
    assert response.headers["Content-Type"] == "application/x-suggestions+json"
    assert response.json() == ["kota ked", ["KPU Kota Kediri"]]


def test_a_search_on_the_page_is_counted_once_whatever_its_pages(client, monkeypatch):
    monkeypatch.setattr(quality, "_tally", quality._Tally())
    monkeypatch.setattr(quality, "WRITE_EVERY", 0.0)
    for number in range(30):
        make_entry(f"Rapat ke-{number}")
    follow(once=True)
    html = client.get("/cari?q=rapat").content.decode()
    anchor = html.split("sebelum=")[1].split('"')[0].replace("&amp;", "&")
    client.get(f"/cari?q=rapat&sebelum={anchor}")
    client.get("/cari")
    assert SearchDay.objects.get().searches == 1
