"""Pages: server time of each page type, made anew and kept, on stores of 10,000 and 1,000,000 posts.

1. Making: CPU of this process and time on the clock (median and 95th percentile each) and queries of one
   page, each time of another office, province or post, with no page kept. With SQLite the database's work is
   part of the CPU; with PostgreSQL (deploy/with_postgres.sh .venv/bin/python bench/pages.py) only the clock
   holds it.
2. Serving: granian with the portal's middleware, one worker and one thread: CPU of the server for a kept
   page, its 304 and a page that must be made.

    .venv/bin/python bench/pages.py [--stored 10000 1000000] [--requests 2000]
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.feeds import fill, start  # noqa: E402

ROUNDS = 20


def paths() -> dict[str, Callable[[], str]]:
    """By page type: an address, another one at each call."""
    from aggregator.models import Entry, Province, Satker, Stage, Topic

    chance = random.Random(7)
    satker = list(Satker.objects.exclude(province=None))
    places, topics = list(Province.objects.all()), list(Topic.objects.all())
    stages = [stage for stage in Stage.objects.all() if stage.entries.exists()]
    last = Entry.objects.order_by("-pk").values_list("pk", flat=True)[0]
    any_of = chance.choice

    def entry() -> str:
        return (
            Entry.objects.select_related("public_revision").get(pk=chance.randint(1, last)).get_absolute_url()
        )

    return {
        "home": lambda: "/",
        "post": entry,
        "office": lambda: any_of(satker).get_absolute_url(),
        "province": lambda: any_of(places).get_absolute_url(),
        "topic": lambda: any_of(topics).get_absolute_url(),
        "stage": lambda: any_of(stages).get_absolute_url(),
        "directory": lambda: "/satker",
        "provinces": lambda: "/provinsi",
        "topics": lambda: "/topik",
        "stages": lambda: "/tahapan",
        "search by place": lambda: f"/cari?provinsi={any_of(places).slug}",
        "search by office": lambda: f"/cari?satker={any_of(satker).code}",
        "activity": lambda: "/aktivitas",
        "activity, province": lambda: f"/aktivitas?provinsi={any_of(places).slug}",
        "activity, topic": lambda: f"/aktivitas?topik={any_of(topics).slug}",
        "activity, drawing": lambda: "/aktivitas/provinsi.svg",
        "activity, now": lambda: "/aktivitas/kini",
        "inspiration": lambda: "/inspirasi",
        "report an error": lambda: f"{entry().rpartition('/')[0]}/lapor",
        "withdrawn": lambda: "/ditarik",
    }


def making() -> None:
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    settings.PAGE_CACHE_SECONDS = 0
    client = Client(headers={"host": "localhost"})
    print(f"  {'page':20} {'CPU':>8} {'p95':>8} {'time':>8} {'p95':>8}  ms {'queries':>8} {'kB':>6}")
    for name, address in paths().items():
        client.get(address())
        used, taken = [], []
        for _round in range(ROUNDS):
            path = address()
            started, begun = time.process_time(), time.perf_counter()
            response = client.get(path)
            used.append((time.process_time() - started) * 1000)
            taken.append((time.perf_counter() - begun) * 1000)
            assert response.status_code == 200, (path, response.status_code)
        with CaptureQueriesContext(connection) as queries:
            client.get(address())
        figures = [figure for times in (used, taken) for figure in (statistics.median(times), p95(times))]
        told = " ".join(f"{figure:8.1f}" for figure in figures)
        size = len(response.content) / 1000
        print(f"  {name:20} {told} {len(queries):11} {size:6.0f}", flush=True)


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def serving(requests: int) -> None:
    from bench.feeds import _free_port, _header, _load, _wait_for

    port = _free_port()
    environment = {**os.environ, "WEB_WORKERS": "1", "WEB_THREADS": "1"}
    command = [sys.executable, str(ROOT / "manage.py"), "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=environment)
    try:
        _wait_for(port)
        tag = _header(port, "/", b"etag")
        kinds = {
            "kept home": ("/", ""),
            "its 304": ("/", f"If-None-Match: {tag}\r\n"),
            "health": ("/healthz", ""),
        }
        for name, (path, extra) in kinds.items():
            used, rate = min(_load(server.pid, port, path, extra, requests) for _round in range(3))
            print(f"  {name:20} {used:7.0f} µs CPU of the server  {rate:7.0f} requests/s of one client")
    finally:
        server.terminate()
        server.wait(20)


def one_store(folder: Path, count: int, requests: int) -> None:
    start(folder)
    from django.core.management import call_command

    call_command("collectstatic", verbosity=0, interactive=False)
    fill(count)
    from portal import daily, inspiration

    daily.rebuild()  # as the worker keeps them
    inspiration.rebuild()
    from django.db import connection

    print(f"{count:,} posts stored, {connection.vendor}")
    making()
    if requests:
        serving(requests)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stored", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--store", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.store:
            one_store(Path(folder), options.store, options.requests)
            return
    for number, count in enumerate(options.stored):
        requests = options.requests if number == 0 else 0
        command = [sys.executable, __file__, "--store", str(count), "--requests", str(requests)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
