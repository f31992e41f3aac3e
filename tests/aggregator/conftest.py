"""What several tests are held against."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.demo.posts import Post, World


@pytest.fixture(scope="session")
def demo_posts() -> list[Post]:
    """Believable posts of every twentieth office, to hold a fast way against the plain one."""
    world = World(seed=3)
    return [
        post
        for code in list(world.offices)[::20]
        for post in world.posts(code, datetime(2026, 11, 25, tzinfo=UTC), 8)
    ]
