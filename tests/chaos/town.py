"""A whole portal of our own on loopback (sites, database, cache, web, worker, nginx), any part of which may
be killed, stopped, filled or spoilt, and what must hold of it afterwards."""

from __future__ import annotations

import http.client
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

import psycopg

from tests.installation import Installation, kill_group, wait_until
from tests.satker_network import FaultSite, SatkerNetwork, build_rss
from tests.services import Nginx, Postgres, Redis, free_port, listens

Rows = list[tuple[Any, ...]]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


def ask(port: int, path: str = "/", *, timeout: float = 15, source: str = "127.0.0.1") -> Answer:
    """One request on a connection of its own, from any address of loopback; status 0: there was no answer."""
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout, source_address=(source, 0))
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, body, time.monotonic() - began)
    except (OSError, http.client.HTTPException):
        return Answer(0, {}, b"", time.monotonic() - began)
    finally:
        connection.close()


@dataclass
class Readers:
    """Readers that ask all the time, each after its answer; what they were told. `address`: each has an
    address of its own there; `passenger`: a parameter that nobody reads, another one each time."""

    port: int
    paths: list[str]
    address: str = ""
    passenger: str = ""
    seen: list[tuple[float, str, Answer]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def read(self, reader: int, pause: float) -> None:
        source = f"{self.address}.{reader + 1}" if self.address else "127.0.0.1"
        number = reader
        while not self.ended.is_set():
            path = self.paths[number % len(self.paths)]
            number += 1
            whole = f"{path}?{self.passenger}={reader}-{number}" if self.passenger else path
            self.seen.append((time.monotonic(), path, ask(self.port, whole, source=source)))
            time.sleep(pause)

    def codes(self) -> Counter[int]:
        return Counter(answer.status for _at, _path, answer in self.seen)

    def failed_after(self, moment: float) -> float:
        """How long after that moment the last failed answer came; 0 when none failed."""
        bad = [at - moment for at, _path, a in self.seen if a.status == 0 or a.status >= 500]
        return max(bad, default=0.0)

    def p95(self, having: str = "") -> float:
        """Seconds; of the addresses that have this in them."""
        took = [answer.seconds for _at, path, answer in self.seen if having in path]
        return quantiles(took, n=20, method="inclusive")[18] if len(took) > 1 else 0.0

    def kept(self) -> float:
        """The share of answers that nobody had to make."""
        found = [{a.headers.get(name) for name in ("x-proxy-cache", "x-cache")} for _at, _p, a in self.seen]
        return sum(bool(names & KEPT) for names in found) / max(1, len(found))


KEPT = {"HIT", "STALE", "UPDATING", "REVALIDATED"}


@contextmanager
def reading(
    port: int,
    paths: list[str],
    *,
    readers: int = 2,
    pause: float = 0.05,
    address: str = "",
    passenger: str = "",
) -> Iterator[Readers]:
    told = Readers(port, paths, address, passenger)
    threads = [threading.Thread(target=told.read, args=(number, pause)) for number in range(readers)]
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        told.ended.set()
        for thread in threads:
            thread.join()


class Town:
    """`database` is postgres or sqlite, or the URL of a PostgreSQL that is kept. All ends with `close`."""

    def __init__(self, folder: Path, *, database: str, sites: int = 10, **env: str) -> None:
        self.folder = folder
        self.running = ExitStack()
        self.net = self.running.enter_context(SatkerNetwork())
        self.postgres = Postgres(folder) if database == "postgres" else None
        if self.postgres:
            self.running.callback(self.postgres.stop)
        self.url = self.postgres.url if self.postgres else database.removeprefix("sqlite")
        self.port = free_port()
        shared = {"DATABASE_URL": self.url} if self.url else {}
        (folder / "data").mkdir(exist_ok=True)
        pace = {"FETCH_MIN_INTERVAL": "5", "FETCH_MAX_INTERVAL": "10"}
        self.installation = Installation(folder / "data", self.net.port, **{**pace, **shared, **env})
        if not self.url:
            self.installation.env.pop("DATABASE_URL", None)
        self.installation.env["BASE_URL"] = f"http://127.0.0.1:{self.port}"
        self.sites: list[FaultSite] = [self.net.site() for _number in range(sites)]
        self.offered: dict[int, list[str]] = {number: [] for number in range(sites)}
        self.processes: dict[str, subprocess.Popen[str]] = {}
        self.publish(6)
        self.installation.set_up([site.url("/feed") for site in self.sites])

    # --- what the sites do ---------------------------------------------------------------------------

    def publish(self, count: int, *, window: int = 60, only: Sequence[int] = ()) -> None:
        """New posts of all sites, or of these."""
        for number, site in enumerate(self.sites):
            if only and number not in only:
                continue
            posts = self.offered[number]
            posts += [f"urn:{number}:{n}" for n in range(len(posts), len(posts) + count)]
            items = [
                {
                    "title": f"KPU situs {number} mengabarkan kegiatan {guid.rsplit(':', 1)[1]}",
                    "guid": guid,
                    "link": f"https://situs{number}.example/{guid.rsplit(':', 1)[1]}",
                    "summary": f"Kegiatan {guid} berlangsung tertib di kantor nomor {number}. " * 3,
                }
                for guid in reversed(posts[-window:])
            ]
            site.feed("/feed", build_rss(items))

    @property
    def all_offered(self) -> list[str]:
        return sorted(guid for posts in self.offered.values() for guid in posts)

    # --- processes -----------------------------------------------------------------------------------

    def start_web(self, port: int = 0, *, name: str = "web", follow: bool = True) -> None:
        port = port or self.port
        self._start(name, "serve", "--port", str(port), *(["--follow-index"] if follow else []))
        wait_until(lambda: ask(port, "/healthz").status == 200, 90)

    def start_worker(self, *, name: str = "worker") -> None:
        self._start(name, "work", "--no-index")

    def start_redis(self) -> Redis:
        redis = Redis(self.folder)
        self.running.callback(redis.kill)
        self.installation.env["REDIS_URL"] = redis.url
        return redis

    def start_nginx(self, *ports: int) -> Nginx:
        nginx = Nginx(self.folder / "nginx", ports or [self.port])
        self.running.callback(nginx.stop)
        self.installation.env["TRUSTED_PROXIES"] = "127.0.0.0/8"
        return nginx

    def _start(self, name: str, *command: str) -> None:
        log = (self.folder / f"{name}.log").open("a")
        self.processes[name] = self.installation.popen(*command, quiet_to=log)
        log.close()

    def kill(self, name: str) -> None:
        """SIGKILL to a process and all it started."""
        process = self.processes.pop(name)
        for pid in [*descendants(process.pid), process.pid]:
            end(pid)
        process.wait()

    def stop(self, name: str) -> float:
        """SIGTERM, as a deployment does; returns how long it took."""
        process, began = self.processes.pop(name), time.monotonic()
        process.terminate()
        process.wait(60)
        return time.monotonic() - began

    def close(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                kill_group(process)
        self.running.close()

    def memory(self) -> dict[int, int]:
        """MB that each process of web and worker has for itself."""
        found = {}
        for process in self.processes.values():
            for pid in [process.pid, *descendants(process.pid)]:
                with suppress(OSError):
                    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                    found[pid] = (
                        sum(int(line.split()[1]) for line in lines if line.startswith("Private")) // 1024
                    )
        return found

    # --- what must hold ------------------------------------------------------------------------------

    def rows(self, sql: str, *values: object) -> Rows:
        if self.url:
            with psycopg.connect(self.url, connect_timeout=5) as connection:
                found = connection.execute(sql, values or None)
                return found.fetchall() if found.description else []
        place = self.folder / "data/portal.sqlite3"
        with closing(sqlite3.connect(place, timeout=20, isolation_level=None)) as database:
            return database.execute(sql, values).fetchall()

    def published(self) -> list[str]:
        return sorted(row[0] for row in self.rows("SELECT guid FROM aggregator_entry WHERE state = 'public'"))

    def is_whole(self) -> bool:
        try:
            return self.published() == self.all_offered
        except (psycopg.Error, sqlite3.Error):
            return False

    def wait_whole(self, seconds: float = 120) -> float:
        began = time.monotonic()
        wait_until(self.is_whole, seconds)
        return time.monotonic() - began

    def refresh(self) -> dict[str, Any]:
        return self.installation.refresh("--no-index")

    def lost_and_doubled(self) -> tuple[int, int]:
        found = Counter(self.published())
        offered = set(self.all_offered)
        return len(offered - found.keys()), sum(found.values()) - len(found)

    def query(self, path: str) -> Answer:
        return ask(self.port, path)


def descendants(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents.setdefault(int(stat.read_text().rsplit(")", 1)[1].split()[1]), []).append(
                int(stat.parent.name)
            )
        except (OSError, IndexError):
            continue
    found = list(parents.get(pid, []))
    for child in found:
        found += parents.get(child, [])
    return found


def commands_of(pid: int) -> dict[str, list[int]]:
    """manage.py command → process ids, of all that a process started."""
    found: dict[str, list[int]] = {}
    for child in descendants(pid):
        try:
            line = (Path("/proc") / str(child) / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if len(line) > 2 and line[1].endswith(b"manage.py"):
            found.setdefault(line[2].decode(), []).append(child)
    return found


def end(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def within(seconds: float, condition: Callable[[], bool]) -> float:
    """How long it took until the condition held."""
    began = time.monotonic()
    wait_until(condition, seconds)
    return time.monotonic() - began


__all__ = ["Readers", "Town", "ask", "commands_of", "descendants", "end", "listens", "reading", "within"]
