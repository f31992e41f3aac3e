"""Every page type in a real browser: wide and narrow, light and dark."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import SHOTS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("news"),
    # The live server's threads leave kept-alive connections to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

PATHS = {
    "beranda": "/",
    "cari": "/cari?provinsi=bali&provinsi=aceh&topik=logistik",
    "cari-kosong": "/cari?satker=3502&dari=2001-01-01&sampai=2001-01-02",
    "berita": "/berita/1/x",
    "riwayat": "/berita/1/riwayat",
    "satker": "/satker/7105/kantor",
    "kantor": "/satker",
    "provinsi": "/provinsi/jawa-timur",
    "topik": "/topik/logistik",
    "tahapan": "/tahapan",
    "aktivitas": "/aktivitas",
    "peta": "/aktivitas?peta=wilayah&ukuran=perubahan&provinsi=bali",
    "langganan": "/langganan?provinsi=bali",
    "ditarik": "/ditarik",
    "tentang": "/tentang",
    "gaya": "/gaya",
    "tidak-ada": "/tidak-ada",
}
FIRST_LOAD = 100_000  # bytes on the wire, without images


def open_page(browser, width, scheme="light", **options):
    height = 740 if width < 600 else 800
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **options)
    return context.new_page()


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
@pytest.mark.parametrize("name", PATHS)
def test_page(browser, live_server, name, width, scheme):
    """Contrast differs by theme and layout by width only, so two of the four pairs are asked of axe."""
    page = open_page(browser, width, scheme)
    said, asked, wire = [], [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(urlsplit(request.url).netloc))
    page.on("response", lambda response: wire.append(len(response.body())) if response.ok else None)
    response = page.goto(live_server.url + PATHS[name])
    missing = name == "tidak-ada"
    assert response.status == (404 if missing else 200)
    assert [line for line in said if not (missing and "404" in line)] == []
    assert set(asked) == {urlsplit(live_server.url).netloc}
    assert page.context.cookies() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page)
    assert [violation["id"] for violation in found.response["violations"]] == [], found.generate_report()
    SHOTS.mkdir(parents=True, exist_ok=True)
    for other in ("light", "dark"):
        page.emulate_media(color_scheme=other)
        page.screenshot(path=SHOTS / f"{name}-{width}-{other}.png", full_page=True)
    page.context.close()


@pytest.mark.parametrize("name", ["beranda", "cari", "berita", "kantor", "aktivitas"])
def test_the_first_load_is_light(browser, live_server, name):
    page = open_page(browser, 360)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    sizes = []
    cdp.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(live_server.url + PATHS[name], wait_until="networkidle")
    assert sum(sizes) <= FIRST_LOAD
    page.context.close()


def test_nothing_moves_while_a_page_loads(browser, live_server):
    page = open_page(browser, 360)
    page.goto(live_server.url + "/")
    shift = page.evaluate(
        """() => new Promise(done => { let sum = 0;
        new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value; })
          .observe({type: 'layout-shift', buffered: true});
        setTimeout(() => done(sum), 300); })"""
    )
    assert shift == 0
    page.context.close()


def test_at_1280_px_ten_headlines_are_seen_without_scrolling(browser, live_server):
    page = open_page(browser, 1280)
    for path in ("/", "/cari"):
        page.goto(live_server.url + path)
        seen = page.evaluate(
            """[...document.querySelectorAll('.entry h3')]
            .filter(title => title.getBoundingClientRect().bottom < 800).length"""
        )
        assert seen >= 10, path
    page.context.close()


def test_at_360_px_search_region_and_three_stories_are_on_the_first_screen(browser, live_server):
    page = open_page(browser, 360)
    page.goto(live_server.url + "/")
    for selector in ("input[name=q]", "select[name=provinsi]", ".news > li:nth-child(3) h3 a"):
        assert page.locator(selector).first.bounding_box()["y"] < 740, selector
    page.context.close()


def test_at_320_px_nothing_is_cut_off(browser, live_server):
    page = open_page(browser, 320)
    for path in PATHS.values():
        page.goto(live_server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    page.context.close()


def test_touch_targets_are_large_enough_at_360_px(browser, live_server):
    page = open_page(browser, 360)
    page.goto(live_server.url + "/cari")
    page.locator("details.filters > summary").click()
    small = page.evaluate(
        """() => [...document.querySelectorAll('nav a, button, input, select, summary, .chips a')]
        .map(e => [e.closest('label') || e, e]).filter(([box, e]) => {
          const r = box.getBoundingClientRect();
          return r.width && r.height < 44; }).map(([box, e]) => e.outerHTML.slice(0, 80))"""
    )
    assert small == []
    page.context.close()


def test_the_keyboard_reaches_content_search_and_filters(browser, live_server):
    page = open_page(browser, 1280)
    page.goto(live_server.url + "/cari")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "isi"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.context.close()


def test_a_slash_typed_into_a_field_is_a_slash(browser, live_server):
    page = open_page(browser, 1280)
    page.goto(live_server.url + "/satker")
    page.locator("main input[name=q]").focus()
    page.keyboard.type("a/b")
    assert page.locator("main input[name=q]").input_value() == "a/b"
    page.context.close()


def test_focus_is_visible(browser, live_server):
    page = open_page(browser, 1280)
    page.goto(live_server.url + "/")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outline")
    assert re.search(r"2px", outline)
    page.context.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_without_javascript_a_province_and_an_office_can_be_chosen(browser, live_server, width):
    page = open_page(browser, width, java_script_enabled=False)
    page.goto(live_server.url + "/")
    page.select_option("select[name=provinsi]", "bali")
    page.locator("main form[role=search] button").click()
    assert "provinsi=bali" in page.url
    if width < 600:
        page.locator("details.filters > summary").click()
    page.locator("summary", has_text="Kantor KPU").click()
    page.get_by_label("KPU Kota Bali").check()
    page.get_by_role("button", name="Saring").click()
    assert "satker=5103" in page.url
    assert page.locator(".chips a").count() == 3
    page.go_back()
    assert "satker" not in page.url
    page.context.close()


def test_removing_a_chip_leaves_the_other_filters(browser, live_server):
    page = open_page(browser, 1280)
    page.goto(live_server.url + "/cari?q=rapat&provinsi=bali")
    page.locator(".chips a", has_text="Bali").click()
    assert page.url.endswith("/cari?q=rapat")
    page.context.close()


def test_the_hovered_province_is_named_in_a_fixed_place(browser, live_server):
    page = open_page(browser, 1280)
    page.goto(live_server.url + "/")
    usual = page.locator("#dinamai").text_content()
    page.locator('.tiles a[aria-label^="Bali"]').hover()
    assert page.locator("#dinamai").text_content().startswith("Bali: ")
    page.mouse.move(0, 0)
    assert page.locator("#dinamai").text_content() == usual
    page.context.close()


def test_a_printed_post_has_source_time_and_address_and_no_navigation(browser, live_server):
    page = open_page(browser, 1280)
    page.goto(live_server.url + "/berita/1/x")
    page.emulate_media(media="print")
    assert not page.locator(".top").is_visible()
    assert page.locator(".source").is_visible()
    assert page.locator(".print-only").first.is_visible()
    page.context.close()
