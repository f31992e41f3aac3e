"""Checks of a running installation: what is wrong, and what to do about it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.core.checks import run_checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from aggregator import outage
from aggregator.errors import IndexUnavailable
from aggregator.models import Duty, Entry, Feed, Satker
from aggregator.search.ask import opened
from aggregator.search.compare import lag
from aggregator.search.engine import current, read_manifest
from feeds.models import Alert, Letter
from portal.monitoring import provider
from portal.monitoring.provider import ProviderFault
from portal.recalls import folder

LATE = timedelta(minutes=30)
LEAST_FREE = 1_000_000_000  # bytes
LONG_QUEUE = 50
LONG_LAG = 500  # changes that the index has not followed
MOST_WHOOSH = 100_000  # posts; see docs/performance.md


@dataclass(frozen=True)
class Finding:
    """One result; `advice` is empty when all is well."""

    subject: str
    said: str
    advice: str = ""

    @property
    def is_well(self) -> bool:
        return not self.advice


def examine() -> Iterator[Finding]:
    """Run every check; one that breaks is a finding of its own, not an end."""
    for check in CHECKS:
        try:
            yield check()
        except IndexUnavailable as error:
            yield Finding("index", error.message, "Start manage.py work; it makes the index anew by itself.")
        except Exception as error:  # each check stands alone: a dead database must not hide a full disk
            name = check.__name__.removeprefix("_")
            yield Finding(
                name, f"{type(error).__name__}: {error}", "See the operator's handbook, troubleshooting."
            )


def _settings() -> Finding:
    errors = [check.msg for check in run_checks() if check.is_serious()]
    if errors:
        return Finding("settings", "; ".join(errors), "Mend the setting and start again.")
    if settings.DEBUG and settings.BASE_URL.startswith("https://"):
        return Finding("settings", "DEBUG is on under a public address.", "Set DEBUG=0.")
    return Finding("settings", f"base address {settings.BASE_URL}, engine {settings.SEARCH_ENGINE}")


def _database() -> Finding:
    plan = MigrationExecutor(connection).migration_plan(
        MigrationExecutor(connection).loader.graph.leaf_nodes()
    )
    if plan:
        return Finding("database", f"{len(plan)} migrations are not applied.", "Run manage.py migrate.")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA quick_check(1)")
            said = cursor.fetchone()[0]
        if said != "ok":
            return Finding("database", f"SQLite says: {said}", "Stop everything and restore the last backup.")
    return Finding("database", f"{connection.vendor}, {Entry.objects.public().count()} public posts")


def _registry() -> Finding:
    count = Satker.objects.count()
    if not count:
        return Finding("registry", "No satker.", "Run manage.py load_registry.")
    return Finding("registry", f"{count} satker, {Feed.objects.active().count()} active feeds")


def _cache() -> Finding:
    cache.set("doctor", "1", 30)
    if cache.get("doctor") != "1":
        return Finding("cache", "The cache keeps nothing.", "Check REDIS_URL; pages go on, slower.")
    return Finding("cache", "Redis" if settings.REDIS_URL else "memory of each process")


def _worker() -> Finding:
    duty = Duty.objects.filter(name="derive").first()
    if duty is None or duty.until < timezone.now():
        return Finding("worker", "No worker holds the resident loop.", "Start manage.py work.")
    return Finding("worker", f"held by {duty.holder}")


def _schedules() -> Finding:
    now = timezone.now()
    row = Schedule.objects.filter(func="aggregator.tasks.refresh_due").first()
    if row is None or row.next_run is None:
        return Finding("schedules", "The schedule row is missing.", "Start manage.py work: it makes the row.")
    if row.next_run < now - LATE:
        return Finding(
            "schedules", "The next run is long past.", "Is django-q2 running? Start manage.py work."
        )
    return Finding("schedules", f"next run {row.next_run:%H:%M:%S} UTC")


def _queue() -> Finding:
    depth = OrmQ.objects.count()
    if depth > LONG_QUEUE:
        return Finding("broker", f"{depth} tasks wait.", "Raise WORKERS or add a worker node.")
    return Finding("broker", f"{depth} tasks wait")


def _mail() -> Finding:
    unclear = Letter.objects.filter(state=Letter.State.UNCLEAR).count()
    if unclear:
        return Finding(
            "mail", f"{unclear} letters went or did not.", "Decide them in /pantauan/admin/feeds/letter/."
        )
    late = timezone.now() - LATE
    waiting = Letter.objects.filter(state=Letter.State.WAITING, due_at__lt=late).count()
    if waiting:
        return Finding("mail", f"{waiting} letters are late.", "Check EMAIL_URL; start manage.py work.")
    return Finding("mail", f"{Alert.objects.filter(stopped_at=None).count()} alerts, no letter is late")


def _feeds() -> Finding:
    now = timezone.now()
    late = Feed.objects.due(now - LATE).count()
    failing = Feed.objects.active().exclude(error_code="").count()
    if struck := outage.current(now):
        said = f"hardly any site can be reached ({struck} feeds)"
        return Finding(
            "feeds", said, "Check the DNS and the way out of this machine, and the central hosting."
        )
    if late:
        return Finding("feeds", f"{late} feeds are late by 30 minutes.", "Start or add workers.")
    return Finding("feeds", f"none late, {failing} failing")


def _index() -> Finding:
    """Whether this node's index is there, up to date, and of the engine that its size asks for."""
    try:
        cursor = read_manifest(current())["cursor"]
        opened()
    except IndexUnavailable as error:
        return Finding(
            "index", error.message, "Start manage.py work or follow_index here; else rebuild_index."
        )
    found = f"{settings.SEARCH_ENGINE}, {opened().reader.size} posts"
    behind = lag(cursor)
    if settings.SEARCH_ENGINE == "whoosh" and opened().reader.size > MOST_WHOOSH:
        return Finding(
            "index",
            f"{found}: whoosh takes over half a second a search from here on.",
            "Set SEARCH_ENGINE=tantivy, run manage.py rebuild_index, then restart web server and worker.",
        )
    if cursor["backlog"]:
        return Finding("index", f"{found}, older posts are still being taken in")
    if behind > LONG_LAG:
        return Finding("index", f"{found}, {behind} changes behind.", "Start manage.py work or follow_index.")
    return Finding("index", f"{found}, {behind} changes behind")


def _copies() -> Finding:
    """Whether copies of pages can be kept for when the database is away."""
    if settings.PREPARED_HOURS == 0:
        return Finding("copies", "off (PREPARED_HOURS=0)")
    folder().mkdir(parents=True, exist_ok=True)
    probe = folder() / ".doctor"
    probe.write_text("x")
    probe.unlink()
    return Finding(
        "copies", f"for {settings.PREPARED_HOURS} h, at most {settings.PREPARED_BYTES / 1e6:.0f} MB"
    )


def _proxies() -> Finding:
    if settings.BASE_URL.startswith("https://") and not settings.TRUSTED_PROXIES:
        said = "https is answered by a proxy that TRUSTED_PROXIES does not name."
        return Finding("proxies", said, "Set TRUSTED_PROXIES, or all readers share one limit.")
    return Finding("proxies", ", ".join(settings.TRUSTED_PROXIES) or "none")


def _sign_in() -> Finding:
    if not provider.is_on():
        return Finding("sign-in", "by password (OIDC_ISSUER is empty)")
    try:
        return Finding("sign-in", f"by password or {provider.describe()}")
    except ProviderFault as fault:
        return Finding(
            "sign-in", f"OIDC: {fault}", "Check OIDC_ISSUER and the provider; passwords work meanwhile."
        )


def _disk() -> Finding:
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free < LEAST_FREE:
        return Finding("disk", f"{free / 1e6:.0f} MB free.", "Free space, or lower RAW_RETENTION_DAYS.")
    return Finding("disk", f"{free / 1e9:.0f} GB free")


def _clock() -> Finding:
    with connection.cursor() as cursor:
        sql = (
            "SELECT strftime('%s','now')"
            if connection.vendor == "sqlite"
            else "SELECT extract(epoch FROM now())"
        )
        cursor.execute(sql)
        apart = abs(float(cursor.fetchone()[0]) - time.time())
    ahead = Feed.objects.filter(last_checked_at__gt=timezone.now() + timedelta(minutes=5)).exists()
    if apart > 60 or ahead:
        return Finding(
            "clock", f"{apart:.0f} s from the database's clock.", "Set the clock (NTP) on every node."
        )
    return Finding("clock", "agrees with the database")


CHECKS: list[Callable[[], Finding]] = [
    _settings,
    _database,
    _registry,
    _cache,
    _worker,
    _schedules,
    _queue,
    _copies,
    _proxies,
    _sign_in,
    _mail,
    _feeds,
    _index,
    _disk,
    _clock,
]
