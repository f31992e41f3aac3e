"""The main job by real processes: a network of sites, one pass, then page, feed and search show the post."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import feedparser
import pytest

from tests.installation import Installation, kill_group, stop, wait_until
from tests.services import free_port

pytestmark = [pytest.mark.processes, pytest.mark.timeout(400)]
SITES = 30


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


def answers(url: str) -> bool:
    try:
        return bool(read(url))
    except OSError:
        return False


@pytest.fixture(scope="module")
def portal(tmp_path_factory) -> Iterator[tuple[Installation, str, dict[str, float]]]:
    """A demo network that stands still, one pass over it begun and killed, one completed, and the web."""
    folder: Path = tmp_path_factory.mktemp("portal")
    port, web_port = free_port(), free_port()
    installation = Installation(folder, port, BASE_URL=f"http://127.0.0.1:{web_port}", WEB_WORKERS="1")
    registry, base = folder / "demo.csv", f"http://127.0.0.1:{web_port}"
    with ExitStack() as running:
        network = installation.popen(
            *("demo_network", "--sites", str(SITES), "--port", str(port), "--rate", "0"),
            *("--write-registry", str(registry)),
        )
        running.callback(stop, network)
        installation.begin()
        wait_until(lambda: registry.exists() and answers(f"http://127.0.0.1:{port}/"))
        installation.run("load_registry", str(registry))
        killed = installation.popen("refresh_feeds", "--no-index")
        running.callback(stop, killed)
        wait_until(lambda: killed.poll() is not None or bool(installation.states()))
        kill_group(killed)
        totals = installation.refresh()
        web = installation.popen("serve", "--port", str(web_port))
        running.callback(stop, web)
        wait_until(lambda: answers(f"{base}/healthz"))
        yield installation, base, totals


@pytest.fixture(scope="module")
def entries(portal) -> list[dict[str, Any]]:
    """The network stands still: what it is once it stays."""
    stored: list[dict[str, Any]] = portal[0].entries()
    return stored


@pytest.fixture
def newest(entries) -> dict[str, Any]:
    published = [e for e in entries if e["status"] == "published" and e["is_lead"]]
    return max(published, key=lambda entry: entry["published_at"])


def test_every_site_is_stored_once_though_the_first_pass_was_killed(portal, entries) -> None:
    _, _, totals = portal
    assert totals["failed"] == 0
    assert len({entry["feed"] for entry in entries}) == SITES
    assert len({(entry["feed"], entry["guid"]) for entry in entries}) == len(entries) > SITES * 8


def test_a_second_pass_stores_nothing_and_is_told_that_nothing_changed(portal, entries) -> None:
    installation, _, _ = portal
    again = installation.refresh()
    assert (again["new"], again["changed"]) == (0, 0)
    assert installation.rows("SELECT count(*) FROM aggregator_entry") == [(len(entries),)]
    assert again["not_modified"] >= SITES * 0.6


def test_the_newest_post_stands_on_the_home_page_and_has_a_page(portal, newest) -> None:
    _, base, _ = portal
    assert f"/berita/{newest['id']}/" in read(f"{base}/")
    page = read(f"{base}/berita/{newest['id']}")
    assert newest["url"].replace("&", "&amp;") in page


def test_search_finds_it_by_its_title(portal, newest) -> None:
    _, base, _ = portal
    found = read(f"{base}/cari?q={urllib.parse.quote(newest['title'])}")
    assert f"/berita/{newest['id']}/" in found


@pytest.mark.parametrize("ending", ["rss", "atom"])
def test_the_national_feed_carries_it_with_its_original_link(portal, newest, ending: str) -> None:
    _, base, _ = portal
    feed = feedparser.parse(read(f"{base}/feeds/nasional.{ending}").encode())
    assert not feed.bozo
    assert newest["url"] in [item.link for item in feed.entries]


def test_the_index_holds_exactly_what_is_public(portal) -> None:
    installation, _, _ = portal
    assert installation.run("check_index")


def test_readyz_says_that_all_is_ready(portal) -> None:
    _, base, _ = portal
    assert json.loads(read(f"{base}/readyz"))["ready"] is True
