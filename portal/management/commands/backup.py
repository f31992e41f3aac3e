"""A consistent copy of everything that is not derived, while the portal runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from aggregator.management.quick import QuickCommand
from portal.backup import BackupError, back_up


class Command(QuickCommand):
    help = "Copy the database to one checked file, while everything runs. SECRET_KEY is not in it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH", help="file to write; must not exist")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = back_up(options["path"])
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        rows = ", ".join(f"{name.split('.')[1]} {count}" for name, count in report.counts.items())
        self.stdout.write(f"{options['path']}: {report.size / 1e6:.1f} MB; {rows or 'PostgreSQL dump'}")
