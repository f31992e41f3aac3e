"""The result table: what each fault did, written by the run itself into docs/reliability.md."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.chaos.town import Town
from tests.feeds.subscriber import Subscriber

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reliability.md"
KEPT = ROOT / "var/chaos.json"
BEGIN, END = "<!-- written by make chaos -->\n", "<!-- end -->\n"

Record = Callable[..., None]
_results: dict[str, dict[str, str]] = {}


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Record:
    """record("F01", "kill -9 one worker", recovered="3.1 s", lost=0): a row of the table."""

    def note(fault: str, what: str, **figures: object) -> None:
        told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items())
        _results[fault] = {"what": what, "figures": told, "node": request.node.nodeid}

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


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.when == "call":
        for row in _results.values():
            if row["node"] == item.nodeid:
                row["held"] = "yes" if report.passed else "NO"


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not _results or hasattr(session.config, "workerinput"):
        return
    KEPT.parent.mkdir(exist_ok=True)
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    for fault, row in _results.items():
        kept[fault] = {**row, "at": today}
    KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True))
    if os.environ.get("CHAOS_TABLE") == "1" and PAGE.exists():
        _write_table(kept)


def _write_table(rows: dict[str, dict[str, str]]) -> None:
    lines = ["| id | fault | what was measured | held | on |", "|---|---|---|---|---|"]
    for fault, row in sorted(rows.items()):
        cells = (fault, row["what"], row["figures"], row.get("held", "?"), row["at"])
        lines.append(f"| {' | '.join(cells)} |")
    text = PAGE.read_text()
    before, _begin, rest = text.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}" + "\n".join(lines) + f"\n{END}{after}")
