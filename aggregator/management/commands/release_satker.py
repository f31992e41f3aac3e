"""Staff decision: end a satker's hold."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from aggregator import decide
from aggregator.management.choose import operator, satker_of
from aggregator.management.quick import QuickCommand


class Command(QuickCommand):
    help = "End the hold of a satker: what was hidden is public as before, what waited is screened. Recorded."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", metavar="CODE")
        parser.add_argument("--reason", default="dilepas dari shell")
        parser.add_argument("--by", default=operator(), metavar="NAME", help="whose decision it is")

    def handle(self, *args: Any, **options: Any) -> None:
        satker = satker_of(options["code"])
        try:
            restored, published = decide.release_satker(satker, options["by"], options["reason"])
        except decide.DecisionRefused as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"{satker.code} {satker} is released: {restored} posts restored, {published} waiting published."
        )
