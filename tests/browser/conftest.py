"""Real headless Chromium against a real server. Skipped by name where there is no Chromium."""

from __future__ import annotations

import gc
import os
import shutil
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as portal_settings
from django.test import override_settings
from django.utils import timezone
from playwright.sync_api import Browser, sync_playwright

from aggregator.models import EntryTopic, Province, Revision, Stage, Story, Topic
from tests.factories import make_entry, make_feed, make_province, make_public, make_satker

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's sync API keeps a loop in this thread

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
SHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"


@pytest.fixture(scope="session", autouse=True)
def _plain_static_files() -> Iterator[None]:
    """For the whole session: the live server is made once. No collected folder is asked for."""
    storages = {
        **portal_settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(STORAGES=storages, WHITENOISE_AUTOREFRESH=True, WHITENOISE_USE_FINDERS=True):
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
    with warnings.catch_warnings():  # what the live server's threads left behind is not a later test's fault
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


LONG_TITLE = (
    "Rapat pleno terbuka rekapitulasi daftar pemilih berkelanjutan triwulan ketiga bersama Bawaslu, Dukcapil,"
    " TNI, Polri, dan partai politik"
)
BODY = "<p>Isi</p><h2>Bagian</h2><blockquote>Kutipan</blockquote><table><tr><td>1</td></tr></table>"
PLACES = [
    ("11", "Aceh", "AC", 0, 0), ("35", "Jawa Timur", "JI", 5, 6), ("51", "Bali", "BA", 5, 7),
    ("53", "Nusa Tenggara Timur", "NT", 5, 9), ("71", "Sulawesi Utara", "SA", 1, 10),
    ("91", "Papua", "PA", 1, 14), ("95", "Papua Pegunungan", "PE", 2, 14),
]  # fmt: skip


@pytest.fixture
def news(transactional_db, settings) -> None:
    """A small Indonesia with every kind of row a page may show. Entry 1 has all there is."""
    settings.DEMO = True
    now = timezone.now()
    places = [
        make_province(code, name, abbr=abbr, tile_row=row, tile_col=column)
        for code, name, abbr, row, column in PLACES
    ]
    feeds = [_office(number, place) for number, place in enumerate(places[:-1], start=1)]
    topics = [Topic.objects.create(name=name, slug=name.lower()) for name in ("Logistik", "Keuangan")]
    today = timezone.localdate()
    stage = Stage.objects.create(
        slug="kampanye",
        name="Masa kampanye",
        election="pemilu-2024",
        start=today - timedelta(days=200),
        end=today - timedelta(days=150),
    )
    story = Story.objects.create()
    rich = make_entry(
        LONG_TITLE,
        pk=1,
        feed=feeds[4],
        published_at=now - timedelta(minutes=5),
        story=story,
        carriers=2,
        stage=stage,
        summary="Satu baris ringkasan. " * 9,
        content_html=BODY,
        enclosures=[
            {"url": "https://asal.example/DPT.pdf", "media_type": "application/pdf", "length": 123456}
        ],
    )
    correction = Revision.objects.create(
        entry=rich, number=2, url=rich.url, title=LONG_TITLE, content_html=BODY, content_sha256="2" * 64
    )
    make_public(rich, correction)
    for feed in feeds[:2]:
        make_entry("Dimuat ulang", feed=feed, story=story, is_lead=False, origin="central", published_at=now)
    make_entry("TANGGAL KACAU", feed=feeds[0], date_status="impossible", published_at=now)
    make_entry("Ditarik", feed=feeds[0], state="withdrawn", released_at=now, withdrawn_at=now, public=False)
    for number in range(60):
        entry = make_entry(
            f"KPU gelar rapat koordinasi ke-{number}",
            feed=feeds[number % len(feeds)],
            published_at=now - timedelta(hours=number * number),
            origin=("own", "central")[number % 5 == 0],
            summary="Ringkasan kegiatan di kantor.",
        )
        EntryTopic.objects.create(entry=entry, topic=topics[number % 2], rule="judul")


def _office(number: int, place: Province):
    office = make_satker(
        code=f"{place.code}0{number}",
        name="KPU Kabupaten Kepulauan Siau Tagulandang Biaro"
        if place.code == "71"
        else f"KPU Kota {place.name}",
        slug="kantor",
        province=place,
        timezone="Asia/Makassar" if place.code == "71" else "Asia/Jakarta",
    )
    return make_feed(satker=office, first_success_at=timezone.now(), last_success_at=timezone.now())
