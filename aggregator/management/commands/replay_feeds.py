"""Kept raw feeds again through the pipeline, after a parser has learnt something."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from aggregator import archive, pipeline
from aggregator.management.quick import QuickCommand
from aggregator.models import Feed, Satker
from aggregator.progress import Bar


class Command(QuickCommand):
    help = "Parse and store the kept raw feeds again. What is known stays; what a fix reveals is added."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--satker", action="append", default=[], metavar="CODE", help="only this satker")
        parser.add_argument("--feed", metavar="URL", help="only this feed")

    def handle(self, *args: Any, **options: Any) -> None:
        feeds = (
            Feed.objects.filter(raw_feeds__isnull=False).distinct().select_related("satker").order_by("id")
        )
        for code in options["satker"]:
            if not Satker.objects.filter(code=code).exists():
                raise CommandError(f"No satker has the code {code}.")
        if options["satker"]:
            feeds = feeds.filter(satker__code__in=options["satker"])
        if options["feed"]:
            feeds = feeds.filter(url=options["feed"])
            if not feeds.exists():
                raise CommandError(f"No raw body is kept of {options['feed']}.")
        with Bar(feeds.count(), "feeds") as bar:
            total = archive.replay(feeds, bar.advance)
        pipeline.derive()
        for note in total.notes:
            self.stderr.write(note)
        self.stdout.write(
            f"{total.pages} bodies: {total.new} new, {total.changed} changed, {total.unchanged} unchanged, "
            f"{total.failed} unreadable"
        )
