"""The production web server alone: granian, WSGI."""

from __future__ import annotations

import os
import threading
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from portal.processes import Child, stop_all

STATEMENT_SECONDS = 10
# Open connections of one process. One that is kept alive and idle counts: with fewer than a proxy keeps, the
# others would wait for as long as those stay.
CONNECTIONS = 1024
RESTART_AFTER = 5.0  # seconds


class Command(BaseCommand):
    help = "Serve the portal with granian (WSGI). Stops cleanly on SIGTERM and Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
        parser.add_argument(
            "--follow-index", action="store_true", help="also keep this node's search index up to date"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 < options["port"] < 65536:
            raise CommandError(f"--port {options['port']} is no port; it takes 1 to 65535.")
        # A query that takes longer than a reader waits only keeps others from being served.
        os.environ.setdefault("PGOPTIONS", f"-c statement_timeout={STATEMENT_SECONDS * 1000}")
        if not (settings.STATIC_ROOT / "staticfiles.json").exists():
            call_command("collectstatic", interactive=False, verbosity=0)
        follower = _Follower() if options["follow_index"] else None
        # A worker that is wholly dead is noticed by a web node: see run_watch.
        watch = Child("watch", ["run_watch"], nice=10)
        try:
            _serve(options["host"], options["port"])
        finally:
            if follower:
                follower.stop()
            stop_all([watch])


class _Follower:
    """The index follower beside the server, started again should it die."""

    def __init__(self) -> None:
        self.child = Child("index", ["follow_index"], nice=5)
        self.ended = threading.Event()
        self.watch = threading.Thread(target=self._keep, name="index", daemon=True)
        self.watch.start()

    def _keep(self) -> None:
        while not self.ended.wait(RESTART_AFTER):
            if not self.child.is_running:
                self.child = Child("index", ["follow_index"], nice=5)

    def stop(self) -> None:
        self.ended.set()
        self.watch.join()
        stop_all([self.child])


def _serve(host: str, port: int) -> None:
    server = Granian(
        "portal.served:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.WEB_WORKERS,
        blocking_threads=settings.WEB_THREADS,
        backpressure=CONNECTIONS,
        log_access=False,
        log_level=LogLevels.warning,
        workers_kill_timeout=10,
        respawn_failed_workers=True,
    )
    server.serve()
