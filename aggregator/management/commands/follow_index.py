"""Bring this node's search index up to date, once or for as long as the process lives."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType
from typing import Any

from django.core.management.base import CommandError, CommandParser

from aggregator.errors import IndexUnavailable
from aggregator.management.quick import QuickCommand
from aggregator.progress import Bar
from aggregator.search import follow


class Command(QuickCommand):
    help = (
        "Catch this node's search index up with the change sequence, and go on doing so. An index that is "
        "missing, damaged or of another database is begun anew, newest posts first. With --once the "
        "command ends when the index is up to date. Stops cleanly on SIGTERM and Ctrl-C."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="end when the index is up to date")

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = threading.Event()

        def stop(_signal: int, _frame: FrameType | None) -> None:
            stopped.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        try:
            if options["once"]:
                with Bar(None, "berita") as bar:
                    count = follow(once=True, stop=stopped.is_set, progress=bar.advance)
                self.stdout.write(f"{count} entries taken in.")
            else:
                follow(stop=stopped.is_set)
        except IndexUnavailable as error:
            raise CommandError(str(error)) from error
        if stopped.is_set() and options["once"]:
            sys.exit(1)
