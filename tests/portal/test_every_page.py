"""What holds on every public page: privacy, policy, language, and errors in words."""

from __future__ import annotations

import re

import pytest
from django.template import TemplateDoesNotExist
from django.test import Client
from django.urls import reverse

from aggregator.errors import IndexUnavailable, QueryRefused
from portal.views import home
from tests.factories import make_entry, make_feed, make_satker

pytestmark = pytest.mark.django_db

PATHS = [
    "/",
    "/cari",
    "/cari?q=rapat",
    "/satker",
    "/satker/3571/kpu-kota-kediri",
    "/provinsi",
    "/provinsi/jawa-timur",
    "/topik",
    "/tahapan",
    "/aktivitas",
    "/langganan",
    "/langganan/periksa",
    "/langganan/berhenti/sudah-tidak-ada",
    "/ditarik",
    "/tentang",
    "/tentang/pengambil-umpan",
    "/metode",
    "/privasi",
    "/gaya",
    "/berita/7/kpu-gelar-rapat-pleno",
    "/berita/7/riwayat",
    "/tidak-ada",
]


@pytest.fixture(autouse=True, scope="module")
def _some_news(module_db):
    satker = make_satker(code="3571", slug="kpu-kota-kediri")
    make_entry(pk=7, feed=make_feed(satker=satker))


@pytest.fixture(params=PATHS, scope="module")
def response(request, _some_news):
    """Each page made once for all that is to hold on it."""
    return Client().get(request.param)


def test_no_cookie_is_set_and_none_is_looked_at(response):
    assert not response.cookies
    assert "Cookie" not in response.headers.get("Vary", "")


def test_the_content_policy_allows_our_own_files_only(response):
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_nothing_inline_and_nothing_from_elsewhere_is_loaded(response):
    html = re.sub(r"(?s)(<textarea[^>]*>).*?</textarea>", r"\1", response.content.decode())  # HTML as a text
    assert not re.search(
        r"<style|\sstyle=|\son[a-z]+=|<script(?! type=\"application/ld\+json\">)(?![^>]*\ssrc=)", html
    )
    assert not re.findall(r'(?:src|<link[^>]*href)="https?://(?!127\.0\.0\.1:8000)[^"]+', html)


def test_the_page_is_whole_html_in_indonesian_with_one_main_heading(response):
    html = response.content.decode()
    assert '<html lang="id">' in html
    assert html.rstrip().endswith("</html>")
    if response.wsgi_request.path != "/gaya":
        assert len(re.findall(r"<h1[ >]", html)) == 1


def test_ids_are_unique(response):
    ids = re.findall(r'\sid="([^"]+)"', response.content.decode())
    assert len(ids) == len(set(ids))


def test_search_and_skip_link_are_on_every_page(response):
    html = response.content.decode()
    assert 'name="q"' in html
    assert 'class="skip" href="#isi"' in html


def test_shared_caches_keep_a_page_for_half_a_minute_at_most(client):
    control = client.get("/").headers["Cache-Control"]
    assert "public" in control
    assert "max-age=30" in control
    assert "stale-while-revalidate" in control


def test_an_unknown_address_gets_a_page_that_helps(client):
    response = client.get("/tidak-ada")
    assert response.status_code == 404
    assert 'action="/cari"' in response.content.decode()


def test_a_browser_of_any_language_gets_the_page_of_the_address(client):
    response = client.get("/tentang", headers={"accept-language": "en"})
    assert '<html lang="id">' in response.content.decode()
    assert "Accept-Language" not in response.headers.get("Vary", "")


@pytest.mark.parametrize(
    ("error", "status"), [(IndexUnavailable("rusak"), 503), (QueryRefused("terlalu rumit"), 400)]
)
def test_search_trouble_is_a_plain_page(client, monkeypatch, error, status):
    monkeypatch.setattr("portal.views.search.ask", lambda *_args, **_more: (_ for _ in ()).throw(error))
    response = client.get("/cari?q=x")
    assert response.status_code == status
    assert "Traceback" not in response.content.decode()


def test_a_bug_is_a_plain_page_that_is_not_kept(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr(home.lists, "newest_folded", lambda _entries: 1 / 0)
    response = client.get("/")
    assert response.status_code == 500
    assert response.headers["Cache-Control"] == "no-store"
    assert "ZeroDivisionError" not in response.content.decode()


def test_every_error_has_its_page():
    from django.template.loader import get_template

    for status in (400, 403, 404, 410, 500, 503):
        try:
            get_template(f"{status}.html")
        except TemplateDoesNotExist:
            pytest.fail(f"there is no page for {status}")


def test_the_active_section_is_marked(client):
    html = client.get(reverse("satker_list")).content.decode()
    assert re.search(r'href="/satker" aria-current="page"', html)
