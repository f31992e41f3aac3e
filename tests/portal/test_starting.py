"""What a process loads before it does anything: every command and every page pays for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes
ROOT = Path(__file__).resolve().parents[2]
HEAVY = {
    "aiohttp": "whoever asks no site",
    "django.test": "whoever serves no page",
    "feedparser": "whoever reads no feed",
    "fpdf": "whoever prints nothing",
    "import_export.admin": "whoever serves no page",
    "ninja": "whoever serves no page",
    "authlib": "whoever signs nobody in",
    "sentry_sdk": "who reports errors to nobody",
    "tantivy": "who searches nothing",
    "whoosh": "who searches nothing",
    "aggregator.search": "who searches nothing",
    "portal.urls": "whoever serves no page",
}
WORK = ("ninja", "django.test", "import_export.admin", "portal.urls", "aiohttp", "feedparser", "fpdf")


def loaded(tmp_path: Path, lines: str) -> set[str]:
    """Modules of a process that ran these lines once Django was set up."""
    code = f"import django; django.setup()\n{lines}\nimport sys; print(*sys.modules)"
    env = {**os.environ, "DATA_DIR": str(tmp_path), "DEMO": "1", "DJANGO_SETTINGS_MODULE": "portal.settings"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_a_command_begins_without_the_fetcher_the_pages_and_the_search(tmp_path: Path) -> None:
    assert not HEAVY.keys() & loaded(tmp_path, "")


def test_the_worker_begins_without_the_pages_and_makes_its_checks_without_them(tmp_path: Path) -> None:
    lines = (
        "from django.core import checks; from portal.management.commands import work\n"
        "checks.run_checks(tags=work.CHECKED)"
    )
    assert not set(WORK) & loaded(tmp_path, lines)


@pytest.mark.parametrize("module", ["aggregator.archive", "aggregator.enrol", "feeds.hub"])
def test_who_may_have_to_ask_a_site_loads_the_library_when_it_asks(tmp_path: Path, module: str) -> None:
    assert "aiohttp" not in loaded(tmp_path, f"import {module}")


def test_the_checks_of_the_admin_see_its_lists(tmp_path: Path) -> None:
    lines = "from django.core import checks; print(checks.run_checks(tags=['admin']))"
    assert "aggregator.admin" in loaded(tmp_path, lines)
