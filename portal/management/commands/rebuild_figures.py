"""The kept daily counts behind the activity view, made anew from the posts."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand

from portal import daily
from portal.models import Counted, DayCount


class Command(BaseCommand):
    help = (
        "Throw the kept daily counts away and count all public posts again. Pages count directly meanwhile; "
        "the worker keeps the counts up to date by itself, so this is only needed after doubt."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        daily.rebuild()
        daily.follow(seconds=60)
        self.stdout.write(
            f"{Counted.objects.count()} posts counted in {DayCount.objects.count()} rows, "
            f"{time.monotonic() - started:.1f} s"
        )
