"""A key for heavier use of the API, shown once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from aggregator.management.quick import QuickCommand
from portal.api import keys


class Command(QuickCommand):
    help = "Make a key that allows its holder more API requests a minute. It is printed once and not kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="who holds it")
        parser.add_argument("--per-minute", type=int, default=6000, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["per_minute"] < 1:
            raise CommandError("--per-minute takes a whole number of at least 1.")
        try:
            self.stdout.write(keys.make(options["name"], options["per_minute"]))
        except ValueError as error:
            raise CommandError(str(error)) from error
