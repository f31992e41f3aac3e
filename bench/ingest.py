"""Ingestion beside its floor and its peer, in one run: CPU seconds, wall seconds, peak memory.

Three passes over SITES feeds × POSTS entries: first, unchanged, and with NEW new posts. The floor is a bare
concurrent GET and feedparser without sanitising; the peer is the PyPI package `reader` (update, then search).
Each contender runs in a process of its own; CPU counts its children (parse workers).

    .venv/bin/python bench/ingest.py [--sites 553] [--posts 30] [--new 200]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
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


def peak_mb() -> dict[str, float]:
    return {
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "peak_child_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


# --- contenders: each prints one JSON line a pass and waits for a line on stdin before the next ------


def passes(first: Callable[[], Any], again: Callable[[], Any]) -> None:
    for step in (first, again, again):
        print(json.dumps(measure(step)), flush=True)
        sys.stdin.readline()
    print(json.dumps(peak_mb()), flush=True)


def run_portal(urls: list[str]) -> None:
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
    }
    import django

    django.setup()
    from django.core.management import call_command

    from aggregator import pipeline
    from aggregator.models import Feed, Satker, SatkerHost

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

    def step() -> None:
        ids = Feed.objects.values_list("id", flat=True)
        print(json.dumps(pipeline.refresh_feeds(ids).as_dict()), file=sys.stderr)

    passes(step, step)


def run_reader(urls: list[str]) -> None:
    from reader import make_reader

    reader = make_reader(str(Path(tempfile.mkdtemp()) / "reader.sqlite"))
    for url in urls:
        reader.add_feed(url)

    def step() -> None:
        for _ in reader.update_feeds_iter(workers=10, scheduled=False):
            pass

    passes(step, step)
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

    passes(step, step)


CONTENDERS = {"portal": run_portal, "reader": run_reader, "floor": run_floor}


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
    parser.add_argument("--only", choices=sorted(CONTENDERS), help="one contender, without the table")
    parser.add_argument("--contender", choices=sorted(CONTENDERS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        CONTENDERS[options.contender](json.loads(sys.stdin.readline()))
        return
    if options.only:
        print(json.dumps(contend(options.only, options.sites, options.posts, options.new)))
        return
    table = {name: contend(name, options.sites, options.posts, options.new) for name in CONTENDERS}
    entries = options.sites * options.posts
    print(f"\n{options.sites} feeds × {options.posts} entries; {options.new} new posts in the third pass\n")
    print("| contender | first pass | unchanged | with new posts | peak memory (children) |")
    print("|---|---|---|---|---|")
    for name, rows in table.items():
        cells = [f"{row['cpu']:.1f} s CPU, {row['wall']:.1f} s" for row in rows[:3]]
        memory = f"{rows[3]['peak_mb']:.0f} ({rows[3]['peak_child_mb']:.0f}) MB"
        print(f"| {name} | {' | '.join(cells)} | {memory} |")
    portal, reader = table["portal"], table["reader"]
    for number, name in enumerate(("first pass", "unchanged", "with new posts")):
        cpus, walls = (portal[number][k] / reader[number][k] for k in ("cpu", "wall"))
        print(f"\n{name}: {cpus:.2f} × the CPU and {walls:.2f} × the wall time of reader", end="")
    rate, search = entries / portal[0]["wall"], reader[4]["cpu"]
    print(f"\nfirst pass: {rate:.0f} entries/s; reader's search update: {search:.1f} s CPU")


if __name__ == "__main__":
    main()
