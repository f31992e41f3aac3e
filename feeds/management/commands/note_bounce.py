"""Hear that mail came back."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from aggregator.management.quick import QuickCommand
from feeds.alerts import bounces

MOST_BYTES = 2_000_000


class Command(QuickCommand):
    help = (
        "Note that an alert could not be delivered. Without ADDRESS a delivery status notification "
        "(RFC 3464) is read from stdin, as a mail server's alias pipes it; it counts when it quotes one of "
        "our letters. A mailbox that is gone is told nothing more."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", nargs="?", help="the address that does not work")
        parser.add_argument("--temporary", action="store_true", help="it may work later: counted only")
        parser.add_argument("--reason", default="", help="what the mail server said")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["address"]:
            found = bounces.Bounce(options["address"], not options["temporary"], options["reason"])
        else:
            read = bounces.read(sys.stdin.buffer.read(MOST_BYTES))
            if read is None:
                raise CommandError("This is no delivery status notification of one of our letters.")
            found = read
        stopped = bounces.note(found.address, permanent=found.permanent, reason=found.reason)
        self.stdout.write(f"{stopped} alerts stopped.")
