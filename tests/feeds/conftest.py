"""Feeds keep what they built in the memory of the process; no test may see what another left there."""

from __future__ import annotations

import pytest

from feeds import caching, render


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    caching.forget()
    render.fragments.clear()
    monkeypatch.setattr(caching, "READ_EVERY", 0.0)
    monkeypatch.setattr(caching, "INDEX_LAG", 0.0)
