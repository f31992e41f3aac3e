"""Redo one derived step over stored posts: classify."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from aggregator import classify
from aggregator.management import redo
from aggregator.management.quick import QuickCommand


class Command(QuickCommand):
    help = (
        "Give public posts their topics, stage and event day anew. What staff corrected stays. "
        "Safe beside running ingestion; after an interruption the worker goes on, or --continue does."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        redo.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        since = redo.moment(options["since"])
        if not options["go_on"]:
            redo.mark(since, "classified_at")
        done = redo.work_off("classified_at", lambda: classify.classify_new(timezone.now()))
        self.stdout.write(f"{done} berita diolah ulang.")
