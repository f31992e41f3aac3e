"""Fixtures that every test may use. The network is off but for loopback."""

from __future__ import annotations

import gc
import ipaddress
import itertools
import os
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.postgresql.base import DatabaseWrapper as Postgres
from django.db.backends.sqlite3.creation import DatabaseCreation as SqliteCreation
from django.test import TransactionTestCase, override_settings

from aggregator.search import synonyms
from portal import atlas, remembered
from tests import emptied, lent_pool
from tests.installation import Installation, template
from tests.lent_pool import LentPool
from tests.satker_network import SatkerNetwork

_folders = itertools.count()


def pytest_configure() -> None:
    """Whatever is imported and collected stays until the end: to look through it for garbage again and again
    took a twentieth of the time."""
    gc.set_threshold(100_000, 20, 20)


def pytest_collection_finish() -> None:
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files that start real processes come first: they take longest, and none should run alone at the end.
    A test that asks no database has nothing to find out on another one."""
    items.sort(key=lambda item: item.get_closest_marker("processes") is None)
    if connection.vendor == Postgres.vendor:
        wanted: dict[bool, list[pytest.Item]] = {True: [], False: []}
        for item in items:
            wanted[asks_a_server(item)].append(item)
        config.hook.pytest_deselected(items=wanted[False])
        items[:] = wanted[True]


def pytest_unconfigure() -> None:
    gc.freeze()  # for the end, which would look through it once more


def asks_a_server(item: pytest.Item) -> bool:
    """Whether a test may ask the database, or the cache, which is Redis then."""
    marks = {mark.name for mark in item.iter_markers()} & {"django_db", "postgres", "redis"}
    fixtures = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    return bool(marks or fixtures) or item.nodeid.startswith("tests/portal")


@pytest.fixture(autouse=True, scope="session")
def _as_tests_want_it(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Set once and not for each test, as every change of a setting is told to a dozen listeners."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with pytest.MonkeyPatch.context() as patch:
        # Its thread would write in the middle of another test, to a database that test does not have.
        patch.setattr("portal.monitoring.reads.Counter.go_on_writing", lambda _self: None)
        with override_settings(
            DATA_DIR=tmp_path_factory.mktemp("var"),
            PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # to be quick
            PAGE_CACHE_SECONDS=0,  # pages of one test must not turn up in the next
            STORAGES={**settings.STORAGES, "staticfiles": plain},
            WHITENOISE_AUTOREFRESH=True,  # no collected folder is asked for
        ):
            yield


@pytest.fixture(autouse=True, scope="session")
def _workers_that_parse_are_lent() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for user in ("aggregator.pipeline.policies", "aggregator.images"):
            patch.setattr(f"{user}.ParsePool", LentPool)
        yield
    lent_pool.end()


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As pytest's own, which reads the names of all former ones and links the newest."""
    name = re.sub(r"\W", "_", request.node.name)[:40]
    folder: Path = tmp_path_factory.getbasetemp() / f"{name}-{next(_folders)}"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.INDEX_DIR = tmp_path / "index"
    remembered.forget()
    atlas.forget()
    synonyms.forget()


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """A test that reaches for the outside fails at once, by name."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0])
            if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
                raise AssertionError(f"a test reached for {host}, which is not on loopback")
        connect(self, address)  # type: ignore[arg-type]

    socket.socket.connect = guarded  # type: ignore[method-assign,assignment]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture(autouse=True, scope="session")
def _transactional_tests_take_their_rows_away() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TransactionTestCase, "_fixture_teardown", emptied.after_each)
        # A new connection knows nothing of the tables yet: it costs PostgreSQL more than most tests do.
        patched.setattr(TransactionTestCase, "_should_reload_connections", lambda _self: False)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Where the server has a migrated database, ours is a copy of it."""
    connection.settings_dict["TEST"]["TEMPLATE"] = os.environ.get("MIGRATED_DATABASE")


@pytest.fixture(autouse=True, scope="session")
def _one_template_for_all(tmp_path_factory, worker_id: str) -> None:
    base: Path = tmp_path_factory.getbasetemp()
    Installation.templates = (base if worker_id == "master" else base.parent) / "template"
    Installation.templates.mkdir(exist_ok=True)


@pytest.fixture(autouse=True, scope="session")
def _a_new_database_is_a_copy(_one_template_for_all: None) -> Iterator[None]:
    """Of one that was migrated for the whole run, so that what is left for `migrate` is to see that."""
    begin, held = SqliteCreation._create_test_db, []

    def copied(self: Any, *arguments: Any, **more: Any) -> str:
        name: str = begin(self, *arguments, **more)
        target = sqlite3.connect(name, uri=str(name).startswith("file:"))
        held.append(target)  # one in memory is gone with its last connection
        assert Installation.templates is not None
        with closing(sqlite3.connect(template(Installation.templates, "migrate") / "portal.sqlite3")) as made:
            made.backup(target)
        return name

    SqliteCreation._create_test_db = copied  # type: ignore[method-assign]
    yield
    SqliteCreation._create_test_db = begin  # type: ignore[method-assign]
    for target in held:
        target.close()


@pytest.fixture(scope="module")
def module_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A transaction around all tests of a module: rows made in it are there for each of them, and what a
    test itself writes is undone as ever."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def net() -> Iterator[SatkerNetwork]:
    """Sites on loopback that misbehave on demand; see satker_network."""
    with SatkerNetwork() as network:
        yield network
