"""A satker's site moves: announce it, carry it out, or call it off."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from aggregator import moves, pipeline
from aggregator.errors import PortalError
from aggregator.management.choose import operator, satker_of
from aggregator.management.quick import QuickCommand
from aggregator.models import Satker, SatkerMove


class Command(QuickCommand):
    help = (
        "Move a satker to its new site. `announce` approves the new host and silences alarms about floods of "
        "posts; `cut-over` reads the new feed, puts it in the old one's place, revokes the old host and "
        "imports the archive silently, each post with its own date; `cancel` calls an announced move off."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", metavar="CODE")
        parser.add_argument("step", choices=("announce", "cut-over", "cancel"))
        parser.add_argument("--host", default="", help="the new host name (announce)")
        parser.add_argument("--feed", default="", metavar="URL", help="the new feed, if known (announce)")
        parser.add_argument("--reason", default="", help="why, for the record (announce)")
        parser.add_argument(
            "--no-archive", action="store_true", help="leave older pages to the worker (cut-over)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        satker = satker_of(options["code"])
        try:
            if options["step"] == "announce":
                self._announce(satker, options)
            elif options["step"] == "cut-over":
                self._cut_over(_open_move(satker), options)
            else:
                moves.cancel(_open_move(satker), operator())
                self.stdout.write(f"The move of {satker.code} {satker} is called off.")
        except PortalError as error:
            raise CommandError(error.message) from error

    def _announce(self, satker: Satker, options: dict[str, Any]) -> None:
        if not options["host"]:
            raise CommandError("announce takes --host, the new host name.")
        move = moves.announce(
            satker, options["host"], operator(), feed_url=options["feed"], reason=options["reason"]
        )
        self.stdout.write(f"{satker.code} {satker} moves to {move.hostname}; `cut-over` carries it out.")

    def _cut_over(self, move: SatkerMove, options: dict[str, Any]) -> None:
        move = moves.cut_over(move, operator())
        if not options["no_archive"]:
            moves.import_archive(move)
            move.refresh_from_db()
        pipeline.derive()
        self.stdout.write(
            f"{move.satker.code} {move.satker} is read from {move.feed_url}: {move.known} posts recognised, "
            f"{move.new} new."
        )
        if move.problem:
            raise CommandError(f"The archive is not complete yet: {move.problem}")


def _open_move(satker: Satker) -> SatkerMove:
    move = (
        SatkerMove.objects.filter(satker=satker, state__in=SatkerMove.OPEN).select_related("satker").first()
    )
    if move is None:
        raise CommandError(f"No move of {satker.code} is announced.")
    return move
