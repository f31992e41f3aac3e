"""Watch over feeds, sites, satker and the worker, and tell people."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from aggregator.management.quick import QuickCommand
from aggregator.resident import stay_connected
from portal.monitoring.alerts import outbox, resident
from portal.processes import StopSignal


class Command(QuickCommand):
    help = (
        "Look for alarms every minute, make the daily digest, and send both by mail and webhook. `work` and "
        "`serve` each start one; only one of all nodes is on duty, so that a dead worker is noticed by a web "
        "node. With --once: one look, and what is due is sent. Stops cleanly on SIGTERM and Ctrl-C."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="end when what is due now was sent")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            told = resident.look()
            self.stdout.write(f"{told} alarms told, {outbox.send_due()} messages sent.")
            return
        stay_connected()
        stop = StopSignal()
        resident.run(lambda: bool(stop), stop.sleep)
