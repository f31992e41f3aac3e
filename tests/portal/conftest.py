"""Pages under test find their style sheet without collectstatic."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection

from feeds import caching


@pytest.fixture(autouse=True)
def _plain_static_files(settings) -> None:
    settings.WHITENOISE_AUTOREFRESH = True  # asks for no collected folder
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()
    caching.forget()  # also that the database of another test was away


# PostgreSQL gives out a mark to followers once every transaction that began before it has ended, in all
# databases of the server; within a test's own transaction, beside other tests, that is never certain.
# Following on PostgreSQL is shown by tests/aggregator and tests/deploy. A server of schemathesis's own closes
# the connection that the test's transaction hangs on.
FOLLOWERS = (
    "test_daily",
    "test_figures_follow",
    "test_bulk",
    "test_changes",
    "test_standby",
    "test_pagecache",
)
NOT_THERE = (*FOLLOWERS, "test_description")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if connection.vendor != "postgresql":
        return
    for item in items:
        if item.path.stem in NOT_THERE:
            item.add_marker(
                pytest.mark.skip(reason="cannot be so on PostgreSQL; see tests/portal/conftest.py")
            )
