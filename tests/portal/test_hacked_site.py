"""F30: a source is hacked. Spam is held in the fetch that brings it; one decision takes the source away from
pages, feeds, search, sitemaps and caches; undoing it brings everything back. By real processes."""

from __future__ import annotations

import gzip
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation, stop, wait_until
from tests.satker_network import SatkerNetwork, build_rss, feed
from tests.services import free_port

pytestmark = [pytest.mark.processes, pytest.mark.timeout(400)]
WITHIN = 60  # seconds in which the source must be gone everywhere, and back
MARK = "cendrawasih"  # a word that only the hacked office uses
POSTS = 6


def posts(word: str, count: int, first: int = 0) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [
        {
            "title": f"KPU gelar rapat {word} ke-{number}",
            "guid": f"urn:{word}:{number}",
            "link": f"https://situs.example.invalid/{word}/{number}",
            "published": now - timedelta(hours=number + 1),
            "summary": f"Rapat {word} nomor {number} berlangsung di aula kantor bersama Bawaslu.",
        }
        for number in range(first, first + count)
    ]


def spam(count: int) -> list[dict[str, Any]]:
    link = '<p>Info <a href="https://hoki88.example.invalid/{}">di sini</a></p>'
    title = "Slot Gacor {} Gampang Maxwin"
    return [
        {"title": title.format(n), "guid": f"urn:s:{n}", "link": f"https://situs.example.invalid/s/{n}"}
        | {"summary": link.format(n), "published": datetime.now(UTC)}
        for n in range(count)
    ]


class Public:
    """The portal as a reader meets it, on a connection of its own each time."""

    def __init__(self, base: str, code: str, entry: int) -> None:
        self.base, self.entry = base, entry
        self.places = [
            *("/", f"/cari?q={MARK}", f"/satker/{code}", "/news-sitemap.xml", "/sitemap/0.xml"),
            *(f"/feeds/nasional.{ending}" for ending in ("rss", "atom", "json")),
            *(
                f"/feeds/satker/{code}.rss",
                f"/feeds/cari.json?q={MARK}",
                "/aktivitas?q=" + MARK,
                f"/api/v1/entries?satker={code}",
            ),
        ]

    def read(self, path: str) -> tuple[int, str]:
        request = urllib.request.Request(self.base + path, headers={"Accept-Encoding": "gzip"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                body = answer.read()
                packed = answer.headers.get("Content-Encoding") == "gzip"
                return answer.status, (gzip.decompress(body) if packed else body).decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode("utf-8", "replace")

    def naming(self) -> set[str]:
        """Places that show a post of the hacked office."""
        link = re.compile(rf"/berita/{self.entry}\b|rapat-{MARK}|rapat {MARK} ke")
        return {path for path in self.places if link.search(self.read(path)[1])}

    def state_of_the_post(self) -> int:
        return self.read(f"/berita/{self.entry}")[0]


@pytest.fixture
def hacked(tmp_path: Path) -> Iterator[tuple[Installation, Public, str]]:
    """A portal that shows two offices; then the site of one floods its feed with spam."""
    port = free_port()
    with ExitStack() as running:
        net = running.enter_context(SatkerNetwork())
        bad, good = net.site(), net.site()
        bad.feed("/feed", build_rss(posts(MARK, POSTS)))
        good.feed("/feed", build_rss(posts("kasuari", POSTS)))
        installation = Installation(tmp_path, net.port, BASE_URL=f"http://127.0.0.1:{port}", WEB_WORKERS="2")
        installation.set_up([bad.url("/feed"), good.url("/feed")])
        installation.refresh()
        for command in (("serve", "--port", str(port)), ("follow_index",)):
            running.callback(stop, installation.popen(*command))
        entry = next(e for e in installation.entries() if MARK in e["title"])
        public = Public(f"http://127.0.0.1:{port}", entry["satker"], entry["id"])
        wait_until(lambda: reachable(public) and f"/cari?q={MARK}" in public.naming())
        bad.answer("/feed", feed(build_rss([*spam(30), *posts("tambahan", 3, 20), *posts(MARK, POSTS)])))
        yield installation, public, entry["satker"]


def reachable(public: Public) -> bool:
    try:
        return public.read("/healthz")[0] == 200
    except OSError:
        return False


def statuses(installation: Installation, *words: str) -> list[set[str]]:
    """Of the posts whose titles hold each of these words."""
    entries = installation.entries()
    return [{e["status"] for e in entries if word in e["title"]} for word in words]


def decisions(installation: Installation) -> list[tuple[str, ...]]:
    """What the audit log tells of the satker: action, who and why, the oldest first."""
    return installation.rows(
        "SELECT action, actor, reason FROM monitoring_auditrow WHERE action LIKE 'satker.%' ORDER BY id"
    )


def within(seconds: float, condition: Callable[[], bool]) -> float:
    """How long it took until the condition held."""
    began = time.monotonic()
    wait_until(condition, seconds, every=0.5)  # a look reads all places
    return time.monotonic() - began


def test_f30_a_hacked_source_is_held_taken_away_and_brought_back(hacked, record_property) -> None:
    installation, public, code = hacked
    installation.refresh()
    slot, more, before = statuses(installation, "Slot", "tambahan", MARK)
    assert slot == {"quarantined"}
    assert more <= {"pending", "quarantined"}
    assert before == {"published"}
    assert public.naming() == set(public.places)

    installation.run("hold_satker", code, "--hide-all", "--reason", "situs diretas", "--by", "ani")
    gone = within(WITHIN, lambda: not public.naming())
    assert public.state_of_the_post() == 410
    assert str(public.entry) in public.read("/ditarik")[1]
    assert f"/berita/{public.entry}" in public.read("/feeds/ditarik.json")[1]

    installation.run("release_satker", code, "--reason", "sudah bersih", "--by", "budi")
    back = within(WITHIN, lambda: public.naming() == set(public.places))
    told = f"30 spam posts held in one fetch, gone from {len(public.places)} places after {gone:.0f} s"
    record_property(
        "F30", f"a flood of spam; hidden by one command, and back | {told}, back after {back:.0f} s"
    )
    assert public.state_of_the_post() == 200
    assert f"/berita/{public.entry}" not in public.read("/feeds/ditarik.json")[1]
    assert statuses(installation, "Slot", "tambahan") == [{"quarantined"}, {"published"}]
    assert decisions(installation)[-2:] == [
        ("satker.hide", "ani", "situs diretas"),
        ("satker.release", "budi", "sudah bersih"),
    ]
