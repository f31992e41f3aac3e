"""Pages under test find their style sheet without collectstatic."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.demo.posts import Post, World


@pytest.fixture(autouse=True)
def _plain_static_files(settings) -> None:
    settings.WHITENOISE_AUTOREFRESH = True  # asks for no collected folder
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture(scope="session")
def demo_posts() -> list[Post]:
    """Believable posts of every twentieth office, to hold a fast way against the plain one."""
    world = World(seed=3)
    return [
        post
        for code in list(world.offices)[::20]
        for post in world.posts(code, datetime(2026, 11, 25, tzinfo=UTC), 8)
    ]
