"""Back from a backup, checked before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from aggregator.management.quick import QuickCommand
from portal.backup import BackupError, restore


class Command(QuickCommand):
    help = (
        "Put a backup in place of this database. Stop `serve` and `work` first. Sessions end, indexes start "
        "anew, and the next passes fetch what was published since."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH")
        parser.add_argument("--replace", action="store_true", help="even though this database holds entries")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = restore(options["path"], replace=options["replace"])
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        rows = ", ".join(f"{name.split('.')[1]} {count}" for name, count in report.counts.items())
        self.stdout.write(f"Restored and checked: {rows}")
