"""A portal under readers while it ingests: a thousand readers with ten seconds of thought, one question in
twenty a search, beside a network of sites that keeps publishing.

Starts everything on loopback (PostgreSQL and nginx where they are installed, else SQLite and the bare
server), fills in a history, and measures three times: few readers alone (the floor), readers while the portal
ingests, and, with --surge, ten times as many with ELECTION_MODE. Shown are answers, and the 95th percentile
as a multiple of that floor; how late feeds were asked meanwhile, as a multiple of their interval.

    .venv/bin/python bench/load.py [--readers 1000] [--seconds 60] [--sites 100] [--entries 20000] [--surge]

A long history takes longer to make than to measure: with DATABASE_URL (a PostgreSQL that is kept, perhaps
filled by bench/load_history.py) and --folder (its index) one run with --prepare makes it, others measure.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import aiohttp

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.chaos.town import Town, ask  # noqa: E402
from tests.installation import wait_until  # noqa: E402
from tests.services import postgres_bin  # noqa: E402

THINK = 10.0  # seconds
WORDS = ("kegiatan", "kantor nomor", "rapat pleno", "logistik", "pemutakhiran data", "situs 3", "tertib")
INTERVAL = 30  # seconds between two looks at a feed, for the time of the measurement


class Readers:
    def __init__(self, base: str, entries: list[str], seed: int = 1) -> None:
        self.base, self.entries = base, entries
        self.chance = random.Random(seed)
        self.took: dict[str, list[float]] = defaultdict(list)
        self.codes: Counter[tuple[str, int]] = Counter()  # by class of address; 0 where no answer came
        self.kept = 0  # answers that nobody had to make

    def wish(self) -> tuple[str, str]:
        """A class and an address: what a reader does next."""
        at = self.chance.random()
        if at < 0.05:
            return (
                "search",
                f"/cari?q={self.chance.choice(WORDS).replace(' ', '+')}+{self.chance.randrange(300)}",
            )
        if at < 0.25:
            return "feed", self.chance.choice(("/feeds/nasional.rss", "/feeds/nasional.atom"))
        if at < 0.50:
            return "page", f"/?utm_source=x{self.chance.randrange(10_000)}"
        if at < 0.75:
            return "post", self.chance.choice(self.entries)
        return "page", self.chance.choice(("/satker", "/provinsi", "/topik", "/aktivitas", "/tahapan"))

    async def one(self, session: aiohttp.ClientSession, until: float, think: float) -> None:
        await asyncio.sleep(self.chance.uniform(0, think))
        while time.monotonic() < until:
            kind, path = self.wish()
            began = time.monotonic()
            try:
                async with session.get(self.base + path) as answer:
                    await answer.read()
                    self.codes[kind, answer.status] += 1
                    kept = {answer.headers.get(name) for name in ("X-Proxy-Cache", "X-Cache")}
                    self.kept += bool(kept & {"HIT", "STALE", "UPDATING"})
            except (aiohttp.ClientError, TimeoutError):
                self.codes[kind, 0] += 1
            self.took[kind].append(time.monotonic() - began)
            await asyncio.sleep(self.chance.uniform(0.5, 1.5) * think)

    async def read(self, readers: int, seconds: float, think: float) -> None:
        limits = aiohttp.ClientTimeout(total=30)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=limits, connector=connector) as session:
            until = time.monotonic() + seconds
            await asyncio.gather(*(self.one(session, until, think) for _number in range(readers)))

    def p95(self) -> dict[str, float]:
        return {
            kind: quantiles(took, n=20)[18] * 1000
            for kind, took in sorted(self.took.items())
            if len(took) > 20
        }


def publish(town: Town, ended: list[bool]) -> None:
    """A post a second in the nation, as on an election day."""
    number = 0
    while not ended:
        town.publish(1, only=[number % len(town.sites)])
        number += 1
        time.sleep(1)


def stored(town: Town) -> int:
    count: int = town.rows("SELECT count(*) FROM aggregator_entry WHERE state = 'public'")[0][0]
    return count


def lateness(town: Town) -> float:
    """By how many of its intervals the most belated feed is due now."""
    due = town.rows("SELECT min(next_check_at) FROM aggregator_feed WHERE state = 'active' AND lease = ''")[
        0
    ][0]
    if due is None:
        return 0.0
    at = due if isinstance(due, datetime) else datetime.fromisoformat(f"{due}+00:00")
    return max(0.0, (datetime.now(UTC) - at).total_seconds()) / INTERVAL


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--sites", type=int, default=100)
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--surge", action="store_true", help="then ten times as many, with ELECTION_MODE")
    parser.add_argument("--election", action="store_true", help="ELECTION_MODE for the thousand readers, too")
    parser.add_argument("--folder", type=Path, help="kept for later runs, beside DATABASE_URL")
    parser.add_argument("--still", action="store_true", help="leave the index as --prepare made it")
    parser.add_argument("--prepare", action="store_true", help="end when the history is there and indexed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-load-") as folder:
        if options.folder:
            options.folder.mkdir(parents=True, exist_ok=True)
            folder = str(options.folder)
        database = os.environ.get("DATABASE_URL") or ("postgres" if postgres_bin() else "sqlite")
        limits = {
            "LIMIT_SEARCH": "0",
            "FETCH_MIN_INTERVAL": str(INTERVAL),
            "FETCH_MAX_INTERVAL": str(INTERVAL),
        }
        limits |= {"ELECTION_MODE": "1"} if options.election else {}
        town = Town(Path(folder), database=database, sites=options.sites, SEARCH_ENGINE="tantivy", **limits)
        try:
            measure(town, options)
        finally:
            town.close()


def measure(town: Town, options: argparse.Namespace) -> None:
    town.refresh()
    town.rows("UPDATE aggregator_feed SET state = 'disabled' WHERE url LIKE 'https://umpan%'")
    if options.entries > stored(town):
        env = {**town.installation.env, "PAGE_CACHE_SECONDS": "0"}
        fill = [sys.executable, "bench/load_history.py", "--only-fill", "--feeds", "0"]
        subprocess.run([*fill, "--entries", str(options.entries)], env=env, cwd=ROOT, check=True)
    if not options.still:
        town.installation.run("follow_index", "--once", timeout=7200)
    if options.prepare:
        return
    nginx = town.start_nginx() if shutil.which("nginx") else None
    base = nginx.url if nginx else f"http://127.0.0.1:{town.port}"
    lift_limits_of_one_address(nginx)
    town.start_web(follow=not options.still)
    newest = town.rows("SELECT id FROM aggregator_entry WHERE state = 'public' ORDER BY id DESC LIMIT 300")
    paths = [ask(town.port, f"/berita/{row[0]}").headers["location"] for row in newest]
    floor = Readers(base, paths)
    asyncio.run(floor.read(4, 15, 0.05))
    town.start_worker()
    wait_until(lambda: bool(town.rows("SELECT 1 FROM django_q_schedule LIMIT 1")), 60)
    told("one reader alone, nothing ingested", floor, floor, 15)
    under(town, base, paths, floor, options.readers, options.seconds, THINK, "while ingesting")
    if options.surge:
        town.stop("web")
        town.installation.env["ELECTION_MODE"] = "1"
        town.start_web(follow=not options.still)
        under(
            town,
            base,
            paths,
            floor,
            options.readers,
            options.seconds,
            THINK / 10,
            "ELECTION_MODE, ten times",
        )


def lift_limits_of_one_address(nginx: object) -> None:
    """All readers of this measurement come from one address; the limits are measured by `make chaos`."""
    if nginx is None:
        return
    folder = nginx.folder  # type: ignore[attr-defined]
    http = (folder / "http.conf").read_text()
    (folder / "http.conf").write_text(http.replace("50r/s", "100000r/s").replace("5r/s", "100000r/s"))
    config = (folder / "nginx.conf").read_text()
    own = (ROOT / "deploy/nginx/locations.conf").read_text()
    (folder / "locations.conf").write_text(
        own.replace("limit_conn kpu_conn 100", "limit_conn kpu_conn 20000")
    )
    (folder / "nginx.conf").write_text(
        config.replace(f"{ROOT}/deploy/nginx/locations.conf", f"{folder}/locations.conf")
    )
    nginx.process.send_signal(1)  # type: ignore[attr-defined]
    time.sleep(1)


def under(
    town: Town,
    base: str,
    paths: list[str],
    floor: Readers,
    count: int,
    seconds: float,
    think: float,
    name: str,
) -> None:
    import threading

    before = stored(town)
    ended: list[bool] = []
    sites = threading.Thread(target=publish, args=(town, ended))
    sites.start()
    readers = Readers(base, paths, seed=2)
    late: list[float] = []
    watch = threading.Thread(target=lambda: watch_lateness(town, ended, late))
    watch.start()
    try:
        asyncio.run(readers.read(count, seconds, think))
    finally:
        ended.append(True)
        sites.join()
        watch.join()
    told(f"{count} readers, {name}", readers, floor, seconds)
    new = stored(town) - before
    worst = quantiles(late, n=20)[18] if len(late) > 1 else 0.0
    used = sum(town.memory().values())
    print(f"  posts taken in {new}; feeds late by at most {worst:.1f} intervals (p95); memory {used} MB")


def watch_lateness(town: Town, ended: list[bool], late: list[float]) -> None:
    while not ended:
        late.append(lateness(town))
        time.sleep(2)


def told(name: str, readers: Readers, floor: Readers, seconds: float) -> None:
    total = sum(readers.codes.values())
    bad = [
        f"{kind} {code}: {count}"
        for (kind, code), count in sorted(readers.codes.items())
        if code not in (200, 301, 304)
    ]
    kept = readers.kept / max(1, total)
    print(f"{name}: {total / seconds:.0f} answers/s, not 200: {', '.join(bad) or 'none'}, kept {kept:.0%}")
    ground = floor.p95()
    for kind, p95 in readers.p95().items():
        print(f"  {kind:<7} p95 {p95:7.1f} ms, {p95 / ground.get(kind, p95):5.1f} × alone")


if __name__ == "__main__":
    main()
