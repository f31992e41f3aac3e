"""Nothing that one test had kept is there for the next."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from feeds import caching


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()
    caching.forget()  # also that the database of another test was away
