"""Killed at any point, the next pass completes: nothing lost, nothing twice (F01, F11, F14, F15)."""

from __future__ import annotations

import json

import pytest

from tests.aggregator.eight_sites import EVERYTHING, SITES, guids, posts
from tests.installation import kill_group, wait_until
from tests.satker_network import build_rss, feed, status

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("requests_seen", [1, SITES // 2, SITES])
def test_a_pass_killed_midway_is_completed_by_the_next(installed, requests_seen: int) -> None:
    installation, sites = installed
    process = installation.popen("refresh_feeds", "--no-index")
    wait_until(lambda: sum(len(site.requests) for site in sites) >= requests_seen)
    kill_group(process)
    installation.refresh("--no-index")
    assert guids(installation) == EVERYTHING
    again = installation.refresh("--no-index")
    assert (again["new"], again["not_modified"]) == (0, SITES)


def test_two_passes_at_once_ask_no_site_at_the_same_time(installed) -> None:
    installation, sites = installed
    both = [installation.popen("refresh_feeds", "--no-index") for _ in range(2)]
    outputs = [process.communicate(timeout=100) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert max(site.most_at_once for site in sites) == 1
    assert guids(installation) == EVERYTHING
    assert sum(json.loads(out.splitlines()[-1])["new"] for out, _ in outputs) == len(EVERYTHING)


def test_a_site_that_moves_to_a_new_cms_and_one_that_was_away_double_nothing(installed) -> None:
    installation, sites = installed
    installation.refresh("--no-index")
    moved = [
        {**post, "guid": f"https://baru.example/?p={n}", "link": f"https://baru.example/berita/{n}"}
        for n, post in enumerate(posts(0))
    ]
    sites[0].answer("/feed", feed(build_rss(moved)))
    sites[1].answer("/feed", status(503))
    installation.refresh("--no-index")
    sites[1].feed("/feed", build_rss(posts(1, 5)))
    totals = installation.refresh("--no-index")
    assert totals["new"] == 5
    assert installation.states() == ["public"] * (len(EVERYTHING) + 5)
