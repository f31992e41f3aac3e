"""A portal that is running with readers, and how a test tells what it measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.chaos.town import Town
from tests.feeds.subscriber import Subscriber

Record = Callable[..., None]


@pytest.fixture
def record(record_property: Callable[[str, object], None]) -> Record:
    """record("F01", "kill -9 one worker", recovered="3.1 s", lost=0): a row of the table."""

    def note(fault: str, what: str, **figures: object) -> None:
        told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items())
        record_property(fault, f"{what} | {told}")

    return note


@pytest.fixture(scope="module")
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """PostgreSQL, Redis, nginx, one web node with two processes, one worker; everything read once."""
    folder = tmp_path_factory.mktemp("town")
    town = Town(folder, database="postgres", PAGE_CACHE_SECONDS="2", LIMIT_SIGN_IN="5", LIMIT_SEARCH="0")
    try:
        town.subscriber = town.running.enter_context(Subscriber())  # type: ignore[attr-defined]
        town.installation.env["FETCH_ALLOWED_PORTS"] += f",{town.subscriber.port}"  # type: ignore[attr-defined]
        town.redis = town.start_redis()  # type: ignore[attr-defined]
        town.nginx = town.start_nginx()  # type: ignore[attr-defined]
        town.refresh()
        town.start_web()
        town.start_worker()
        yield town
    finally:
        town.close()
