"""Staff decision: let a satker's posts wait, or hide all of them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from aggregator import decide
from aggregator.management.choose import operator, satker_of
from aggregator.management.quick import QuickCommand


class Command(QuickCommand):
    help = "Let new posts of a satker wait; with --hide-all take its public ones away too. Recorded."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", metavar="CODE")
        parser.add_argument("--hide-all", action="store_true", help="hide what is public, too")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--by", default=operator(), metavar="NAME", help="whose decision it is")

    def handle(self, *args: Any, **options: Any) -> None:
        satker = satker_of(options["code"])
        try:
            hidden = decide.hold_satker(satker, options["by"], options["reason"], options["hide_all"])
        except decide.DecisionRefused as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"{satker.code} {satker} is held: new posts wait, {hidden} public posts were hidden."
        )
