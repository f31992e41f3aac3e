"""Older pages of one feed, politely and resumable."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from aggregator import archive, pipeline
from aggregator.errors import PortalError
from aggregator.management.quick import QuickCommand
from aggregator.models import Feed
from aggregator.progress import Bar


class Command(QuickCommand):
    help = (
        "Fetch older pages of a feed (RFC 5005 prev-archive, or WordPress ?paged=N) and store them silently, "
        "with their own dates. Stops where nothing new comes; a stopped run goes on where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", metavar="URL")
        parser.add_argument("--pages", type=int, default=archive.MAX_PAGES, help="at most this many pages")

    def handle(self, *args: Any, **options: Any) -> None:
        feed = Feed.objects.select_related("satker").filter(url=options["url"]).first()
        if feed is None:
            raise CommandError(f"No feed has the address {options['url']}.")
        if options["pages"] < 1:
            raise CommandError("--pages takes a number from 1 up.")
        try:
            with Bar(None, "pages") as bar:
                total = archive.backfill(feed, max_pages=options["pages"], advance=bar.advance)
        except PortalError as error:
            raise CommandError(error.message) from error
        pipeline.derive()
        self.stdout.write(f"{total.pages} pages: {total.new} new, {total.unchanged} known")
