"""What several tests are held against."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.demo.posts import Post, World
from tests.aggregator.eight_sites import SITES, posts
from tests.installation import Installation
from tests.satker_network import FaultSite, SatkerNetwork, build_rss


@pytest.fixture(scope="session")
def demo_posts() -> list[Post]:
    """Believable posts of every twentieth office, to hold a fast way against the plain one."""
    world = World(seed=3)
    return [
        post
        for code in list(world.offices)[::20]
        for post in world.posts(code, datetime(2026, 11, 25, tzinfo=UTC), 8)
    ]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, SatkerNetwork, list[FaultSite]]]:
    """An installation that has read nothing yet, made once and copied for each test."""
    with SatkerNetwork() as network:
        sites = [network.site() for _ in range(SITES)]
        folder = tmp_path_factory.mktemp("ready")
        Installation(folder, network.port).set_up([site.url("/feed") for site in sites])
        yield folder, network, sites


@pytest.fixture
def installed(tmp_path: Path, ready) -> tuple[Installation, list[FaultSite]]:
    folder, network, sites = ready
    shutil.copytree(folder, tmp_path / "own")
    for number, site in enumerate(sites):
        site.begin_again()
        site.feed("/feed", build_rss(posts(number)))
    return Installation(tmp_path / "own", network.port), sites
