"""English second: the same pages under /en/, complete, and each names the other."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command

from tests.factories import make_entry

pytestmark = pytest.mark.django_db
PAGES = ("/", "/cari?q=rapat", "/aktivitas", "/satker", "/langganan", "/tentang", "/api/", "/metode")


def test_every_string_of_the_public_pages_has_its_english():
    call_command("update_catalogue", check=True)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_in_english_is_marked_and_worded_as_such(client, path):
    make_entry("Rapat pleno")
    page = client.get(f"/en{path}").content.decode()
    assert '<html lang="en"' in page
    assert "Skip to content" in page
    assert "Lompat ke isi" not in page


def test_each_language_of_a_page_names_the_other(client, settings):
    for path in ("/satker", "/en/satker"):
        page = client.get(path).content.decode()
        named = dict(re.findall(r'<link rel="alternate" hreflang="(\w+)" href="([^"]+)">', page))
        assert named["id"] == f"{settings.BASE_URL}/satker"
        assert named["en"] == f"{settings.BASE_URL}/en/satker"


def test_dates_and_numbers_are_written_as_the_language_writes_them(client):
    entry = make_entry("Rapat pleno")
    address = entry.get_absolute_url()
    assert "Jumat, 20 November 2026, 09.00 WIB" in client.get(address).content.decode()
    assert "Friday, 20 November 2026" in client.get(f"/en{address}").content.decode()


def test_links_of_an_english_page_stay_in_english(client):
    make_entry("Rapat pleno")
    page = client.get("/en/").content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    pages = [
        path for path in re.findall(r'href="(/[^"#?]*)', main) if not path.startswith(("/feeds", "/gambar"))
    ]
    assert [path for path in pages if not path.startswith("/en")] == []
