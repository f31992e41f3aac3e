"""Staff decision: hold a post back."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from aggregator import decide
from aggregator.management.choose import entry_of, operator
from aggregator.management.quick import QuickCommand


class Command(QuickCommand):
    help = (
        "Take a post, public or waiting, from every page, feed and search. Recorded; release_entry undoes it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", type=int, metavar="ID", help="number of the entry, as in /berita/ID")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--by", default=operator(), metavar="NAME", help="whose decision it is")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            entry = decide.quarantine_entry(entry_of(options["id"]), options["by"], options["reason"])
        except decide.DecisionRefused as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Entry {entry.pk} is held, by {options['by']}.")
