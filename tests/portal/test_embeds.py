"""Frames for other sites: whole without a script, framed by anybody, and as fresh as a feed."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from aggregator.models import Change, Entry, Stage, Topic
from feeds import former
from tests.browser.vectors import DIRECT, vectors
from tests.factories import make_entry, make_feed, make_province, make_satker

pytestmark = pytest.mark.django_db
NATION = "/sisipan/nasional"


def titles(html: str) -> list[str]:
    return re.findall(r'<li><a href="[^"]+"[^>]*>([^<]+)</a>', html)


def withdraw(entry: Entry, state: str = "withdrawn") -> None:
    entry.state, entry.withdrawn_at = state, timezone.now()
    entry.save()
    Change.objects.mark([entry.pk])


def test_a_frame_shows_the_five_newest_stories_with_office_time_and_a_link_to_the_portal(client, settings):
    office = make_satker(name="KPU Kota Kediri")
    posts = [make_entry(f"Rapat {number}", satker=office) for number in range(1, 2)]
    posts += [make_entry(f"Rapat {number}", feed=posts[0].feed) for number in range(2, 8)]
    html = client.get(NATION).content.decode()
    assert titles(html) == [f"Rapat {number}" for number in (7, 6, 5, 4, 3)]
    assert html.count("KPU Kota Kediri") == 5
    assert html.count("20 Nov 2026, 09.00 WIB") == 5
    link = f'href="{settings.BASE_URL}{posts[-1].get_absolute_url()}" target="_blank" rel="noopener"'
    assert link in html
    assert "Sumber: situs kantor KPU" in html


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/sisipan/provinsi/jawa-timur", "/provinsi/jawa-timur"),
        ("/sisipan/satker/3571", "/satker/3571/kpu-kota-kediri"),
        ("/sisipan/topik/logistik", "/topik/logistik"),
        ("/sisipan/tahapan/kampanye", "/tahapan/kampanye"),
        ("/sisipan/tahapan/non", "/tahapan"),
        ("/sisipan/cari?provinsi=jawa-timur&asal=sendiri", "/cari?provinsi=jawa-timur&amp;asal=sendiri"),
        (f"{NATION}?semua=1", "/"),
    ],
)
def test_every_channel_has_a_frame_that_names_the_channels_page(client, settings, path, page):
    make_satker(code="3571", slug="kpu-kota-kediri")
    Topic.objects.create(name="Logistik", slug="logistik")
    Stage.objects.create(name="Kampanye", slug="kampanye", election="pemilu-2024")
    response = client.get(path)
    assert response.status_code == 200
    assert f'<link rel="canonical" href="{settings.BASE_URL}{page}">' in response.content.decode()
    assert '<meta name="robots" content="noindex">' in response.content.decode()
    assert response["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize(
    ("path", "status", "named"),
    [
        ("/sisipan/provinsi/atlantis", 404, "atlantis"),
        ("/sisipan/satker/9x", 404, "9x"),
        ("/sisipan/cari?provinsi=atlantis", 404, "atlantis"),
        ("/sisipan/cari?propinsi=bali", 400, "propinsi"),
        ("/en/sisipan/cari?propinsi=bali", 400, "propinsi"),
        ("/sisipan/cari?dari=kemarin", 400, "dari"),
        (f"{NATION}?jumlah=11", 400, "jumlah"),
        (f"{NATION}?jumlah=0", 400, "jumlah"),
        (f"{NATION}?jumlah=²", 400, "jumlah"),
        (f"{NATION}?tema=ungu", 400, "tema"),
        ("/sisipan/berita/99", 404, "nomor"),
    ],
)
def test_what_does_not_exist_is_said_in_the_frame_with_a_way_on(client, path, status, named):
    response = client.get(path)
    html = response.content.decode()
    assert response.status_code == status
    assert named in html
    assert "/langganan" in html
    assert "X-Frame-Options" not in response


def test_a_withdrawn_channel_has_no_frame(client):
    assert client.get("/sisipan/ditarik").status_code == 404


def test_a_renamed_province_leads_to_its_new_frame(client):
    place = make_province("51", "Bali")
    former.remember()
    place.slug = "bali-baru"
    place.save()
    for start in ("", "/en"):
        response = client.get(f"{start}/sisipan/provinsi/bali?jumlah=3")
        assert (response.status_code, response["Location"]) == (
            301,
            f"{start}/sisipan/provinsi/bali-baru?jumlah=3",
        )


def test_number_and_theme_can_be_chosen(client):
    feed = make_feed()
    for number in range(12):
        make_entry(f"Rapat {number}", feed=feed)
    html = client.get(f"{NATION}?jumlah=10&tema=gelap").content.decode()
    assert len(titles(html)) == 10
    assert '<html lang="id" data-tema="gelap">' in html
    assert "data-tema" not in client.get(NATION).content.decode()


def test_frames_alone_may_be_framed_and_nothing_in_them_can_run(client):
    entry = make_entry()
    for path in (NATION, f"/sisipan/berita/{entry.pk}"):
        response = client.get(path)
        assert "X-Frame-Options" not in response
        policy = response["Content-Security-Policy"]
        assert "frame-ancestors *" in policy
        assert policy.startswith("default-src 'none'")
        assert "script-src" not in policy and "unsafe" not in policy
        assert "<script" not in response.content.decode()
        assert not response.cookies
        assert "Cookie" not in response.headers.get("Vary", "")
    for path in ("/", "/langganan", entry.get_absolute_url(), "/feeds/nasional", "/feeds/nasional.atom"):
        response = client.get(path)
        assert response["X-Frame-Options"] == "DENY"
        assert "frame-ancestors *" not in response["Content-Security-Policy"]


def test_caches_are_told_what_they_are_told_of_feeds(client):
    make_entry()
    response = client.get(NATION)
    assert response["Cache-Control"] == client.get("/feeds/nasional.atom")["Cache-Control"]
    again = client.get(NATION, headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("state", ["held", "withdrawn"])
def test_what_is_recalled_leaves_frames_at_once(client, state):
    gone, kept = make_entry("Situs judi gacor", summary="daftar slot"), make_entry("Rapat pleno")
    own = f"/sisipan/berita/{gone.pk}"
    tag = client.get(NATION)["ETag"]
    assert client.get(own).status_code == 200
    withdraw(gone, state)
    response = client.get(NATION, headers={"If-None-Match": tag})
    assert response.status_code == 200
    assert titles(response.content.decode()) == [kept.public_revision.title]
    answer = client.get(own)
    assert answer.status_code == 410
    assert "gacor" not in answer.content.decode() and "slot" not in answer.content.decode()


def test_a_post_that_never_was_public_is_in_no_frame(client):
    entry = make_entry("Menunggu diperiksa", public=False, state="held")
    assert "Menunggu" not in client.get(NATION).content.decode()
    answer = client.get(f"/sisipan/berita/{entry.pk}")
    assert answer.status_code == 404
    assert "Menunggu" not in answer.content.decode()


def test_an_empty_channel_says_so(client):
    make_province("51", "Bali")
    assert "Belum ada berita" in client.get("/sisipan/provinsi/bali").content.decode()


def test_a_frame_costs_the_same_few_queries_whatever_it_shows(client, django_assert_num_queries):
    feed = make_feed()
    make_entry(feed=feed)

    def count(path: str, most: int) -> None:
        client.get(f"{path}?jumlah=1")
        with django_assert_num_queries(most):
            client.get(path)

    count("/sisipan/provinsi/jawa-timur", 3)
    for _number in range(9):
        make_entry(feed=feed)
    count("/sisipan/provinsi/jawa-timur?tema=gelap", 3)


def test_a_frame_in_english_leads_to_english_pages(client, settings):
    entry = make_entry("Rapat pleno")
    html = client.get(f"/en{NATION}").content.decode()
    assert '<html lang="en">' in html
    assert "More news" in html
    assert f'href="{settings.BASE_URL}/en{entry.get_absolute_url()}"' in html


def test_nothing_of_a_hacked_post_is_markup_in_a_frame(client):
    feed = make_feed()
    for vector in (one.replace("\0", "") for one in vectors()[: len(DIRECT)]):
        make_entry(f"Judul {vector}"[:500], feed=feed, summary=vector)
    pages = [client.get(f"/sisipan/berita/{pk}") for pk in Entry.objects.values_list("pk", flat=True)]
    for html in [client.get(f"{NATION}?jumlah=10").content.decode(), *(p.content.decode() for p in pages)]:
        bare = re.sub(r'"[^"]*"', '""', html)
        tags = set(re.findall(r"<(\w+)", bare))
        own = {
            "html",
            "head",
            "meta",
            "title",
            "link",
            "body",
            "header",
            "a",
            "b",
            "span",
            "h1",
            "main",
            "ol",
        }
        assert tags <= own | {"li", "p", "time", "article", "footer"}
        assert not re.search(r"<[^>]*\son\w+=", bare)


def test_the_builder_gives_the_html_and_a_preview_without_a_script(client, settings):
    make_province("51", "Bali")
    html = client.get("/langganan?provinsi=bali&jumlah=3&tema=gelap").content.decode()
    address = "/sisipan/provinsi/bali?jumlah=3&amp;tema=gelap"
    assert f'<a class="button plain" href="{address}">' in html
    snippet = re.search(r"<textarea[^>]*>(.*?)</textarea>", html, re.S)
    assert snippet
    assert f"src=&quot;{settings.BASE_URL}{address.replace('&amp;', '&amp;amp;')}&quot;" in snippet[1]
    assert "title=&quot;Berita KPU di Bali&quot;" in snippet[1]
    assert '<input type="hidden" name="provinsi" value="bali">' in html


def test_the_builder_keeps_every_filter_of_a_search(client):
    make_province("51", "Bali")
    html = client.get("/langganan?q=psu&provinsi=bali&asal=sendiri").content.decode()
    assert 'href="/sisipan/cari?q=psu&amp;provinsi=bali&amp;asal=sendiri"' in html


def test_of_what_was_withdrawn_the_builder_offers_no_frame(client):
    assert "Pasang di situs Anda" not in client.get("/langganan?umpan=/feeds/ditarik").content.decode()
