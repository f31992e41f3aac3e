"""Real headless Chromium against a real server. Skipped by name where there is no Chromium."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import warnings
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings as portal_settings
from django.db import connection
from django.test import override_settings
from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.small_news import make_small_news

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's sync API keeps a loop in this thread

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, PROGRAMS)), None)
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--force-prefers-reduced-motion",  # no page moves between the two halves of a click
]
SHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"


@pytest.fixture(scope="session", autouse=True)
def _static_files_from_their_folders() -> Iterator[None]:
    """For the whole session: the live server is made once."""
    with override_settings(WHITENOISE_USE_FINDERS=True):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, tmp_path_factory) -> None:
    """A file, so that each thread of the live server has a connection and a transaction of its own, as in
    operation; one in memory would be shared by all of them and by the test."""
    database = portal_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"] = {
            **database.get("TEST", {}),
            "NAME": tmp_path_factory.mktemp("db") / "test.sqlite3",
        }


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
    with warnings.catch_warnings():  # what the live server's threads left behind is not a later test's fault
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed tells what its pages showed then."""
    report = yield
    browser = getattr(item, "funcargs", {}).get("browser")
    if browser is not None and report.when == "call" and report.failed:
        for context in browser.contexts:
            for page in context.pages:
                with suppress(Error):
                    shown = page.locator("body").inner_text(timeout=2000)
                    report.sections.append((f"page {page.url}", shown))
            context.close()
    return report


def agree(page: Page) -> None:
    """Say yes wherever the page asks, by its own hand: a browser shows no dialog of a window that is not in
    front, and takes that for a no. What was asked last is in `sessionStorage.asked`."""
    page.add_init_script("window.confirm = (words) => { sessionStorage.asked = words; return true; };")


_made: list[sqlite3.Connection] = []


@pytest.fixture
def news(transactional_db, settings) -> None:
    """Made once; each test begins with a copy of that."""
    settings.DEMO = True
    connection.ensure_connection()
    if _made:
        _made[0].backup(connection.connection)
    else:
        make_small_news()
        _made.append(sqlite3.connect(":memory:"))
        connection.connection.backup(_made[0])
