"""Send e-mail alerts, once or for as long as the process lives."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import CommandError, CommandParser

from aggregator.management.quick import QuickCommand
from aggregator.resident import stay_connected
from feeds.alerts import round_of_work, run
from feeds.alerts.sending import ServerAway


class Command(QuickCommand):
    help = (
        "Note what is new in the channels that are followed by e-mail, make the digests that are due and "
        "send them through EMAIL_URL. With --once: what is due now. One process of all nodes does it at a "
        "time. Stops cleanly on SIGTERM and Ctrl-C."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="end when what is due now was sent")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            try:
                self.stdout.write(f"{round_of_work()} letters went out.")
            except ServerAway as error:
                raise CommandError(f"The mail server cannot be reached: {error}") from error
            return
        stay_connected()
        stopped = threading.Event()

        def stop(_signal: int, _frame: FrameType | None) -> None:
            stopped.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        run(stopped.is_set)
