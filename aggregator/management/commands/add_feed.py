"""One inbound feed into use."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from aggregator import enrol
from aggregator.errors import PortalError
from aggregator.management.choose import operator, satker_of
from aggregator.management.quick import QuickCommand


class Command(QuickCommand):
    help = (
        "Take a feed into use for a satker and read it for the first time; its host is thereby approved. "
        "URL may be a page: then the feed it names is taken. What is no feed is refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", metavar="URL")
        parser.add_argument("--satker", required=True, metavar="CODE")

    def handle(self, *args: Any, **options: Any) -> None:
        satker = satker_of(options["satker"])
        try:
            added = enrol.add_feed(options["url"], satker, operator())
        except PortalError as error:
            raise CommandError(error.message) from error
        totals = added.totals
        self.stdout.write(
            f"{added.feed.url} is now a feed of {satker.code} {satker}: {totals.new} new entries."
        )
        for other in added.others:
            self.stdout.write(f"The page also names {other}")
