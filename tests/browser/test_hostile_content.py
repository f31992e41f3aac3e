"""Whatever a hacked site puts into its feed: in real Chromium nothing of it runs and nothing foreign is asked
for, in pages, feeds, the API and letters alike (F29)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings as portal_settings
from django.utils import timezone
from lxml import etree
from playwright.sync_api import Browser, Page, Request, Route

from aggregator import pipeline
from aggregator.models import Change, Entry, Revision
from feeds.alerts import letters
from feeds.models import Letter
from tests.browser.vectors import DIRECT, vectors
from tests.factories import make_feed, make_public
from tests.feeds.alerting import follow, make_letters
from tests.satker_network import SatkerNetwork, feed

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
ROOT = Path(portal_settings.BASE_DIR)
OWN_VECTORS = ROOT / "tests/data/xss_vectors.json"
OPENED = 12  # pages of posts that are opened as readers do; of all others their markup is shown
AT_ONCE = 25  # documents on one page of the watcher
LETTER = 25  # posts: as many as one shows with their texts, and fewer
BARE = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'  # no icon is asked for
OWN_FILES = re.compile(r"<(?:link|script)\b[^>]*/static/[^>]*>(?:</script>)?")
OWN_FRAME = re.compile(
    r'<iframe src="http://[^"<>]*" title="[^"<>]*" loading="lazy" width="\d+" height="\d+"'
    r' style="[a-z0-9:;%-]*"></iframe>'
)
HARMFUL = """() => [...document.querySelectorAll("iframe.shown")].flatMap((frame) =>
  frame.contentDocument === null ? ["gone: " + frame.srcdoc] :
  [...frame.contentDocument.querySelectorAll("*")].flatMap((element) => [...element.attributes].filter((a) =>
    /^on/i.test(a.name) || /^(href|src|action|formaction|xlink:href|data|srcdoc|values|poster)$/i.test(a.name)
    && /^(javascript|vbscript|data):/i.test(a.value.replace(/[\\x00-\\x20]/g, "")))
  .map((a) => `${frame.dataset.number}: ${a.name}=${a.value}`)))"""


def payloads() -> list[str]:
    """Ours, and those of the file that XSS_VECTORS names."""
    paths = [OWN_VECTORS, *map(Path, filter(None, [os.environ.get("XSS_VECTORS")]))]
    rows = [row for path in paths for row in json.loads(path.read_text(encoding="utf-8"))["vectors"]]
    return [*vectors(), *{row["payload"]: None for row in rows if isinstance(row.get("payload"), str)}]


def cdata(text: str) -> str:
    clean = "".join(
        char for char in text if char in "\t\n\r" or " " <= char < "\ud800" or "\ue000" <= char < "\ufffe"
    )
    return "<![CDATA[" + clean.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def hostile_rss(payloads: list[str]) -> bytes:
    """Each vector in every field of a post of its own."""
    items = []
    for number, vector in enumerate(payloads):
        field = cdata(f"{vector}<p>Teks {number}</p>")
        title, link = (
            cdata(f"Judul {number} {vector}"),
            cdata(vector if ":" in vector[:20] else f"https://asal.example/{vector}"),
        )
        items.append(
            f"<item><title>{title}</title><link>{link}</link><guid>urn:v:{number}</guid>"
            f"<dc:creator>{field}</dc:creator><category>{field}</category><comments>{link}</comments>"
            f"<description>{field}</description><content:encoded>{field}</content:encoded>"
            f'<enclosure url="https://asal.example/{number}.png" type="image/png" length="1"/></item>'
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        "<channel><title>Situs diretas</title><link>https://asal.example/</link><description>x</description>"
        f"{''.join(items)}</channel></rss>"
    ).encode("utf-8", "replace")


@pytest.fixture
def hacked(transactional_db, settings) -> list[int]:
    """The vectors through fetch, parse, clean and store; all made public, whatever the screen says."""
    every = payloads()
    with SatkerNetwork() as net:
        settings.FETCH_ALLOWED_NETWORKS, settings.FETCH_ALLOWED_PORTS = ("127.0.0.0/8",), (net.port,)
        settings.FETCH_HOST_SPACING = 0
        site = net.site()
        pks = []
        for number in range(0, len(every), 70):
            path = f"/feed{number}"
            site.answer(path, feed(hostile_rss(every[number : number + 70])))
            pks.append(make_feed(site.url(path)).pk)
        pipeline.refresh_feeds(pks)
    for revision in Revision.objects.exclude(entry__state="public").select_related("entry"):
        make_public(revision.entry, revision)
    return list(Entry.objects.public().order_by("pk").values_list("pk", flat=True))


class Watched:
    """A page that tells of every script that ran, every foreign address that was asked for, and every
    handler or scheme that would run one when it is touched."""

    def __init__(self, browser: Browser, home: str) -> None:
        self.home = home
        self.ran: list[str] = []
        self.asked: list[str] = []
        self.ready: list[str] = []
        self.page: Page = browser.new_context().new_page()
        self.page.on("dialog", lambda dialog: (self.ran.append(dialog.message), dialog.dismiss()))
        self.page.route("**/*", self._route)

    def _route(self, route: Route, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and parts.netloc != urlsplit(self.home).netloc:
            self.asked.append(request.url)
            route.abort()
        elif parts.path == "/tanpa-aturan":
            route.fulfill(body=BARE, content_type="text/html")
        else:
            route.continue_()

    def show(self, *documents: str) -> None:
        """As programs that trust us would, each in a frame: no policy, everything may run and load."""
        for first in range(0, len(documents), AT_ONCE):
            frames = "".join(
                f'<iframe class="shown" data-number="{number}" srcdoc="{escape(document)}"></iframe>'
                for number, document in enumerate(documents[first : first + AT_ONCE], first)
            )
            self.page.goto(f"{self.home}/tanpa-aturan")
            self.page.set_content(f"{BARE}<body>{frames}")
            self.page.mouse.move(100, 100)
            self.page.wait_for_timeout(50)
            self.ready += self.page.evaluate(HARMFUL)

    @property
    def harm(self) -> tuple[list[str], list[str], list[str]]:
        return self.ran, self.asked, self.ready


NONE: tuple[list[str], list[str], list[str]] = ([], [], [])


@pytest.fixture
def watched(browser, live_server, settings) -> Iterator[Watched]:
    settings.BASE_URL = live_server.url
    watched = Watched(browser, live_server.url)
    yield watched
    watched.page.context.close()  # what it still asks for would reach the server after its database


def test_the_watcher_sees_what_every_vector_does(watched) -> None:
    direct = vectors()[: len(DIRECT)]
    watched.show(*direct)
    seen = {int(told) for told in watched.ran if told.isdigit()}
    seen |= {int(number) for url in watched.asked if (number := url.rpartition("/")[2]).isdigit()}
    seen |= {int(told.partition(":")[0]) for told in watched.ready if told[0].isdigit()}
    assert [direct[number] for number in range(len(direct)) if number not in seen] == []


def test_nothing_of_a_hacked_feed_runs_or_loads_in_pages(
    hacked, watched, live_server, client, record_property
) -> None:
    assert len(hacked) >= 200
    code = Entry.objects.get(pk=hacked[0]).satker.code
    for path in ("/", f"/cari?satker={code}", "/satker", "/aktivitas", "/langganan", "/feeds/nasional"):
        watched.page.goto(live_server.url + path)
    watched.page.goto(f"{live_server.url}/sisipan/satker/{code}?jumlah=10")
    for pk in hacked[:: max(1, len(hacked) // OPENED)]:
        watched.page.goto(f"{live_server.url}/berita/{pk}", wait_until="load")
    watched.page.goto(f"{live_server.url}/berita/{hacked[0]}/riwayat")
    answers = [client.get(f"/berita/{pk}", follow=True) for pk in hacked]
    assert {answer.status_code for answer in answers} == {200}
    watched.show(*(OWN_FILES.sub("", answer.content.decode()) for answer in answers))
    record_property(
        "F29",
        "attack vectors through a feed into pages, feeds, API and letters, in Chromium without a policy"
        f" | {len(payloads())} vectors, ran {len(watched.ran)}, asked elsewhere {len(watched.asked)}",
    )
    assert watched.harm == NONE


def test_nothing_of_it_runs_or_loads_in_a_frame_of_another_site(hacked, watched, live_server, client) -> None:
    addresses = [f"/sisipan/berita/{pk}" for pk in hacked]
    watched.page.goto(f"{live_server.url}/tanpa-aturan")
    frames = "".join(f'<iframe src="{path}"></iframe>' for path in addresses[:: len(addresses) // OPENED])
    watched.page.set_content(f'{BARE}<body><iframe src="/sisipan/nasional?jumlah=10"></iframe>{frames}')
    watched.page.wait_for_load_state("load")
    assert len([shown for shown in watched.page.frames if "/sisipan/" in shown.url]) > OPENED
    bodies = [client.get(path).content.decode() for path in ("/sisipan/nasional?jumlah=10", *addresses)]
    watched.show(*(OWN_FILES.sub("", body) for body in bodies))
    told = [client.get("/oembed", {"url": f"{live_server.url}/berita/{pk}"}).json() for pk in hacked[::5]]
    assert all(OWN_FRAME.fullmatch(answer["html"]) for answer in told)
    assert watched.harm == NONE


def test_nothing_of_it_runs_or_loads_in_a_program_that_shows_our_feeds_or_api_as_they_are(
    hacked, watched, client
) -> None:
    shown = []
    codes = Entry.objects.filter(pk__in=hacked).values_list("satker__code", flat=True).order_by().distinct()
    for code in codes:
        for query in ("", "?isi=penuh"):
            for item in client.get(f"/feeds/satker/{code}.json{query}").json()["items"]:
                parts = (item.get("content_html", ""), item.get("title", ""), item.get("summary", ""))
                shown.append("<hr>".join(parts))
    assert len(shown) >= 2 * len(hacked)
    shown += [" ".join(_texts(client.get(f"/api/v1/entries/{pk}").json())) for pk in hacked]
    watched.show(*shown)
    assert watched.harm == NONE


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) else []


def test_feeds_stay_well_formed_and_a_browser_runs_nothing_of_them(
    hacked, watched, live_server, client
) -> None:
    for ending in ("rss", "atom"):
        address = f"/feeds/nasional.{ending}?isi=penuh&semua=1"
        etree.fromstring(client.get(address).content)
        watched.page.goto(live_server.url + address)
    assert watched.harm == NONE


def test_nothing_of_it_runs_or_loads_in_a_letter(transactional_db, hacked, watched) -> None:
    for first in range(0, len(hacked), LETTER):
        follow(address=f"pembaca{first}@media.example")
        some, now = hacked[first : first + LETTER], timezone.now()
        fresh = {"released_at": now, "published_at": now, "classified_at": now, "clustered_at": now}
        Entry.objects.filter(pk__in=some).update(is_import=False, **fresh)
        Change.objects.mark(some)
        make_letters()
    composed = [letters.compose(letter) for letter in Letter.objects.all()]
    assert all(mail is not None and "\n" not in mail.subject for mail in composed)
    bodies = [str(mail.alternatives[0][0]) for mail in composed if mail]
    assert {int(pk) for body in bodies for pk in re.findall(r"/berita/(\d+)", body)} == set(hacked)
    watched.show(*bodies)
    assert watched.harm == NONE
