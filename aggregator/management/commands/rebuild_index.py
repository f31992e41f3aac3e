"""Make this node's search index anew from the database."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandError

from aggregator.errors import IndexUnavailable
from aggregator.management.quick import QuickCommand
from aggregator.models import Entry
from aggregator.progress import Bar
from aggregator.search import rebuild


class Command(QuickCommand):
    help = (
        "Build the search index anew beside the one in use and swap it in when it is complete. Search and "
        "the follower go on meanwhile. Safe to interrupt: the index in use stays."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            with Bar(Entry.objects.public().count(), "berita") as bar:
                count = rebuild(progress=bar.advance)
        except IndexUnavailable as error:
            raise CommandError(str(error)) from error
        seconds = time.monotonic() - started
        self.stdout.write(f"{count} entries indexed in {seconds:.1f} s.")
