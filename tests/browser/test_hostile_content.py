"""Whatever a hacked site puts into its feed: in real Chromium nothing of it runs and nothing foreign is asked
for, in pages, feeds, the API and letters alike (F29)."""

from __future__ import annotations

import json
import os
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
from tests.factories import make_feed, make_public
from tests.feeds.alerting import follow, make_letters
from tests.satker_network import SatkerNetwork, feed

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
ROOT = Path(portal_settings.BASE_DIR)
OWN_VECTORS = ROOT / "tests/data/xss_vectors.json"
PAGES = 40  # of posts that are opened; all are shown by way of feeds


def payloads() -> list[str]:
    """Ours, or those of the file that XSS_VECTORS names."""
    path = Path(os.environ.get("XSS_VECTORS", OWN_VECTORS))
    rows = json.loads(path.read_text(encoding="utf-8"))["vectors"]
    return [row["payload"] for row in rows if isinstance(row.get("payload"), str)]


def cdata(text: str) -> str:
    clean = "".join(
        char for char in text if char in "\t\n\r" or " " <= char < "\ud800" or "\ue000" <= char < "\ufffe"
    )
    return "<![CDATA[" + clean.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def hostile_rss(vectors: list[str]) -> bytes:
    """Each vector in every field of a post of its own."""
    items = []
    for number, vector in enumerate(vectors):
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
    vectors = payloads()
    with SatkerNetwork() as net:
        settings.FETCH_ALLOWED_NETWORKS, settings.FETCH_ALLOWED_PORTS = ("127.0.0.0/8",), (net.port,)
        settings.FETCH_HOST_SPACING = 0
        site = net.site()
        pks = []
        for number in range(0, len(vectors), 70):
            path = f"/feed{number}"
            site.answer(path, feed(hostile_rss(vectors[number : number + 70])))
            pks.append(make_feed(site.url(path)).pk)
        pipeline.refresh_feeds(pks)
    for revision in Revision.objects.exclude(entry__state="public").select_related("entry"):
        make_public(revision.entry, revision)
    return list(Entry.objects.public().order_by("pk").values_list("pk", flat=True))


class Watched:
    """A page that tells of every script that ran and every foreign address that was asked for."""

    def __init__(self, browser: Browser, home: str) -> None:
        self.home = urlsplit(home).netloc
        self.ran: list[str] = []
        self.asked: list[str] = []
        self.page: Page = browser.new_context().new_page()
        self.page.on("dialog", lambda dialog: (self.ran.append(dialog.message), dialog.dismiss()))
        self.page.route("**/*", self._route)

    def _route(self, route: Route, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and parts.netloc != self.home:
            self.asked.append(request.url)
            route.abort()
        else:
            route.continue_()

    def show(self, markup: str) -> None:
        """As a reader's program that trusts us would: no policy, everything may run and load."""
        self.page.set_content(f'<!doctype html><meta charset="utf-8"><body>{markup}</body>')
        self.page.mouse.move(200, 200)
        self.page.wait_for_timeout(30)

    @property
    def harm(self) -> tuple[list[str], list[str]]:
        return self.ran, self.asked


@pytest.fixture
def watched(browser, live_server, settings) -> Watched:
    settings.BASE_URL = live_server.url
    return Watched(browser, live_server.url)


def test_the_watcher_sees_what_runs_and_what_is_asked_for(watched) -> None:
    watched.show("<img src='https://evil.example/x' onerror='alert(1)'>")
    assert watched.harm == (["1"], ["https://evil.example/x"])


def test_nothing_of_a_hacked_feed_runs_or_loads_in_pages(hacked, watched, live_server) -> None:
    assert len(hacked) >= 20
    for path in ("/", "/cari", "/satker", "/aktivitas", "/langganan", "/feeds/nasional"):
        watched.page.goto(live_server.url + path)
    for pk in hacked[:: max(1, len(hacked) // PAGES)]:
        watched.page.goto(f"{live_server.url}/berita/{pk}", wait_until="load")
    watched.page.goto(f"{live_server.url}/berita/{hacked[0]}/riwayat")
    assert watched.harm == ([], [])


def test_nothing_of_it_runs_or_loads_in_a_program_that_shows_our_feeds_or_api_as_they_are(
    hacked, watched, client
) -> None:
    shown = 0
    for code in (
        Entry.objects.filter(pk__in=hacked).values_list("satker__code", flat=True).order_by().distinct()
    ):
        for query in ("", "?isi=penuh"):
            document = client.get(f"/feeds/satker/{code}.json{query}").json()
            for item in document["items"]:
                parts = (item.get("content_html", ""), item.get("title", ""), item.get("summary", ""))
                watched.show("<hr>".join(parts))
                shown += 1
    assert shown >= 2 * len(hacked)
    api = client.get("/api/v1/entries").json()
    watched.show(" ".join(_texts(api)))
    assert watched.harm == ([], [])


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("ending", ["rss", "atom"])
def test_feeds_stay_well_formed_and_a_browser_runs_nothing_of_them(
    hacked, watched, live_server, client, ending
) -> None:
    address = f"/feeds/nasional.{ending}?isi=penuh&semua=1"
    etree.fromstring(client.get(address).content)
    watched.page.goto(live_server.url + address)
    assert watched.harm == ([], [])


def test_nothing_of_it_runs_or_loads_in_a_letter(transactional_db, hacked, watched) -> None:
    follow()
    now = timezone.now()
    fresh = {"released_at": now, "published_at": now, "classified_at": now, "clustered_at": now}
    Entry.objects.filter(pk__in=hacked).update(is_import=False, **fresh)
    Change.objects.mark(hacked)
    make_letters()
    composed = [letters.compose(letter) for letter in Letter.objects.all()]
    assert composed
    for mail in composed:
        assert mail is not None
        assert "\n" not in mail.subject
        watched.show(str(mail.alternatives[0][0]))
    assert watched.harm == ([], [])
