"""Staff decision: publish what is held."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from aggregator import decide
from aggregator.management.choose import entry_of, operator
from aggregator.management.quick import QuickCommand


class Command(QuickCommand):
    help = "Publish the newest version of a post that is held, waits or was withdrawn. Recorded."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=int, metavar="ID", help="number of the entry, as in /berita/ID")
        parser.add_argument("--reason", default="dilepas dari shell")
        parser.add_argument("--by", default=operator(), metavar="NAME", help="whose decision it is")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            entry = decide.release_entry(entry_of(options["id"]), options["by"], options["reason"])
        except decide.DecisionRefused as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Entry {entry.pk} is public again, released by {options['by']}.")
