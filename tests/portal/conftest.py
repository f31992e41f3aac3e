"""Pages under test find their style sheet without collectstatic."""

from __future__ import annotations

import pytest
from django.core.cache import cache

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
