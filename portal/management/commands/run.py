"""Everything on one machine: what `make run` starts."""

from __future__ import annotations

import os
import secrets
import socket
import time
import urllib.request
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from aggregator.models import Entry, Feed, Satker
from portal.models import User
from portal.processes import Child, StopSignal, stop_all

DEMO_NETWORK = "127.20.0.0/16"
DEMO_PREFIX = "http://127.20."
DEMO_USER = "pemantau-peragaan"
START_SECONDS = 60.0


class Command(BaseCommand):
    help = (
        "Set up the database and the registry, start the worker and the web server, read every feed once, "
        "and go on until Ctrl-C. With DEMO=1 and no real feeds, a demonstration network of satker sites is "
        "started."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--demo-port", type=int, help="port of the demo network (default: --port + 1)")
        parser.add_argument("--sites", type=int, default=553, help="sites of the demo network")

    def handle(self, *args: Any, **options: Any) -> None:
        port = options["port"]
        demo_port = options["demo_port"] or port + 1
        _require_free(port)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("load_registry", stdout=self.stdout)
        demo = settings.DEMO and not Feed.objects.exclude(url__startswith=DEMO_PREFIX).exists()
        base_url = settings.BASE_URL if "BASE_URL" in os.environ else f"http://127.0.0.1:{port}"
        env = {"BASE_URL": base_url, "DEMO": str(int(demo))}
        children: list[Child] = []
        stop = StopSignal()
        try:
            if demo:
                _require_free(demo_port)
                env |= _demo_env(demo_port)
                children.append(self._start_demo(demo_port, options["sites"], stop))
            children.append(Child("web", ["serve", "--skip-checks", "--port", str(port)], env))
            self._wait_for_web(port, children[-1], stop)
            self.stdout.write(f"Portal: http://127.0.0.1:{port}/  (Ctrl-C ends it)")
            if demo:
                self.stdout.write(
                    f"Staff:  http://127.0.0.1:{port}/masuk  as {DEMO_USER}, password {_demo_account()}"
                )
            self._first_pass(children, env, stop)
            if not stop:
                children.append(Child("worker", ["work", "--skip-checks"], env))
            while not stop:
                self._watch(children)
                stop.sleep(1.0)
            self.stdout.write("Stopping …")
        finally:
            stop_all(children[::-1])

    def _start_demo(self, port: int, sites: int, stop: StopSignal) -> Child:
        registry = settings.DATA_DIR / "demo_registry.csv"
        registry.unlink(missing_ok=True)
        child = Child(
            "demo",
            ["demo_network", "--port", str(port), "--sites", str(sites), "--write-registry", str(registry)],
        )
        self._wait(lambda: registry.exists() and _answers(port), child, stop)
        _move_demo_feeds(port)
        decided = dict(Satker.objects.exclude(migration_status="").values_list("code", "migration_status"))
        call_command("load_registry", str(registry), stdout=self.stdout)
        _keep_migration(decided)
        self.stdout.write(f"Demo network: {sites} sites, http://127.0.0.1:{port}/")
        return child

    def _first_pass(self, children: list[Child], env: dict[str, str], stop: StopSignal) -> None:
        """Read every feed once, in sight of the person who waits."""
        first = Child("first pass", ["refresh_feeds", "--no-derive"], env)
        children.append(first)
        while first.is_running and not stop:
            self._watch(children[:-1])
            stop.sleep(0.5)
        if stop:
            return
        children.remove(first)
        if first.exit_code:
            raise CommandError(f"The first pass ended with {first.exit_code}; see its lines above.")
        self.stdout.write(f"First pass done: {Entry.objects.public().count()} posts; the index follows.")

    def _wait_for_web(self, port: int, child: Child, stop: StopSignal) -> None:
        self._wait(lambda: _answers(port, "/healthz"), child, stop)

    def _wait(self, is_ready: Any, child: Child, stop: StopSignal) -> None:
        end = time.monotonic() + START_SECONDS
        while not is_ready():
            if stop:
                raise CommandError("Stopped.")
            if not child.is_running:
                raise CommandError(
                    f"The {child.name} process ended with {child.exit_code}; see its lines above."
                )
            if time.monotonic() > end:
                raise CommandError(f"The {child.name} process was not ready within {START_SECONDS:.0f} s.")
            stop.sleep(0.2)

    def _watch(self, children: list[Child]) -> None:
        for child in children:
            if not child.is_running:
                raise CommandError(
                    f"The {child.name} process ended with {child.exit_code}; see its lines above."
                )


def _demo_account() -> str:
    """An account that sees all and decides nothing, with a new password at each start."""
    password = secrets.token_urlsafe(9)
    user, _is_new = User.objects.get_or_create(username=DEMO_USER, defaults={"role": User.Role.VIEWER})
    user.set_password(password)
    user.save(update_fields=["password"])
    return password


def _demo_env(port: int) -> dict[str, str]:
    """What the demo's loopback sites need to be allowed, and a pace at which one sees something happen."""
    return {
        "FETCH_ALLOWED_NETWORKS": DEMO_NETWORK,
        "FETCH_ALLOWED_PORTS": f"80,443,{port}",
        "FETCH_MIN_INTERVAL": "30",
        "FETCH_MAX_INTERVAL": "120",
        "FETCH_HOST_SPACING": "0",
    }


def _move_demo_feeds(port: int) -> None:
    """The demo of an earlier run may have used another port."""
    for feed in Feed.objects.filter(url__startswith=DEMO_PREFIX).exclude(url__contains=f":{port}/"):
        host, path = feed.url.removeprefix("http://").split("/", 1)
        Feed.objects.filter(pk=feed.pk).update(url=f"http://{host.split(':')[0]}:{port}/{path}")


def _keep_migration(decided: dict[str, str]) -> None:
    """What staff decided in an earlier run stands above what the demo makes up."""
    for satker in Satker.objects.filter(code__in=decided):
        if satker.migration_status != decided[satker.code]:
            Satker.objects.filter(pk=satker.pk).update(migration_status=decided[satker.code])


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise CommandError(
                f"Port {port} cannot be used ({error}). Take another: make run PORT=8080"
            ) from error


def _answers(port: int, path: str = "/") -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
