"""One pass through the whole pipeline in this process."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from aggregator import pipeline, schedule
from aggregator.management.quick import QuickCommand
from aggregator.models import Feed, Satker
from aggregator.progress import Bar
from aggregator.search import follow


class Command(QuickCommand):
    help = (
        "Fetch, parse, store, screen, fold, classify and index. Without --due every active feed now, "
        "whatever its schedule, but still conditional and within Retry-After. The last line is one "
        "JSON object."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--due", action="store_true", help="only feeds whose next check has come")
        parser.add_argument("--satker", action="append", default=[], metavar="CODE", help="only this satker")
        parser.add_argument("--feed", action="append", default=[], metavar="URL", help="only this feed")
        parser.add_argument(
            "--no-index", action="store_true", help="leave the search index to `follow_index`"
        )
        parser.add_argument(
            "--no-derive", action="store_true", help="leave folding, classifying and indexing to `work`"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        feeds = self._feeds(options)
        with Bar(feeds.count(), "umpan") as bar:
            totals = pipeline.refresh_feeds(feeds.values_list("id", flat=True), progress=bar.advance)
        if not options["no_derive"]:
            pipeline.derive()
            if not options["no_index"]:
                follow(once=True)
        self.stdout.write(json.dumps(totals.as_dict()))

    def _feeds(self, options: dict[str, Any]) -> QuerySet[Feed]:
        feeds = Feed.objects.active().order_by("id")
        if options["due"]:
            feeds = Feed.objects.active().filter(schedule.due(timezone.now())).order_by("next_check_at", "id")
        if codes := options["satker"]:
            known = set(Satker.objects.filter(code__in=codes).values_list("code", flat=True))
            if missing := [code for code in codes if code not in known]:
                raise CommandError(f"No satker has the code {', '.join(missing)}.")
            feeds = feeds.filter(satker__code__in=codes)
        if urls := options["feed"]:
            feeds = feeds.filter(url__in=urls)
            there = set(feeds.values_list("url", flat=True))
            if missing := [url for url in urls if url not in there]:
                raise CommandError(f"No active feed has the address {', '.join(missing)}.")
        return feeds
