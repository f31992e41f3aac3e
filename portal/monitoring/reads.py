"""Counts who reads our feeds: by feed, day and program, never by person. Kept in memory and written once a
minute by a thread of its own, so that no reader waits for it; a killed process loses its last minute."""

from __future__ import annotations

import atexit
import logging
import re
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from threading import Lock, Thread

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from portal.monitoring.models import FeedRead

log = logging.getLogger(__name__)

WRITE_EVERY = 60.0  # seconds
MOST_AGENTS = 50  # of one feed and day that are told apart: names are the reader's own claim
OTHERS, BROWSER = "lain", "peramban"
_CHANNEL = re.compile(r"(/feeds/[^.]{1,180})\.(?:rss|atom|json|opml)(?:/|$)")
_COMPATIBLE = re.compile(r"compatible;\s*([^;/)]{2,50})")
_PRODUCT = re.compile(r"[A-Za-z][\w .+-]{1,49}")
_SUBSCRIBERS = re.compile(r"(\d{1,7})\s+(?:subscribers?|readers?)", re.IGNORECASE)

Key = tuple[date, str, str]


@dataclass(slots=True)
class Reads:
    requests: int = 0
    unmodified: int = 0
    subscribers: int = 0


class Counter:
    """What was counted since the last writing."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.reads: dict[Key, Reads] = defaultdict(Reads)
        self.agents: dict[tuple[date, str], set[str]] = defaultdict(set)
        self.thread: Thread | None = None

    def add(self, day: date, channel: str, header: str, status: int) -> None:
        agent = agent_of(header)
        match = _SUBSCRIBERS.search(header[:300])
        with self.lock:
            known = self.agents[day, channel]
            if agent not in known and len(known) >= MOST_AGENTS:
                agent = OTHERS
            known.add(agent)
            reads = self.reads[day, channel, agent]
            reads.requests += 1
            reads.unmodified += status == 304
            reads.subscribers = max(reads.subscribers, int(match[1]) if match else 0)

    def write(self) -> int:
        """Add what was counted to the rows; what cannot be written is kept for the next time."""
        with self.lock:
            taken, self.reads = self.reads, defaultdict(Reads)
            today = timezone.localdate()
            self.agents = defaultdict(set, {k: v for k, v in self.agents.items() if k[0] == today})
        try:
            with transaction.atomic():
                for key, reads in taken.items():
                    _write(key, reads)
        except DatabaseError:
            with self.lock:
                for key, reads in taken.items():
                    mine = self.reads[key]
                    mine.requests += reads.requests
                    mine.unmodified += reads.unmodified
                    mine.subscribers = max(mine.subscribers, reads.subscribers)
            raise
        return len(taken)

    def go_on_writing(self) -> None:
        """Begin the thread of this process, once."""
        if self.thread is None:
            with self.lock:
                if self.thread is None:
                    self.thread = Thread(target=self._run, name="feed-reads", daemon=True)
                    self.thread.start()
                    atexit.register(self._last)

    def _run(self) -> None:
        while True:
            time.sleep(WRITE_EVERY)
            self._try()

    def _last(self) -> None:
        if self.reads:
            self._try()

    def _try(self) -> None:
        try:
            close_old_connections()
            self.write()
        except DatabaseError:
            log.warning("reads of feeds could not be written; tried again in a minute")
        finally:
            connection.close()


counter = Counter()


def count_reads(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.path_info.startswith("/feeds/") and response.status_code in (200, 304):
            match = _CHANNEL.match(request.path_info)
            if match and request.method == "GET":
                header = request.headers.get("User-Agent", "")
                counter.add(timezone.localdate(), match[1], header, response.status_code)
                counter.go_on_writing()
        return response

    return middleware


def agent_of(header: str) -> str:
    """The product name of a program: "FreshRSS" of "FreshRSS/1.24 (Linux; https://freshrss.org)"."""
    header = header.strip()[:300]
    if header.startswith("Mozilla/"):
        match = _COMPATIBLE.search(header)
        return match[1].strip() if match else BROWSER
    match = _PRODUCT.match(header.partition("/")[0].partition("(")[0])
    return match[0].strip() if match else OTHERS


def _write(key: Key, reads: Reads) -> None:
    day, channel, agent = key
    row, made = FeedRead.objects.get_or_create(
        day=day,
        channel=channel[:200],
        agent=agent[:60],
        defaults={
            "requests": reads.requests,
            "unmodified": reads.unmodified,
            "subscribers": reads.subscribers,
        },
    )
    if not made:
        FeedRead.objects.filter(pk=row.pk).update(
            requests=F("requests") + reads.requests,
            unmodified=F("unmodified") + reads.unmodified,
            subscribers=Greatest(F("subscribers"), reads.subscribers),
        )
