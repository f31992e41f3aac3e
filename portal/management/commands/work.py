"""The worker alone: django-q2's cluster, the index follower, and the resident loop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections
from django_q.scheduler import scheduler

from aggregator import holders, pipeline, subscriber
from aggregator import tasks as aggregator_tasks
from aggregator.models import Duty
from aggregator.resident import stay_connected
from aggregator.tasks import keep_schedules
from portal import bulk, daily
from portal import tasks as portal_tasks
from portal.monitoring import tasks as monitoring_tasks
from portal.monitoring.figures import follow, polls
from portal.processes import Child, StopSignal, stop_all

log = logging.getLogger(__name__)

# What concerns the pages is looked at by `serve`; here it would load them all.
CHECKED = [Tags.caches, Tags.compatibility, Tags.files, Tags.models, Tags.translation]
PAUSE = 1.0  # between two rounds of the loop, seconds
DUTY_SECONDS = 60.0
RESTART_AFTER = 5.0  # a child that ends sooner after its start waits so long for the next try
MEND_SECONDS = 60.0  # between two looks at the schedule rows
NICE = {"qcluster": 0, "run_hub": 0, "run_alerts": 5, "follow_index": 5, "run_watch": 5}
OPTIONS = {"qcluster": ["--skip-checks"]}  # they were made here


class Command(BaseCommand):
    help = (
        "Run scheduled tasks (django-q2), the follower of this node's index, the hub, e-mail alerts, the "
        "watch, and the resident loop that brings every derived step up to date. Stops cleanly on SIGTERM "
        "and Ctrl-C."
    )
    requires_system_checks = CHECKED

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-index", action="store_true", help="this node keeps no search index")

    def handle(self, *args: Any, **options: Any) -> None:
        stay_connected()
        stop = StopSignal()
        team = _Team([name for name in NICE if name != "follow_index" or not options["no_index"]])
        mend_at = 0.0
        try:
            while not stop:
                if time.monotonic() >= mend_at:
                    mend_at = time.monotonic() + MEND_SECONDS
                    _guarded(_keep_schedules)
                _guarded(_derive)
                team.restart_the_dead()
                stop.sleep(PAUSE)
        finally:
            stop_all(list(team.children.values()))


class _Team:
    """The commands that work beside the loop, each in a process of its own."""

    def __init__(self, names: list[str]) -> None:
        self.children: dict[str, Child] = {}
        self.started: dict[str, float] = {}
        for name in names:
            self._start(name)

    def _start(self, name: str) -> None:
        self.children[name] = Child(name, [name, *OPTIONS.get(name, [])], nice=NICE[name])
        self.started[name] = time.monotonic()

    def restart_the_dead(self) -> None:
        for name, child in list(self.children.items()):
            if not child.is_running and time.monotonic() - self.started[name] > RESTART_AFTER:
                log.error("%s ended with %s and is started again", name, child.exit_code)
                self._start(name)


def _derive() -> None:
    """What must follow a stored post in seconds; one node at a time."""
    if Duty.take("derive", holders.me(), DUTY_SECONDS):
        subscriber.read_pushes()
        pipeline.derive(seconds=DUTY_SECONDS / 2)
        daily.follow(seconds=DUTY_SECONDS / 6)
        follow.follow(seconds=DUTY_SECONDS / 12)
        polls.follow_logs()
        bulk.note_changes()


def _keep_schedules() -> None:
    """And begin what is due: django-q2 looks for the first time when it has run for half a minute."""
    for module in (aggregator_tasks, portal_tasks, monitoring_tasks):
        keep_schedules(module.__name__, module.SCHEDULES)
    scheduler()


def _guarded(step: Callable[[], None]) -> None:
    try:
        close_old_connections()
        step()
    except DatabaseError:
        log.exception("the database did not answer; the loop goes on")
