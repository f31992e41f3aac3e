"""Every page type in a real browser: wide and narrow, light and dark."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from aggregator.models import Feed
from tests.browser.conftest import SHOTS
from tests.factories import make_entry
from tests.small_news import PAGES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("news"),
    # The live server's threads leave kept-alive connections to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

FIRST_LOAD = 100_000  # bytes on the wire, without images


def open_page(browser, width, scheme="light", **options):
    height = 740 if width < 600 else 800
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **options)
    return context.new_page()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_page(browser, live_server, name, width):
    """Quiet, from our house only, without a cookie, nowhere too wide, and without a fault that axe finds.
    Contrast differs by theme and layout by width only, so axe looks at the dark narrow and the light wide
    page; pictures of all four are kept in `var/screenshots`."""
    page = open_page(browser, width)
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(urlsplit(request.url).netloc))
    path, status = PAGES[name]
    response = page.goto(live_server.url + path)
    assert response.status == status
    assert [line for line in said if not (status >= 400 and str(status) in line)] == []
    assert set(asked) == {urlsplit(live_server.url).netloc}
    assert page.context.cookies() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    SHOTS.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        if (theme == "dark") == (width < 600):
            found = Axe().run(page)
            faults = [violation["id"] for violation in found.response["violations"]]
            assert faults == [], found.generate_report()
        page.screenshot(path=SHOTS / f"{name}-{width}-{theme}.png", full_page=True)
    page.context.close()


@pytest.mark.parametrize(
    "name", ["beranda", "cari", "berita", "kantor", "aktivitas", "peta", "inspirasi", "gaya"]
)
def test_the_first_load_is_light(browser, live_server, name):
    page = open_page(browser, 360)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    sizes = []
    cdp.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(live_server.url + PAGES[name][0], wait_until="networkidle")
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
    for path, _status in PAGES.values():
        page.goto(live_server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    page.context.close()


def test_at_200_percent_zoom_and_with_doubled_letters_nothing_is_cut_off(browser, live_server):
    """Zoom halves what 1280 px hold; doubled letters (WCAG 1.4.4) leave the width as it is."""
    page = open_page(browser, 640, device_scale_factor=2)
    for path, _status in PAGES.values():
        page.goto(live_server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 640, path
        page.evaluate(DOUBLED)
        assert page.evaluate("document.documentElement.scrollWidth") <= 640, path
    page.context.close()


DOUBLED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("html { font-size: 212.5% !important }");
  document.adoptedStyleSheets = [sheet];
}"""


def test_with_reduced_motion_nothing_moves_by_itself(browser, live_server):
    page = open_page(browser, 1280, reduced_motion="reduce")
    page.goto(live_server.url + "/aktivitas")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    assert page.evaluate("document.getAnimations().length") == 0
    page.context.close()


@pytest.mark.parametrize("name", ["beranda", "cari", "berita", "lapor", "inspirasi"])
def test_the_keyboard_walks_through_a_whole_page_in_the_order_of_reading(browser, live_server, name):
    """Every stop is seen, has a ring, comes after the one before it, and none is a trap."""
    page = open_page(browser, 1280, reduced_motion="reduce")  # or a stop is seen only after gliding there
    page.goto(live_server.url + PAGES[name][0])
    page.evaluate("document.last = null; document.stops = 0")
    for _step in range(400):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None:
            break
        assert stop["after"], stop
        assert stop["seen"], stop
        assert stop["ring"], stop
    else:
        pytest.fail("the walk does not end")
    assert page.evaluate("document.stops") >= 15
    page.context.close()


STOP = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const before = document.last;
  document.last = at;
  document.stops += 1;
  const box = (at.closest("label") || at).getBoundingClientRect();
  const style = getComputedStyle(at);
  const follows = !before || before.compareDocumentPosition(at) & Node.DOCUMENT_POSITION_FOLLOWING;
  const cell = at.querySelector(".cell, .hit");
  return {
    what: at.outerHTML.slice(0, 120),
    after: before === at || Boolean(follows),  // a date has several stops of its own
    seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    ring: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
      || Boolean(cell && parseFloat(getComputedStyle(cell).strokeWidth) >= 2),
  };
}"""


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


def test_the_strip_of_the_latest_posts_renews_itself_and_marks_their_places(browser, live_server):
    page = open_page(browser, 1280)
    page.clock.install()
    page.goto(live_server.url + "/aktivitas")
    assert page.locator(".tiles a.fresh").count() > 1
    feed = Feed.objects.get(satker__province__slug="bali")
    for number in range(6):
        make_entry(f"Kabar segar {number}", feed=feed, published_at=timezone.now())
    with page.expect_response(lambda response: "/aktivitas/kini" in response.url):
        page.clock.run_for(61_000)
    page.locator(".ticker", has_text="Kabar segar").wait_for()
    marked = page.locator(".tiles a.fresh")
    assert [marked.nth(at).get_attribute("data-tempat") for at in range(marked.count())] == ["bali"]
    page.context.close()


def test_the_strip_keeps_what_it_has_when_the_portal_does_not_answer(browser, live_server):
    page = open_page(browser, 1280)
    page.clock.install()
    page.goto(live_server.url + "/aktivitas")
    before = page.locator(".ticker").text_content()
    page.route("**/aktivitas/kini*", lambda route: route.abort())
    page.clock.run_for(61_000)
    page.locator(".now[data-old]").wait_for()
    assert page.locator(".stale").is_visible()
    assert page.locator(".ticker").text_content() == before
    page.context.close()


def test_the_directory_narrows_while_a_name_is_typed(browser, live_server):
    page = open_page(browser, 1280)
    page.goto(live_server.url + "/satker")
    page.locator("main input[name=q]").press_sequentially("sulawesi siau")
    assert page.locator("section.offices:visible").count() == 1
    assert page.locator("section.offices li:visible").count() == 1
    page.context.close()


def test_buttons_that_need_a_script_are_not_there_without_one(browser, live_server):
    for script in (True, False):
        page = open_page(browser, 1280, java_script_enabled=script)
        page.goto(live_server.url + "/berita/1/x")
        assert page.get_by_role("button", name="Cetak").count() == int(script)
        assert page.get_by_role("link", name="Bagikan lewat WhatsApp").count() == 1
        page.context.close()


def test_a_printed_post_has_source_time_and_address_and_no_navigation(browser, live_server):
    page = open_page(browser, 1280)
    page.goto(live_server.url + "/berita/1/x")
    page.emulate_media(media="print")
    assert not page.locator(".top").is_visible()
    assert page.locator(".source").is_visible()
    assert page.locator(".print-only").first.is_visible()
    page.context.close()
