"""A loopback network of satker sites that keep publishing: for `make run`, tests and benchmarks."""

from __future__ import annotations

import asyncio
import json
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from aggregator.demo.network import RATE, DemoNetwork
from aggregator.demo.timeline import Session
from aggregator.management.quick import QuickCommand

BEAT = 10.0  # seconds between two marks that the network still runs
KEPT = 40  # runs that are remembered


class Command(QuickCommand):
    help = (
        "Serve a demonstration network of satker sites on loopback (127.20.x.y) until Ctrl-C. The sites have "
        "a history of posts and keep publishing; with --sites below 553 the nation, a quarter provinces and "
        "regencies of these are taken. Load them with: load_registry PATH of --write-registry."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sites", type=int, default=553, help="how many sites (1 to 553)")
        parser.add_argument("--port", type=int, default=8001, help="one port for all; 0 takes a free one")
        parser.add_argument("--seed", type=int, default=1, help="another seed, another network")
        parser.add_argument(
            "--rate",
            type=float,
            default=RATE,
            help="new posts a minute over all sites; at 0 all stands still",
        )
        parser.add_argument("--write-registry", type=Path, metavar="PATH", help="CSV for load_registry")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["sites"] <= 553 or options["rate"] < 0:
            raise CommandError("--sites is 1 to 553, --rate is not negative.")
        runs = Runs(settings.DATA_DIR / "demo_runs.json", options["seed"])
        network = DemoNetwork(
            options["sites"], options["port"], options["seed"], rate=options["rate"], sessions=runs.sessions
        )
        try:
            asyncio.run(self._serve(network, runs, options["write_registry"]))
        except OSError as error:
            raise CommandError(f"Port {options['port']} cannot be used: {error}") from error

    async def _serve(self, network: DemoNetwork, runs: Runs, registry: Path | None) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await network.start()
        if registry:
            _write(registry, network.registry_csv())
        where = f"http://127.0.0.1:{network.port}/"
        self.stdout.write(f"{len(network.codes)} sites; list: {where}  registry: {where}registry.csv")
        self.stdout.write(f"Siap (ready) on port {network.port}. Ctrl-C ends it.")
        self.stdout.flush()
        current = network.world.timeline.sessions[-1]
        while not stop.is_set():
            runs.mark(current)
            try:
                await asyncio.wait_for(stop.wait(), BEAT)
            except TimeoutError:
                continue
        runs.mark(current)
        await network.stop()


class Runs:
    """When the network ran before, kept in DATA_DIR: a site that is started again still has its posts."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path, self.seed = path, seed
        self.sessions = self._read()

    def _read(self) -> list[Session]:
        try:
            kept = json.loads(self.path.read_text())
            if kept["seed"] != self.seed:
                return []
            return [Session(int(start), int(end), float(rate)) for start, end, rate in kept["runs"]]
        except (OSError, ValueError, KeyError, TypeError):
            return []

    def mark(self, current: Session) -> None:
        """Remember that the current run lasted until now."""
        runs = [*self.sessions, Session(current.start, int(time.time()) + 1, current.rate)][-KEPT:]
        rows = [[run.start, run.end, run.rate] for run in runs]
        _write(self.path, json.dumps({"seed": self.seed, "runs": rows}))


def _write(path: Path, text: str) -> None:
    """Whole or not at all: whoever waits for the file must not read half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as new:
        new.write(text)
    Path(new.name).chmod(0o644)
    Path(new.name).replace(path)
