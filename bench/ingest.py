"""Ingestion beside its floor and its peer, in one run: CPU and wall seconds, peak memory, its stages.

Three passes over SITES feeds × POSTS entries: first, unchanged, and with NEW new posts. The floor is a bare
concurrent GET and feedparser without sanitising; the peer is the PyPI package `reader` (update, then search).
Each contender runs in a process of its own; CPU counts its children (parse workers). After the passes the
portal goes on to search: what is derived, and the index of SEARCH_ENGINE, in another process. "Stored" is the
portal once more with screening left to a step of its own afterwards, as that is no part of the peer's update.

    .venv/bin/python bench/ingest.py [--sites 553] [--posts 30] [--new 200]
    .venv/bin/python bench/ingest.py --scale 553 2000 5530     # the portal alone: is the cost flat?
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def measure(step: Callable[[], Any]) -> dict[str, float]:
    wall, used = time.monotonic(), cpu()
    step()
    return {"wall": time.monotonic() - wall, "cpu": cpu() - used}


class Peak(threading.Thread):
    """Highest resident memory, in MB, of this process and of any child, by the kernel's own mark (VmHWM).

    `ru_maxrss` of children tells of the moment between fork and exec, when they are still their parent."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.child = 0.0
        self.start()

    def run(self) -> None:
        while True:
            for line in Path("/proc/self/task").glob("*/children"):
                try:
                    pids = line.read_text().split()
                except OSError:
                    continue
                self.child = max([self.child, *map(high_water, pids)])
            time.sleep(0.2)

    def as_dict(self) -> dict[str, float]:
        return {"peak_mb": high_water("self"), "peak_child_mb": self.child}


def high_water(pid: str) -> float:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(row.split()[1]) / 1024 for row in text.splitlines() if row.startswith("VmHWM")), 0.0)


# --- contenders: each prints one JSON line a pass and waits for a line on stdin before the next ------


def passes(step: Callable[[], Any], told: Callable[[], dict[str, float]] = dict) -> None:
    """Three times `step`; `told` adds what it knows of each."""
    peak = Peak()
    for _ in range(3):
        print(json.dumps(measure(step) | told()), flush=True)
        sys.stdin.readline()
    print(json.dumps(peak.as_dict()), flush=True)


def run_stored(urls: list[str]) -> None:
    run_portal(urls, screens=False, searches=False)


def run_passes(urls: list[str]) -> None:
    run_portal(urls, searches=False)


def run_portal(urls: list[str], screens: bool = True, searches: bool = True) -> None:
    folder = tempfile.mkdtemp()
    port = urls[0].rsplit(":", 1)[1].split("/")[0]
    os.environ |= {
        "DATA_DIR": folder,
        "DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "FETCH_ALLOWED_NETWORKS": "127.0.0.0/8",
        "FETCH_ALLOWED_PORTS": port,
        "FETCH_HOST_SPACING": "0",
        "LOG_LEVEL": "ERROR",
        "SEARCH_ENGINE": os.environ.get("SEARCH_ENGINE", "tantivy"),
    }
    import django

    django.setup()
    from django.core.management import call_command

    from aggregator import pipeline
    from aggregator.models import Feed, Satker, SatkerHost
    from aggregator.pipeline import run

    if not screens:
        vars(run)["screen"] = SimpleNamespace(screen_pending=lambda now, limit, satker_ids: None)
    call_command("migrate", verbosity=0)
    satker = [
        Satker(
            code=f"{n:04d}",
            level="regency",
            name=f"Satker {n}",
            slug=f"satker-{n}",
            region_name=f"Wilayah {n}",
            kind="kabupaten",
            timezone="Asia/Jakarta",
        )
        for n in range(len(urls))
    ]
    Satker.objects.bulk_create(satker)
    SatkerHost.objects.bulk_create(
        SatkerHost(satker=s, hostname=u.split("/")[2].split(":")[0], state="approved")
        for s, u in zip(satker, urls, strict=True)
    )
    Feed.objects.bulk_create(Feed(satker=s, url=u) for s, u in zip(satker, urls, strict=True))

    stages = Stages()

    def step() -> None:
        ids = Feed.objects.values_list("id", flat=True)
        print(json.dumps(pipeline.refresh_feeds(ids).as_dict()), file=sys.stderr)

    passes(step, stages.take)
    if not searches:
        return
    code = "import django; django.setup(); from bench.ingest import search; search()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    print(done.stdout.splitlines()[-1], flush=True)


class Stages:
    """CPU seconds of each stage: threads and calls in this process, and parse workers as its children."""

    def __init__(self) -> None:
        from aggregator import screen, store
        from aggregator.pipeline.run import Run

        self.used: defaultdict[str, float] = defaultdict(float)
        self.children = 0.0
        self._watch(Run, "_fetch", "fetch")
        self._watch(store, "save", "store")
        self._watch(screen, "screen_pending", "screen")

    def _watch(self, owner: Any, name: str, stage: str) -> None:
        true = getattr(owner, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            start = time.thread_time()
            try:
                return true(*args, **kwargs)
            finally:
                self.used[stage] += time.thread_time() - start

        setattr(owner, name, watched)

    def take(self) -> dict[str, float]:
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        children = now.ru_utime + now.ru_stime
        found = {**self.used, "parse": children - self.children}
        self.used.clear()
        self.children = children
        return found


def search() -> None:
    """In a process of its own: everything behind store, and the index. One JSON line."""
    from aggregator import pipeline
    from aggregator.search import follow

    start = cpu()
    wall = time.monotonic()
    derived = measure(pipeline.derive)["cpu"]
    follow(once=True)
    told = {"wall": time.monotonic() - wall, "cpu": cpu() - start, "derive": derived}
    print(json.dumps(told | {"peak_mb": high_water("self")}), flush=True)


def run_reader(urls: list[str]) -> None:
    from reader import make_reader

    reader = make_reader(str(Path(tempfile.mkdtemp()) / "reader.sqlite"))
    for url in urls:
        reader.add_feed(url)

    def step() -> None:
        for _ in reader.update_feeds_iter(workers=10, scheduled=False):
            pass

    passes(step)
    reader.enable_search()
    print(json.dumps(measure(reader.update_search)), flush=True)


def run_floor(urls: list[str]) -> None:
    import asyncio

    import aiohttp
    import feedparser

    def step() -> None:
        async def main() -> list[bytes]:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=10)) as session:

                async def get(url: str) -> bytes:
                    async with session.get(url) as answer:
                        return await answer.read()

                return await asyncio.gather(*(get(url) for url in urls))

        for body in asyncio.run(main()):
            feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)

    passes(step)


COMPARED = {"portal": run_portal, "stored": run_stored, "reader": run_reader, "floor": run_floor}
CONTENDERS = {**COMPARED, "passes": run_passes}


def contend(name: str, sites: int, posts: int, new: int) -> list[dict[str, float]]:
    from bench.sites import Sites

    with Sites(sites, posts) as served:
        process = subprocess.Popen(
            [sys.executable, __file__, "--contender", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps(served.urls) + "\n")
        process.stdin.flush()
        rows = []
        for number in range(3):
            rows.append(json.loads(process.stdout.readline()))
            if number == 1:
                served.publish(new)
            process.stdin.write("\n")
            process.stdin.flush()
        rows += [json.loads(line) for line in process.stdout]
        process.wait()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sites", type=int, default=553)
    parser.add_argument("--posts", type=int, default=30)
    parser.add_argument("--new", type=int, default=200)
    parser.add_argument("--scale", type=int, nargs="+", help="the portal alone, with so many sites")
    parser.add_argument("--contender", choices=sorted(CONTENDERS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        CONTENDERS[options.contender](json.loads(sys.stdin.readline()))
    elif options.scale:
        scale(options.scale, options.posts, options.new)
    else:
        compare(options.sites, options.posts, options.new)


def compare(sites: int, posts: int, new: int) -> None:
    table = {name: contend(name, sites, posts, new) for name in COMPARED}
    print(f"\n{sites} feeds × {posts} entries; {new} new posts in the third pass\n")
    print("| contender | first pass | unchanged | with new posts | search up to date | peak MB (child) |")
    print("|---|---|---|---|---|---|")
    for name, rows in table.items():
        cells = [f"{row['cpu']:.2f} s CPU, {row['wall']:.1f} s" for row in rows[:3]]
        cells.append(f"{rows[4]['cpu']:.1f} s CPU" if len(rows) > 4 else "")
        print(f"| {name} | {' | '.join(cells)} | {rows[3]['peak_mb']:.0f} ({rows[3]['peak_child_mb']:.0f}) |")
    portal, reader = table["portal"], table["reader"]
    print("\n| pass | fetch | parse and clean | store | screen | the rest |\n|---|---|---|---|---|---|")
    for name, row in zip(PASSES, portal, strict=False):
        parts = [row.get(stage, 0.0) for stage in ("fetch", "parse", "store", "screen")]
        shares = [part / row["cpu"] for part in (*parts, row["cpu"] - sum(parts))]
        print(f"| {name} | {' | '.join(f'{share:.0%}' for share in shares)} |")
    print("\nagainst reader's update (CPU, wall):")
    print(f"first pass up to and with store: {ratios(table['stored'][0], reader[0])}")
    for number, name in enumerate(PASSES):
        print(f"{name}: {ratios(portal[number], reader[number])}")
    whole = (portal[0]["cpu"] + portal[4]["cpu"]) / (reader[0]["cpu"] + reader[4]["cpu"])
    print(f"with search: {whole:.2f}; indexer's peak {portal[4]['peak_mb']:.0f} MB")


def ratios(mine: dict[str, float], theirs: dict[str, float]) -> str:
    return ", ".join(f"{mine[kind] / theirs[kind]:.2f}" for kind in ("cpu", "wall"))


PASSES = ("first pass", "unchanged", "with new posts")


def scale(sizes: list[int], posts: int, new: int) -> None:
    print("\n| feeds | ms CPU an entry, first pass | a feed, unchanged | a new post | peak MB (child) |")
    print("|---|---|---|---|---|")
    for sites in sizes:
        rows = contend("passes", sites, posts, new)
        fresh = (rows[2]["cpu"] - rows[1]["cpu"]) / new
        print(
            f"| {sites} | {1000 * rows[0]['cpu'] / sites / posts:.2f} | {1000 * rows[1]['cpu'] / sites:.2f}"
            f" | {1000 * fresh:.1f} | {rows[3]['peak_mb']:.0f} ({rows[3]['peak_child_mb']:.0f}) |",
            flush=True,
        )


if __name__ == "__main__":
    main()
