"""Redo one derived step over stored posts: cluster."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from aggregator import cluster
from aggregator.management import redo
from aggregator.management.quick import QuickCommand


class Command(QuickCommand):
    help = (
        "Find the stories of public posts anew. What staff split or joined stays so. "
        "Safe beside running ingestion; after an interruption the worker goes on, or --continue does."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        redo.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        since = redo.moment(options["since"])
        if not options["go_on"]:
            redo.mark(since, "clustered_at")
        done = redo.work_off("clustered_at", lambda: cluster.cluster_new(timezone.now()))
        self.stdout.write(f"{done} berita diolah ulang.")
