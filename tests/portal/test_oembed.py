"""The oEmbed provider (https://oembed.com): own addresses only, and nothing but a frame."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone
from lxml import etree

from aggregator.models import Change, Topic
from tests.factories import make_entry, make_province, make_satker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_address(settings) -> None:
    settings.BASE_URL = "https://berita.kpu.example"


def ask(client, path: str, **more: object):
    return client.get("/oembed", {"url": f"https://berita.kpu.example{path}", **more})


def test_a_post_is_shown_by_a_frame_and_named_with_its_office(client):
    entry = make_entry("Rapat pleno", satker=make_satker("3571", name="KPU Kota Kediri", slug="kediri"))
    response = ask(client, entry.get_absolute_url())
    answer = response.json()
    assert response["Content-Type"] == "application/json; charset=utf-8"
    assert {name: answer[name] for name in ("version", "type", "title", "author_name", "author_url")} == {
        "version": "1.0",
        "type": "rich",
        "title": "Rapat pleno",
        "author_name": "KPU Kota Kediri",
        "author_url": "https://berita.kpu.example/satker/3571/kediri",
    }
    assert (answer["provider_name"], answer["provider_url"]) == ("Berita KPU", "https://berita.kpu.example/")
    assert answer["cache_age"] <= 60
    assert f'src="https://berita.kpu.example/sisipan/berita/{entry.pk}"' in answer["html"]
    assert f'width="{answer["width"]}" height="{answer["height"]}"' in answer["html"]
    assert "Rapat pleno" not in answer["html"]  # a site keeps it for years; the frame alone can be recalled
    shown = urlsplit(answer["thumbnail_url"])
    assert client.get(shown.path).status_code == 200


@pytest.mark.parametrize(
    ("path", "frame", "author"),
    [
        ("/", "/sisipan/nasional", "Komisi Pemilihan Umum Republik Indonesia"),
        ("", "/sisipan/nasional", "Komisi Pemilihan Umum Republik Indonesia"),
        ("/provinsi/bali", "/sisipan/provinsi/bali", "Komisi Pemilihan Umum Republik Indonesia"),
        ("/satker/5171/denpasar", "/sisipan/satker/5171", "KPU Kota Denpasar"),
        ("/satker/5171", "/sisipan/satker/5171", "KPU Kota Denpasar"),
        ("/topik/logistik", "/sisipan/topik/logistik", "Komisi Pemilihan Umum Republik Indonesia"),
        ("/cari?q=psu&provinsi=bali", "/sisipan/cari?q=psu&provinsi=bali", "Komisi Pemilihan Umum Republik"),
        ("/cari?provinsi=bali", "/sisipan/provinsi/bali", "Komisi Pemilihan Umum Republik Indonesia"),
        ("/feeds/satker/5171", "/sisipan/satker/5171", "KPU Kota Denpasar"),
        ("/sisipan/nasional?jumlah=3&tema=gelap", "/sisipan/nasional?jumlah=3&tema=gelap", "Komisi"),
        ("/en/provinsi/bali", "/en/sisipan/provinsi/bali", "Komisi Pemilihan Umum Republik Indonesia"),
    ],
)
def test_a_page_of_a_channel_is_shown_by_the_channels_frame(client, path, frame, author):
    bali = make_province("51", "Bali")
    make_satker("5171", name="KPU Kota Denpasar", slug="denpasar", province=bali)
    Topic.objects.create(name="Logistik", slug="logistik")
    answer = ask(client, path).json()
    source = re.search(r'src="([^"]+)"', answer["html"])
    assert source
    address = html.unescape(source[1])
    assert address == f"https://berita.kpu.example{frame}"
    assert answer["author_name"].startswith(author)
    assert client.get(address.removeprefix("https://berita.kpu.example")).status_code == 200


def test_the_room_of_the_asking_site_is_kept(client):
    make_entry()
    narrow = ask(client, "/", maxwidth=320, maxheight=300).json()
    assert (narrow["width"], narrow["height"] <= 300) == (320, True)
    assert "jumlah=2" in narrow["html"]
    assert "thumbnail_url" not in narrow
    wide = ask(client, "/", maxwidth=2000, maxheight=2000).json()
    assert (wide["width"], wide["thumbnail_width"], wide["thumbnail_height"]) == (600, 1200, 630)


def test_as_xml_it_says_the_same(client):
    entry = make_entry('Rapat <b>"pleno" & \u0001rekapitulasi')
    told = ask(client, entry.get_absolute_url()).json()
    response = ask(client, entry.get_absolute_url(), format="xml")
    assert response["Content-Type"] == "text/xml; charset=utf-8"
    root = etree.fromstring(response.content)
    assert root.tag == "oembed"
    assert {child.tag: child.text for child in root} == {name: str(value) for name, value in told.items()}


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/berita/1",
        "http://berita.kpu.example/",
        "https://berita.kpu.example:8443/",
        "https://berita.kpu.example@elsewhere.example/",
        "https://x@berita.kpu.example/",
        "//berita.kpu.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://[::1",
        "https://berita.kpu.example/pantauan",
        "https://berita.kpu.example/tidak-ada",
        "https://berita.kpu.example/berita/999",
        "https://berita.kpu.example/provinsi/atlantis",
        "https://berita.kpu.example/feeds/ditarik",
        "https://berita.kpu.example/ditarik",
        "https://berita.kpu.example/\x00",
        "https://berita.kpu.example/" + "x" * 3000,
    ],
)
def test_what_is_no_page_of_ours_to_show_is_not_found(client, address):
    response = client.get("/oembed", {"url": address})
    assert response.status_code == 404
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "elsewhere" not in response.content.decode()


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"format": "yaml"}, 501),
        ({"maxwidth": "lebar"}, 400),
        ({"maxheight": "0"}, 400),
        ({"maxwidth": "-5"}, 400),
        ({"maxwidth": "9" * 30}, 400),
        ({"url": ""}, 400),
        ({"url": "https://berita.kpu.example/cari?dari=kemarin"}, 400),
        ({"url": "https://berita.kpu.example/sisipan/nasional?jumlah=99"}, 400),
    ],
)
def test_what_cannot_be_answered_is_refused_as_the_specification_says(client, more, status):
    assert ask(client, "/", **more).status_code == status


@pytest.mark.parametrize("state", ["held", "withdrawn"])
def test_what_is_recalled_is_not_found(client, state):
    entry = make_entry("Situs judi gacor")
    address = entry.get_absolute_url()
    assert ask(client, address).status_code == 200
    entry.state, entry.withdrawn_at = state, timezone.now()
    entry.save()
    Change.objects.mark([entry.pk])
    response = ask(client, address)
    assert response.status_code == 404
    assert "gacor" not in response.content.decode()


def test_answers_are_open_to_scripts_revalidated_and_inert(client):
    make_entry()
    response = ask(client, "/")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert not response.cookies
    known = {"If-None-Match": response["ETag"]}
    again = client.get("/oembed", {"url": "https://berita.kpu.example/"}, headers=known)
    assert again.status_code == 304


def test_markup_of_a_title_stays_text_in_the_frame_and_its_attributes(client):
    entry = make_entry("x", satker=make_satker(name='KPU "><script>alert(1)</script>'))
    answer = ask(client, entry.get_absolute_url()).json()
    assert "<script" not in answer["html"]
    assert answer["html"].count('"') == 2 * answer["html"].count('="')


@pytest.mark.parametrize("form", ["json", "xml"])
def test_pages_name_the_answer_that_tells_how_to_show_them(client, form):
    entry = make_entry()
    pages = [
        "/",
        entry.get_absolute_url(),
        entry.satker.get_absolute_url(),
        "/provinsi/jawa-timur",
        "/cari?provinsi=jawa-timur",
        "/feeds/provinsi/jawa-timur",
        "/en/provinsi/jawa-timur",
    ]
    kind = {"json": "application/json+oembed", "xml": "text/xml+oembed"}[form]
    for page in pages:
        text = client.get(page).content.decode()
        link = re.search(rf'<link rel="alternate" type="{re.escape(kind)}" href="([^"]+)"', text)
        assert link, page
        asked = urlsplit(html.unescape(link[1]))
        assert parse_qs(asked.query)["url"] == [f"https://berita.kpu.example{page}"]
        assert client.get(f"{asked.path}?{asked.query}").status_code == 200


def test_an_answer_costs_a_handful_of_queries(client, django_assert_max_num_queries):
    entry = make_entry()
    with django_assert_max_num_queries(3):
        ask(client, entry.get_absolute_url())
    with django_assert_max_num_queries(5):
        ask(client, "/provinsi/jawa-timur")
