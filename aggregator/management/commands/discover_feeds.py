"""Look for feeds of satker that have none."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from aggregator import enrol
from aggregator.management.choose import satker_of
from aggregator.management.quick import QuickCommand
from aggregator.models import Feed, Satker, SatkerHost
from aggregator.progress import Bar


class Command(QuickCommand):
    help = (
        "Look for feeds on the approved hosts of satker that have none: what pages name, then the usual "
        "addresses of WordPress and Joomla. Prints candidates, one a line (code, address, entries, title); "
        "staff take one into use with add_feed or in the admin."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--satker", action="append", default=[], metavar="CODE", help="this satker, even with a feed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        satker = [satker_of(code) for code in dict.fromkeys(options["satker"])] or self._without_feed()
        with Bar(len(satker), "satker") as bar:
            looks = enrol.find_feeds(satker, bar.advance)
        for look in looks:
            for found in look.found:
                title = "".join(filter(str.isprintable, found.title))  # no escape sequences in a terminal
                self.stdout.write(f"{look.satker.code}\t{found.url}\t{found.entries}\t{title}")
            if look.problem:
                self.stderr.write(f"{look.satker.code}: {look.problem}")
        with_feed = sum(bool(look.found) for look in looks)
        self.stdout.write(f"{len(looks)} satker looked at, {with_feed} with candidates")

    def _without_feed(self) -> list[Satker]:
        """Only those that may be asked: the others would make a list of hundreds of refusals."""
        may_be_asked = SatkerHost.objects.filter(state="approved").values("satker")
        with_feed = Feed.objects.active().values("satker")
        return list(Satker.objects.filter(pk__in=may_be_asked).exclude(pk__in=with_feed).order_by("code"))
