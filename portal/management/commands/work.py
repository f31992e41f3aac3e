"""The worker alone: django-q2's cluster, the index follower, and the resident loop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

from aggregator import holders, pipeline
from aggregator.models import Duty
from aggregator.tasks import ensure_schedules
from portal.processes import Child, StopSignal, stop_all

log = logging.getLogger(__name__)

PAUSE = 1.0  # between two rounds of the loop, seconds
DUTY_SECONDS = 60.0
RESTART_AFTER = 5.0
NICE = {"tasks": 0, "index": 5}
MEND_SECONDS = 60.0  # between two looks at the schedule rows


class Command(BaseCommand):
    help = (
        "Run scheduled tasks (django-q2), the follower of this node's index, and the resident loop that "
        "brings every derived step up to date within seconds. Stops cleanly on SIGTERM and Ctrl-C."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-index", action="store_true", help="this node keeps no search index")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = StopSignal()
        commands = {"tasks": ["qcluster"]}
        if not options["no_index"]:
            commands["index"] = ["follow_index"]
        children = {name: Child(name, command, nice=NICE[name]) for name, command in commands.items()}
        mend_at = 0.0
        started = dict.fromkeys(children, time.monotonic())
        try:
            while not stop:
                if time.monotonic() >= mend_at:
                    mend_at = time.monotonic() + MEND_SECONDS
                    _guarded(ensure_schedules)
                _guarded(_derive)
                for name, child in children.items():
                    if not child.is_running and time.monotonic() - started[name] > RESTART_AFTER:
                        log.error("%s ended with %s and is started again", name, child.exit_code)
                        children[name] = Child(name, commands[name], nice=NICE[name])
                        started[name] = time.monotonic()
                stop.sleep(PAUSE)
        finally:
            stop_all(list(children.values()))


def _derive() -> None:
    """What must follow a stored post in seconds; one node at a time."""
    if Duty.take("derive", holders.me(), DUTY_SECONDS):
        pipeline.derive(seconds=DUTY_SECONDS / 2)


def _guarded(step: Callable[[], None]) -> None:
    try:
        close_old_connections()
        step()
    except DatabaseError:
        log.exception("the database did not answer; the loop goes on")
