"""How well searches are answered: counted as they happen, told to staff without following anybody.

No click, cookie, address, account or time of day is kept. Of a question without an answer the words are
kept once it has been asked `Unanswered.SHOWN_FROM` times, and never if they look like a person's number
or address. Each process adds up for a moment and writes together; what cannot be written soon waits.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Lock

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.crypto import salted_hmac

from aggregator.models import SearchDay, Unanswered
from aggregator.search.analysis import plain
from aggregator.search.filters import Filters
from aggregator.search.moments import WIB
from aggregator.search.results import Results

log = logging.getLogger(__name__)

SALT = "aggregator.search.unanswered"
SLOW_MS = 500
WRITE_EVERY = 1.0  # seconds between two writes of one process
PATIENCE_MS = 50  # a reader waits no longer for a lock of this
MOST_WAITING = 500  # different questions between two writes; more are only counted
MOST_KEPT = 5000  # rows of questions
KEPT_DAYS = 90
LONGEST_WORDS = 120
# A number of identity, of a telephone or an account; an address of mail or of a page.
_PERSONAL = re.compile(r"(?:\d[\s.\-/]?){7,}|@|https?:|www\.")


@dataclass(slots=True)
class _Asked:
    words: str
    narrowed: str
    times: int = 0
    is_empty: bool = True


@dataclass(slots=True)
class _Tally:
    """What this process has seen since it last wrote."""

    days: dict[date, dict[str, int]] = field(default_factory=dict)
    asked: dict[str, _Asked] = field(default_factory=dict)


_tally = _Tally()
_lock = Lock()
_written_at = float("-inf")


def record(filters: Filters, results: Results) -> None:
    """Count one answer to a question with words. Never fails and never holds a reader up."""
    if not filters.q:
        return
    with _lock:
        _count(_tally, filters, results)
    write()


def write(*, at_once: bool = False) -> None:
    """Bring what was counted into the database, at most once in WRITE_EVERY seconds."""
    global _tally, _written_at
    with _lock:
        now = time.monotonic()
        if not at_once and now - _written_at < WRITE_EVERY:
            return
        _written_at = now
        taken, _tally = _tally, _Tally()
    try:
        with _impatient(), transaction.atomic():
            _store(taken)
    except DatabaseError:
        log.info("the counts of searches wait for the database", exc_info=True)
        with _lock:
            _merge(_tally, taken)


def _count(tally: _Tally, filters: Filters, results: Results) -> None:
    today = timezone.localtime(timezone.now(), WIB).date()
    counts = tally.days.setdefault(today, {})
    facts = {
        "searches": 1,
        "empty": not results.total,
        "respelled": results.is_respelled,
        "widened": results.is_widened,
        "partial": results.is_partial,
        "degraded": results.degraded,
        "slow": results.took_ms > SLOW_MS,
        "milliseconds": round(results.took_ms),
    }
    for name, number in facts.items():
        counts[name] = counts.get(name, 0) + int(number)
    is_met = results.total and not results.is_respelled and not results.is_widened
    if is_met or results.degraded or results.is_partial:
        return
    words = " ".join(filter(None, (plain(word) for word in filters.q.split())))[:LONGEST_WORDS]
    if not words or _PERSONAL.search(filters.q):
        return
    narrowed = filters.query_string(q="", sort="", include_all=False)[:300]
    key = salted_hmac(SALT, f"{words}?{narrowed}", secret=settings.SECRET_KEY, algorithm="sha256").hexdigest()
    if key in tally.asked or len(tally.asked) < MOST_WAITING:
        asked = tally.asked.setdefault(key, _Asked(words, narrowed))
        asked.times += 1
        asked.is_empty = not results.total


def _merge(into: _Tally, older: _Tally) -> None:
    for day, counts in older.days.items():
        there = into.days.setdefault(day, {})
        for name, number in counts.items():
            there[name] = there.get(name, 0) + number
    for key, asked in older.asked.items():
        if key in into.asked:
            into.asked[key].times += asked.times
        elif len(into.asked) < MOST_WAITING:
            into.asked[key] = asked


@contextmanager
def _impatient() -> Iterator[None]:
    """Give up soon when others hold the locks: a count can wait, a reader need not."""
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        if is_sqlite:
            [before] = cursor.execute("PRAGMA busy_timeout").fetchone()
            cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
        else:
            cursor.execute(f"SET lock_timeout = {PATIENCE_MS}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {before}" if is_sqlite else "SET lock_timeout = DEFAULT")


def _store(tally: _Tally) -> None:
    for day, counts in tally.days.items():
        SearchDay.objects.get_or_create(day=day)
        SearchDay.objects.filter(day=day).update(**{name: F(name) + n for name, n in counts.items()})
    today = timezone.localtime(timezone.now(), WIB).date()
    known = {row.key: row for row in Unanswered.objects.select_for_update().filter(key__in=tally.asked)}
    room = MOST_KEPT - Unanswered.objects.count() if len(known) < len(tally.asked) else 0
    for key, asked in tally.asked.items():
        if row := known.get(key):
            _ask_again(row, asked, today)
        elif room > 0:
            room -= 1
            _ask_again(Unanswered(key=key, first_on=today), asked, today)


def _ask_again(row: Unanswered, asked: _Asked, today: date) -> None:
    row.times += asked.times
    row.last_on, row.is_empty = today, asked.is_empty
    if row.times >= Unanswered.SHOWN_FROM:
        row.words, row.narrowed = asked.words, asked.narrowed
    row.save()


def forget_old(today: date | None = None) -> None:
    """Drop questions that nobody has asked for KEPT_DAYS days."""
    today = today or timezone.localtime(timezone.now(), WIB).date()
    Unanswered.objects.filter(last_on__lt=today - timedelta(days=KEPT_DAYS)).delete()


@dataclass(frozen=True, slots=True)
class Quality:
    """How searches went in a period; shares are of `searches`, in percent."""

    first: date
    last: date
    searches: int
    empty: int
    respelled: int
    widened: int
    partial: int
    degraded: int
    slow: int
    mean_ms: float
    days: list[SearchDay]
    unanswered: list[Unanswered]  # the most frequent first
    unsaid: int  # further questions that were asked too rarely to be shown

    def share(self, number: int) -> float:
        return 100 * number / self.searches if self.searches else 0.0

    @property
    def met(self) -> int:
        """Answered by posts with all the words."""
        return self.searches - self.empty - self.respelled - self.widened


SUMMED = ("searches", "empty", "respelled", "widened", "partial", "degraded", "slow", "milliseconds")


def quality(days: int = 30, *, questions: int = 100, today: date | None = None) -> Quality:
    """The last `days` days. Three queries."""
    last = today or timezone.localtime(timezone.now(), WIB).date()
    first = last - timedelta(days=days - 1)
    counted = list(SearchDay.objects.filter(day__range=(first, last)).order_by("day"))
    sums = {name: sum(getattr(day, name) for day in counted) for name in SUMMED}
    milliseconds = sums.pop("milliseconds")
    asked = Unanswered.objects.filter(last_on__gte=first)
    shown = asked.exclude(words="").order_by("-times", "-last_on", "words")[:questions]
    unsaid = asked.filter(words="").aggregate(n=Sum("times"))["n"] or 0
    return Quality(
        first=first,
        last=last,
        **sums,
        mean_ms=milliseconds / sums["searches"] if sums["searches"] else 0.0,
        days=counted,
        unanswered=list(shown),
        unsaid=unsaid,
    )
