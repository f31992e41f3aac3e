"""All types of pages at once: valid HTML, no dead link, light styles."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urldefrag, urljoin, urlsplit

import pytest
from django.conf import settings
from lxml.html import document_fromstring

from tests.factories import begin_numbers_at
from tests.small_news import PAGES, make_small_news

pytestmark = pytest.mark.django_db
CHECKER = settings.BASE_DIR / "var/tools/node_modules/vnu-jar/build/dist/vnu.jar"
MOST_CSS = 20_000  # bytes, compressed
NAMING = ("a", "link", "form", "script", "img")


@dataclass(frozen=True)
class Links:
    """What a page names, and the places in it."""

    found: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()


@pytest.fixture(scope="module")
def small_news(module_db: None) -> None:
    begin_numbers_at(4000)
    make_small_news()


@pytest.fixture(scope="module")
def kept() -> dict[str, str]:
    return {}


@pytest.fixture
def pages(client, small_news, kept) -> dict[str, str]:
    """Every page, made once."""
    found = kept
    for name, (path, status) in PAGES.items() if not kept else ():
        response = client.get(path, follow=True)
        assert response.status_code == status, path
        found[name] = response.content.decode()
    return found


@pytest.mark.timeout(300)
def test_all_pages_are_valid_html(pages, tmp_path):
    """By the Nu Html Checker, which `make services` fetches where Java and npm are."""
    jar = Path(os.environ.get("VNU_JAR", CHECKER))
    if shutil.which("java") is None or not jar.exists():
        pytest.skip("no Java, or no vnu.jar (deploy/test_services.sh fetches it by npm)")
    for name, html in pages.items():
        (tmp_path / f"{name}.html").write_text(html, encoding="utf-8")
    command = [
        "java",
        "-jar",
        str(jar),
        "--format",
        "json",
        "--errors-only",
        "--exit-zero-always",
        str(tmp_path),
    ]
    said = subprocess.run(command, capture_output=True, text=True, timeout=250, check=True).stderr
    faults = [
        (row["url"].rpartition("/")[2], row["message"], row.get("extract", "")[:120])
        for row in json.loads(said)["messages"]
    ]
    assert faults == []


@pytest.mark.timeout(400)
def test_no_link_between_our_pages_is_dead(client, pages, settings):
    """Every address that any page names answers, and where it names a place, the place is there. Of the
    hundreds of searches that differ only in their values one of a kind is asked."""
    settings.LIMIT_SEARCH = settings.LIMIT_API = 100_000
    asked: dict[tuple[str, frozenset[str]], Links] = {}
    dead = []
    for name, html in pages.items():
        if name == "gaya":
            continue  # its links are made up
        here = urljoin(settings.BASE_URL, PAGES[name][0])
        for link in sorted(links(html).found):
            address, place = urldefrag(urljoin(here, link))
            parts = urlsplit(address)
            if not address.startswith(settings.BASE_URL) or parts.path.startswith("/static/"):
                continue
            kind = (parts.path, frozenset(parse_qs(parts.query)))
            if kind not in asked:
                response = client.get(f"{parts.path}?{parts.query}", follow=True)
                if response.status_code != 200 and address != here:
                    dead.append((name, address, response.status_code))
                is_page = "html" in response.headers.get("Content-Type", "")
                asked[kind] = links(response.content.decode()) if is_page else Links()
            if place and asked[kind].ids and place not in asked[kind].ids:
                dead.append((name, address, place))
    assert dead == []


def test_no_number_is_written_in_groups_of_three_where_a_program_reads_it(pages):
    """4.001 in an address or a drawing is another number than 4001, or none."""
    read = (
        r"\s(?:value|href|action|name|id|for|aria-labelledby|aria-controls|data-[\w-]+"
        r'|min|max|width|height|viewBox|d|x|y|points)="([^"]*)"'
    )
    for name, html in pages.items():
        found = [
            value
            for value in re.findall(read, html)
            if re.search(r"(?<![\d.])[1-9]\d{0,2}\.\d{3}(?!\d)", value)
        ]
        assert found == [], name
    assert "/berita/40" in pages["beranda"]


def links(html: str) -> Links:
    page = document_fromstring(html)
    named = (one.get(name) for one in page.iter(*NAMING) for name in ("href", "src", "action"))
    return Links(frozenset(filter(None, named)), frozenset(filter(None, page.xpath("//@id"))))


def test_the_style_sheet_is_light_and_holds_nothing_back():
    css = (settings.BASE_DIR / "portal/static/portal/site.css").read_bytes()
    assert len(gzip.compress(css)) <= MOST_CSS
    assert b"url(http" not in css
    assert b"@import" not in css


def test_a_page_has_one_request_that_blocks_rendering(pages):
    for name, html in pages.items():
        blocking = re.findall(
            r'<link rel="stylesheet"|<script(?![^>]*(?:\sdefer|type="application/ld))', html
        )
        assert len(blocking) == 1, name


def test_every_page_says_where_it_is_in_the_other_language(pages):
    for name, (_path, status) in PAGES.items():
        expected = status == 200
        assert ('hreflang="en" href="' in pages[name]) is expected, name
    assert f'hreflang="en" href="{settings.BASE_URL}/en/satker"' in pages["kantor"]
    assert f'hreflang="id" href="{settings.BASE_URL}/"' in pages["inggris"]
    assert '<html lang="en">' in pages["inggris"]
