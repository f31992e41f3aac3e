"""A portal of its own in a folder, driven through its commands as an operator would: real processes."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import IO, Any

import psycopg

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = (
    *("code", "parent_code", "level", "name", "region_name", "kind", "province", "hostname"),
    *("hostname_evidence", "latitude", "longitude", "timezone", "feed_url"),
)


class Installation:
    """`folder` holds its database and index; `port` is where it may fetch.

    `templates`: where all tests of a run find a new SQLite portal to copy."""

    templates: Path | None = None

    def __init__(self, folder: Path, port: int, **env: str) -> None:
        self.folder = folder
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "DATABASE_URL")}
        self.env = {
            **kept,
            "DATA_DIR": str(folder),
            "DEMO": "1",
            "FETCH_ALLOWED_NETWORKS": "127.0.0.0/8",
            "FETCH_ALLOWED_PORTS": str(port),
            "FETCH_HOST_SPACING": "0",
            "FETCH_MIN_INTERVAL": "5",
            "LOG_LEVEL": "WARNING",
            **env,
        }

    def popen(self, *command: str, quiet_to: IO[str] | None = None, **kwargs: Any) -> subprocess.Popen[str]:
        """Start a command; what it says can be read from the pipes, or stands in a file."""
        if self.templates is not None and command[0] == "serve":
            self.env.setdefault("STATIC_ROOT", str(template(self.templates, "collectstatic") / "static"))
        return subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), *command],
            env=self.env,
            cwd=ROOT,
            text=True,
            stdout=quiet_to or subprocess.PIPE,
            stderr=quiet_to or subprocess.PIPE,
            start_new_session=True,
            **kwargs,
        )

    def run(self, *command: str, ok: bool = True, timeout: float = 300) -> str:
        """Standard output of a command that must succeed (or, with ok=False, its standard error)."""
        process = self.popen(*command)
        out, err = process.communicate(timeout=timeout)
        if ok:
            assert process.returncode == 0, err
            return out
        assert process.returncode != 0, out
        return err

    def begin(self) -> None:
        """Migrate, and load the registry of the whole country."""
        commands = ("migrate", "load_registry")
        if self.templates is None or "DATABASE_URL" in self.env:
            for command in commands:
                self.run(command)
        else:
            shutil.copytree(template(self.templates, *commands), self.folder, dirs_exist_ok=True)

    def set_up(self, feed_urls: list[str]) -> None:
        """Begin, and load a registry of one satker a feed."""
        self.begin()
        with (ROOT / "aggregator/data/satker.csv").open(encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["level"] == "regency"]
        path = self.folder / "registry.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            for row, url in zip(rows, feed_urls, strict=False):
                writer.writerow({**{k: v for k, v in row.items() if k in COLUMNS}, "feed_url": url})
        self.run("load_registry", str(path))

    def refresh(self, *options: str) -> dict[str, Any]:
        totals: dict[str, Any] = json.loads(self.run("refresh_feeds", *options).splitlines()[-1])
        return totals

    def entries(self, *options: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run("export_entries", *options).splitlines()]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What its database answers; for waiting, since a command would cost a process each time."""
        if url := self.env.get("DATABASE_URL"):
            with psycopg.connect(url) as server:
                return server.execute(sql).fetchall()
        with closing(sqlite3.connect(self.folder / "portal.sqlite3", timeout=20)) as file:
            return file.execute(sql).fetchall()

    def states(self) -> list[str]:
        """Of every entry stored so far."""
        return [state for (state,) in self.rows("SELECT state FROM aggregator_entry")]


def template(templates: Path, *commands: str) -> Path:
    """The folder of a portal on SQLite as these commands leave it, made once a run for all who want a copy:
    migrations alone take some seconds, and so does packing the static files."""
    made = templates / "-".join(commands)
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            fresh = Installation(made.with_suffix(".unfinished"), 80)
            fresh.env.pop("DATABASE_URL", None)
            if earlier := commands[:-1]:
                shutil.copytree(template(templates, *earlier), fresh.folder)
            fresh.run(commands[-1])
            fresh.folder.rename(made)
    return made


def kill_group(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def stop(process: subprocess.Popen[str]) -> None:
    """As an operator would; what it still says is read, or it could not end."""
    process.terminate()
    if process.stdout and not process.stdout.closed:
        process.communicate(timeout=60)


def wait_until(condition: Callable[[], bool], seconds: float = 60, every: float = 0.02) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(every)
