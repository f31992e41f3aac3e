"""Frames of ours in pages of others: shown there, at any width and theme; no other page of ours is."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from aggregator.models import Entry
from tests.browser.conftest import SHOTS
from tests.satker_network import SatkerNetwork, ok
from tests.small_news import LONG_TITLE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("news"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


@pytest.fixture
def shown(browser: Browser, live_server, settings) -> Iterator[object]:
    """Opens a page of another site that holds a frame, and gives it with what the browser complained of."""
    settings.BASE_URL = live_server.url
    contexts = []
    with SatkerNetwork() as net:
        site = net.site()

        def show(frame: str, width: int, scheme: str = "light") -> tuple[Page, list[str]]:
            context = browser.new_context(viewport={"width": width + 40, "height": 700}, color_scheme=scheme)
            contexts.append(context)
            page, said = context.new_page(), []
            page.on("console", lambda message: said.append(message.text))
            body = (
                '<!doctype html><html lang="id"><meta charset="utf-8"><meta name="color-scheme" content='
                '"light dark"><link rel="icon" href="data:,"><title>Redaksi</title>'
                f'<main style="width:{width}px">{frame}</main>'
            )
            page.goto(site.answer("/", ok(body.encode(), "text/html; charset=utf-8")), wait_until="load")
            return page, said

        yield show
        for context in contexts:
            context.close()


def frame(address: str, height: int = 472) -> str:
    return (
        f'<iframe src="{address}" title="Berita KPU" height="{height}" style="border:0;width:100%"></iframe>'
    )


@pytest.mark.parametrize(("width", "scheme"), [(200, "dark"), (320, "light"), (320, "dark"), (600, "light")])
def test_another_site_shows_the_newest_stories(shown, live_server, width, scheme):
    page, said = shown(frame(f"{live_server.url}/sisipan/nasional"), width, scheme)
    inside = page.frames[1]
    assert inside.locator("li").count() == 5
    assert LONG_TITLE in inside.locator("main").inner_text()
    assert inside.evaluate("document.documentElement.scrollWidth") <= width
    assert page.context.cookies() == []
    assert said == []
    paper = inside.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"dark": "rgb(20, 20, 20)", "light": "rgb(255, 255, 255)"}[scheme]
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"sisipan-{width}-{scheme}.png")
    page.goto(inside.url)  # axe looks into no frame of another site
    found = Axe().run(page)
    assert [violation["id"] for violation in found.response["violations"]] == [], found.generate_report()


def test_a_theme_that_the_site_chose_outdoes_the_readers(shown, live_server):
    page, _said = shown(frame(f"{live_server.url}/sisipan/nasional?tema=terang"), 320, "dark")
    assert page.frames[1].evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_a_story_opens_in_a_page_of_its_own(shown, live_server):
    page, _said = shown(frame(f"{live_server.url}/sisipan/nasional"), 320)
    here = page.url
    with page.context.expect_page() as opened:
        page.frames[1].locator("li a").first.click()
    assert re.match(rf"{live_server.url}/berita/\d+/", opened.value.url)
    assert page.url == here


def test_the_html_of_the_builder_and_of_oembed_shows_the_frame(shown, live_server, browser):
    context = browser.new_context()
    builder = context.new_page()
    builder.goto(f"{live_server.url}/langganan?provinsi=bali&jumlah=2")
    copied = builder.locator("#potongan").input_value()
    address = f"{live_server.url}/berita/{Entry.objects.public().latest('published_at').pk}"
    told = context.request.get(f"{live_server.url}/oembed", params={"url": address}).json()
    context.close()
    page, said = shown(copied + told["html"], 320)
    channel, post = page.frames[1:]
    assert channel.locator("h1").inner_text() == "Berita KPU di Bali"
    assert post.locator("h1").inner_text() == told["title"]
    assert said == []


def test_no_other_page_of_ours_can_be_framed(shown, live_server):
    page, said = shown(frame(f"{live_server.url}/langganan"), 320)
    assert any("frame" in line.lower() for line in said)
    assert page.frames[1].locator("form").count() == 0
