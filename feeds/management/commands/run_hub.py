"""Push what is new to WebSub subscribers, once or for as long as the process lives."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import CommandParser

from aggregator.management.quick import QuickCommand
from aggregator.resident import stay_connected
from feeds.hub import deliver_once, run


class Command(QuickCommand):
    help = (
        "Confirm WebSub subscriptions and push new, corrected and recalled posts to them within seconds. "
        "With --once: what is due now. Where WEBSUB_HUB_URL names another hub, that one is told. "
        "Stops cleanly on SIGTERM and Ctrl-C."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="end when what is due now was tried")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            self.stdout.write(f"{deliver_once()} deliveries arrived.")
            return
        stay_connected()
        stopped = threading.Event()

        def stop(_signal: int, _frame: FrameType | None) -> None:
            stopped.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        run(stopped.is_set)
