"""Satker from a CSV file into the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from aggregator import registry
from aggregator.errors import RegistryError
from aggregator.management.quick import QuickCommand


class Command(QuickCommand):
    help = (
        "Load satker from a CSV file with the columns of aggregator/data/satker.csv, and optionally "
        "migration_status (K1, K2, K3, M, M!) and feed_url (several parted by spaces). Idempotent. "
        "A file with a bad line is rejected whole."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("csv", nargs="?", type=Path, help="the file; by default the built-in one")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = registry.load(options["csv"])
        except RegistryError as error:
            raise CommandError(error.message) from error
        for note in report.notes:
            self.stderr.write(note)
        for line, sentence in report.rejected:
            self.stderr.write(f"line {line}: {sentence}")
        self.stdout.write(
            f"added {report.added}, changed {report.changed}, unchanged {report.unchanged}, "
            f"rejected {len({line for line, _ in report.rejected})}"
        )
        if report.rejected:
            raise CommandError("Nothing was loaded: correct the lines above and load the file again.")
