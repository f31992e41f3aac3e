"""Pages: server time of each page type, made anew and kept, on stores of 10,000 and 1,000,000 posts.

1. Making: CPU of this process and time on the clock (median and 95th percentile each) and queries of one
   page, each time of another office, province or post, with no page kept. With SQLite the database's work is
   part of the CPU; with PostgreSQL (deploy/with_postgres.sh .venv/bin/python bench/pages.py) only the clock
   holds it.
2. Serving: granian with the portal's middleware and two workers: kept pages a second that a program of its
   own gets over 16 connections, and what each costs the server.

With `--index` also the pages that ask the search index, which is built (with tantivy) where there is none:
some 1,000 posts a second.

    .venv/bin/python bench/pages.py [--stored 10000 1000000] [--keep FOLDER] [--seconds 3] [--only home post]
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.http_load import Server  # noqa: E402
from bench.store import add_options, each, fill, start  # noqa: E402

ROUNDS = 100  # of fewer, the p95 is near the slowest
WORDS = ("rapat", "pleno", "terbuka", "rekapitulasi", "daftar", "pemilih", "berkelanjutan", "Bawaslu")


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
        "activity, again": lambda: "/aktivitas",
        "activity, province": lambda: f"/aktivitas?provinsi={any_of(places).slug}",
        "activity, topic": lambda: f"/aktivitas?topik={any_of(topics).slug}",
        "activity, drawing": lambda: "/aktivitas/provinsi.svg",
        "activity, now": lambda: "/aktivitas/kini",
        "inspiration": lambda: "/inspirasi",
        "report an error": lambda: f"{entry().rpartition('/')[0]}/lapor",
        "withdrawn": lambda: "/ditarik",
    }


def worded() -> dict[str, Callable[[], str]]:
    """The same of pages that ask the index: words that every post has, and a number that one has."""
    from aggregator.models import Entry, Province

    chance = random.Random(11)
    places, count = list(Province.objects.all()), Entry.objects.count()

    def words() -> str:
        return "+".join(chance.sample(WORDS, 2))

    def number() -> int:
        return chance.randint(1, count)

    return {
        "search, all posts": lambda: f"/cari?q={words()}",
        "search, of a place": lambda: f"/cari?q={words()}&provinsi={chance.choice(places).slug}",
        "search, one post": lambda: f"/cari?q=nomor+{number()}",
        "search, no post": lambda: f"/cari?q=xq{number()}",
        "activity, all posts": lambda: f"/aktivitas?q={words()}",
        "activity, one post": lambda: f"/aktivitas?q=nomor+{number()}",
        "suggestions": lambda: f"/saran?q={chance.choice(WORDS)[:4]}",
    }


def indexed() -> bool:
    """Build the index where there is none."""
    from aggregator.errors import IndexUnavailable
    from aggregator.search.engine import current
    from aggregator.search.follow import rebuild

    try:
        current()
    except IndexUnavailable:
        rebuild()
    return True


def making(only: list[str], index: bool) -> None:
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from portal import remembered
    from portal.settled import settle

    settings.PAGE_CACHE_SECONDS = settings.LIMIT_SEARCH = 0
    settle()
    client = Client(headers={"host": "localhost"})
    print(f"  {'page':20} {'CPU':>8} {'p95':>8} {'time':>8} {'p95':>8}  ms {'queries':>8} {'kB':>6}")
    pages = {**paths(), **(worded() if index and indexed() else {})}
    for name, address in pages.items():
        if only and name not in only:
            continue
        client.get(address())
        used, taken = [], []
        for _round in range(ROUNDS):
            path = address()
            if not name.endswith("again"):
                remembered.forget()
            started, begun = time.process_time(), time.perf_counter()
            response = client.get(path)
            used.append((time.process_time() - started) * 1000)
            taken.append((time.perf_counter() - begun) * 1000)
            assert response.status_code == 200, (path, response.status_code)
        if not name.endswith("again"):
            remembered.forget()
        with CaptureQueriesContext(connection) as queries:
            client.get(address())
        figures = [figure for times in (used, taken) for figure in (statistics.median(times), p95(times))]
        told = " ".join(f"{figure:8.1f}" for figure in figures)
        size = len(response.content) / 1000
        print(f"  {name:20} {told} {len(queries):11} {size:6.0f}", flush=True)


def p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def serving(seconds: float) -> None:
    """Two workers, as on a machine of two cores, and a program of its own that asks."""
    with Server(WEB_WORKERS="2") as server:
        tag, feed = server.tag("/"), server.tag("/feeds/nasional.rss")
        kinds = {
            "kept home": ("/", ""),
            "its 304": ("/", f"If-None-Match: {tag}"),
            "kept activity view": ("/aktivitas", ""),
            "kept directory": ("/satker", ""),
            "kept feed": ("/feeds/nasional.rss", ""),
            "its 304, feed": ("/feeds/nasional.rss", f"If-None-Match: {feed}"),
            "health (no cache)": ("/healthz", ""),
        }
        for name, (path, extra) in kinds.items():
            load = server.load(path, extra, connections=16, seconds=seconds)
            print(
                f"  {name:20} {load.rate:7.0f} requests/s {load.cpu:7.0f} µs CPU of the server"
                f"  p50 {load.p50:5.1f} p95 {load.p95:5.1f} ms  {load.statuses}",
                flush=True,
            )


def one_store(folder: Path, count: int, options: argparse.Namespace) -> None:
    start(folder)
    from django.core.management import call_command

    call_command("collectstatic", verbosity=0, interactive=False)
    fill(count)
    from django.db import connection

    print(f"{count:,} posts stored, {connection.vendor}", flush=True)
    making(options.only, options.index)
    if options.seconds:
        serving(options.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(parser)
    parser.add_argument("--seconds", type=float, default=3, help="of each kind of serving; 0: none")
    parser.add_argument("--only", nargs="*", default=[], help="these types of pages")
    parser.add_argument("--index", action="store_true", help="also pages that ask the search index")
    options = parser.parse_args()
    if options.store:
        one_store(options.folder, options.store, options)
    else:
        more = ["--index"] if options.index else []
        each(__file__, options, *more, "--seconds", str(options.seconds), "--only", *options.only)


if __name__ == "__main__":
    main()
