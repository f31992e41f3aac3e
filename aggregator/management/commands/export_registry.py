"""The registry back as CSV, or the inbound feeds as OPML."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from aggregator.management.quick import QuickCommand
from aggregator.registry import export


class Command(QuickCommand):
    help = "Write the registry to standard output as CSV, which load_registry takes back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--opml", action="store_true", help="the active inbound feeds as OPML instead")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(export.as_opml() if options["opml"] else export.as_csv(), ending="")
