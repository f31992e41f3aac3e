"""pytest -p tests.chaos.table: what tests tell of faults becomes the result table of docs/reliability.md.

A test tells by `record_property("F30", "what was done | what was measured")`, wherever it stands. A row stays
until its fault is made again.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs/reliability.md"
BEGIN, END = "<!-- written by make chaos -->\n", "<!-- end -->\n"
HEAD = "| id | fault | what was measured | held | on |\n|---|---|---|---|---|\n"
FAULT = re.compile(r"F\d\d\b")

_rows: dict[str, str] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when != "call":
        return
    for fault, told in report.user_properties:
        if FAULT.match(fault):
            held = "yes" if report.passed else "NO"
            _rows[fault] = f"| {fault} | {told} | {held} | {datetime.now(UTC):%Y-%m-%d} |\n"


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _rows and os.environ.get("CHAOS_TABLE") == "1":
        text = PAGE.read_text()
        before, _begin, rest = text.partition(BEGIN)
        old, _end, after = rest.partition(END)
        rows = {line.split("|")[1].strip(): line for line in old.splitlines(keepends=True)[2:]}
        rows |= _rows
        table = HEAD + "".join(rows[fault] for fault in sorted(rows))
        PAGE.write_text(f"{before}{BEGIN}{table}{END}{after}")
