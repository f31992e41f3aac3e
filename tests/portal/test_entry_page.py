"""One post: its page, its versions, and what is left when it is withdrawn."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from aggregator.models import Entry, EntryTopic, Revision, Story, Topic
from tests.factories import SEEN, make_entry, make_feed, make_province, make_public, make_satker

pytestmark = pytest.mark.django_db


def test_the_page_names_satker_time_with_zone_and_the_original(client):
    satker = make_satker(
        name="KPU Kota Kediri", province=make_province("91", "Papua"), timezone="Asia/Jayapura"
    )
    at = datetime(2021, 8, 20, 0, 0, tzinfo=UTC)
    entry = make_entry(feed=make_feed(satker=satker), published_at=at, url="https://asal.example/1")
    html = client.get(entry.get_absolute_url()).content.decode()
    assert "KPU Kota Kediri" in html
    assert "Jumat, 20 Agustus 2021, 09.00 WIT" in html
    assert html.index("Baca di situs asal") < html.index('class="body"')
    assert 'href="https://asal.example/1"' in html


def test_another_slug_is_redirected_for_good(client):
    entry = make_entry("Penetapan DPT")
    for path in (f"/berita/{entry.pk}", f"/berita/{entry.pk}/salah", f"/berita/{entry.pk}/a/b"):
        response = client.get(path)
        assert (response.status_code, response["Location"]) == (301, f"/berita/{entry.pk}/penetapan-dpt")


def test_a_post_that_never_was_public_is_not_found(client):
    held = make_entry("Judul jahat", public=False, state="held")
    response = client.get(f"/berita/{held.pk}/judul-jahat")
    assert response.status_code == 404
    assert "Judul jahat" not in response.content.decode()


@pytest.mark.parametrize("state", ["withdrawn", "held"])
@pytest.mark.parametrize("tail", ["judul-jahat", "riwayat", "lain"])
def test_a_post_that_was_public_once_is_gone_without_a_word_of_it(client, state, tail):
    entry = make_entry("Judul jahat", text="slot gacor", url="https://jahat.example/")
    Entry.objects.filter(pk=entry.pk).update(state=state)
    response = client.get(f"/berita/{entry.pk}/{tail}")
    html = response.content.decode()
    assert response.status_code == 410
    assert not any(word in html.lower() for word in ("jahat", "gacor"))


def test_the_list_of_withdrawn_posts_has_numbers_and_no_titles(client):
    entry = make_entry("Judul jahat")
    Entry.objects.filter(pk=entry.pk).update(state="withdrawn", withdrawn_at=timezone.now())
    make_entry("Masih terbit")
    html = client.get("/ditarik").content.decode()
    assert f">{entry.pk}<" in html
    assert "jahat" not in html.lower()
    assert "Masih terbit" not in html


def test_the_list_tells_what_was_withdrawn_from_what_is_held_and_may_come_back(client):
    for state in ("withdrawn", "held"):
        entry = make_entry()
        Entry.objects.filter(pk=entry.pk).update(state=state, withdrawn_at=timezone.now())
    html = client.get("/ditarik").content.decode()
    assert html.count("<td>Ditarik, ") == html.count("<td>Ditahan untuk diperiksa, ") == 1


def test_every_tombstone_is_reached_once(client, monkeypatch):
    monkeypatch.setattr("portal.views.entry.TOMBSTONES", 3)
    numbers = []
    for number in range(8):
        entry = make_entry(state=("withdrawn", "held")[number % 2], public=False, released_at=SEEN)
        numbers.append(str(entry.pk))
    seen, query = [], ""
    while True:
        html = client.get(f"/ditarik{query}").content.decode()
        seen += re.findall(r'<th scope="row">(\d+)</th>', html)
        following = re.search(r'rel="next" href="([^"]+)"', html)
        if not following:
            break
        query = following[1]
    assert seen == numbers[::-1]


def test_history_shows_public_versions_only(client):
    entry = make_entry("Versi satu")
    for number, title in ((2, "Versi dua"), (3, "Versi jahat")):
        revision = Revision.objects.create(entry=entry, number=number, title=title, content_sha256="0" * 64)
        if number == 2:
            make_public(entry, revision)
    html = client.get(f"/berita/{entry.pk}/riwayat").content.decode()
    assert "Versi satu" in html
    assert "Versi dua" in html
    assert "Versi jahat" not in html


def test_the_page_shows_the_public_version_although_a_newer_one_waits(client):
    entry = make_entry("Bersih", content_html="<p>isi bersih</p>")
    Revision.objects.create(
        entry=entry, number=2, title="Jahat", content_html="jahat", content_sha256="0" * 64
    )
    html = client.get(entry.get_absolute_url()).content.decode()
    assert "isi bersih" in html
    assert "ahat" not in html


def test_offices_that_carry_a_story_are_listed(client):
    story = Story.objects.create()
    lead = make_entry("Siaran", story=story, carriers=1)
    other = make_entry("Siaran", story=story, is_lead=False)
    make_entry("Siaran", story=story, is_lead=False, public=False)
    html = client.get(lead.get_absolute_url()).content.decode()
    assert "Dimuat juga oleh 1 satker" in html
    assert other.get_absolute_url() in html


def test_topics_say_why_and_removed_ones_are_not_shown(client):
    entry = make_entry()
    for name, removed in (("Logistik", False), ("Keuangan", True)):
        topic = Topic.objects.create(name=name, slug=name.lower())
        EntryTopic.objects.create(entry=entry, topic=topic, rule="judul: kotak suara", removed=removed)
    html = client.get(entry.get_absolute_url()).content.decode()
    assert "Logistik" in html
    assert "judul: kotak suara" in html
    assert "Keuangan" not in html


def test_what_staff_corrected_is_said_without_their_name(client):
    entry = make_entry(stage_rule="staff")
    topic = Topic.objects.create(name="Logistik", slug="logistik")
    EntryTopic.objects.create(entry=entry, topic=topic, by_staff=True)
    assert client.get(entry.get_absolute_url()).content.decode().count("ditetapkan petugas") == 2


def test_no_stage_says_why_too(client):
    entry = make_entry(stage_rule="non-tahapan: di luar jadwal semua tahapan")
    assert "<dd>di luar jadwal semua tahapan</dd>" in client.get(entry.get_absolute_url()).content.decode()


def test_a_title_with_markup_is_shown_as_text(client):
    entry = make_entry("<script>alert(1)</script> & “kutip”")
    html = client.get(entry.get_absolute_url()).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_an_attachment_shows_its_type_and_size(client):
    file = {
        "url": "https://asal.example/a/Pengumuman%20DPT.pdf",
        "media_type": "application/pdf",
        "length": 1234567,
    }
    html = client.get(make_entry(enclosures=[file]).get_absolute_url()).content.decode()
    assert "Pengumuman DPT.pdf" in html
    assert "1,2 MB" in html


def test_a_vanished_original_is_said(client):
    entry = make_entry(gone_at=timezone.now() - timedelta(days=1))
    assert "tidak ditemukan lagi sejak" in client.get(entry.get_absolute_url()).content.decode()


def test_entry_numbers_have_no_thousands_separator(client):
    entry = make_entry("Nomor besar", pk=1234567)
    html = client.get("/").content.decode()
    assert f"/berita/{entry.pk}/nomor-besar" in html


def test_many_tombstones_cost_no_query_each(client, django_assert_max_num_queries):
    for _ in range(12):
        make_entry(state="withdrawn", public=False, released_at=SEEN)
    with django_assert_max_num_queries(6):
        assert client.get("/ditarik").status_code == 200


def test_what_stands_beside_a_post_costs_no_query_each(client, django_assert_max_num_queries):
    entry = make_entry("Rapat pleno")
    story = Story.objects.create(lead=entry)
    topic = Topic.objects.create(slug="rapat-uji", name="Rapat")
    others = [make_entry(f"Lainnya {n}", feed=entry.feed) for n in range(4)]
    others += [make_entry(f"Pemuat {n}", story=story) for n in range(4)]
    others += [make_entry(f"Sejenis {n}") for n in range(4)]
    Entry.objects.filter(pk=entry.pk).update(story=story)
    EntryTopic.objects.bulk_create(EntryTopic(entry=one, topic=topic) for one in [entry, *others])
    with django_assert_max_num_queries(8):
        html = client.get(entry.get_absolute_url()).content.decode()
    assert all(title in html for title in ("Lainnya 3", "4 satker", "Sejenis 3"))
