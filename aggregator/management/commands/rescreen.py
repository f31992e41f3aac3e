"""Judge stored posts by the present rules."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from aggregator import screen
from aggregator.management import redo
from aggregator.management.quick import QuickCommand
from aggregator.progress import Bar


class Command(QuickCommand):
    help = (
        "Judge public posts, and those the screener holds, by the present rules: what is over the threshold "
        "now is held, what is below it now is published. What staff decided stays. Safe beside running "
        "ingestion; an interrupted run names the number to go on --after."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        redo.add_since(parser)
        parser.add_argument(
            "--after", type=int, default=0, metavar="ID", help="begin behind the post of this number"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        since, after = redo.moment(options["since"]), options["after"]
        looked = held = released = 0
        try:
            with Bar(screen.rescreened(since, after).count(), "berita") as bar:
                while (report := screen.rescreen(timezone.now(), after, since=since)).looked_at:
                    after = report.last
                    looked, held = looked + report.looked_at, held + report.held
                    released += report.released
                    bar.advance(report.looked_at)
        except KeyboardInterrupt:
            raise CommandError(f"Interrupted; go on with --after {after}.") from None
        self.stdout.write(f"{looked} berita dinilai ulang, {held} ditahan, {released} dilepas.")
