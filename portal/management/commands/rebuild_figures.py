"""The kept figures behind the activity view and the staff pages, made anew from the posts."""

from __future__ import annotations

import time
from typing import Any

from aggregator.management.quick import QuickCommand
from portal import daily, inspiration
from portal.models import Counted, DayCount
from portal.monitoring.figures import follow, polls


class Command(QuickCommand):
    help = (
        "Throw the kept counts of days and of satker away and count all public posts again. Public pages "
        "count directly meanwhile; the worker keeps them up to date by itself, so this is only needed after "
        "doubt."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        daily.rebuild()
        daily.follow(seconds=60)
        follow.rebuild()
        polls.follow_logs()
        inspiration.rebuild()
        self.stdout.write(
            f"{Counted.objects.count()} posts counted in {DayCount.objects.count()} rows, "
            f"{time.monotonic() - started:.1f} s"
        )
