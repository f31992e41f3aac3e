"""Keep the figures of every satker: where its posts changed in the change sequence, they are counted again.

Counted are the months in which the changed posts stand now, and nothing is remembered of where they stood
before: a month that one has left has fewer posts than are kept of it, so that the satker as a whole has. Then
it is counted whole, and once a day anyway, because what is told of a post can depend on another satker's (the
source of a story). What differs from the kept rows is written, in one transaction a satker; a killed run is
repeated from its cursor and changes nothing twice.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, Min, OuterRef, Q, Sum
from django.utils import timezone

from aggregator.models import Change, Entry, PortalState, Satker
from aggregator.querysets import SatkerQuerySet
from portal.monitoring.figures import counting, months, places
from portal.monitoring.figures.kept import keep, of_days, of_months, one_at_a_time, parts
from portal.monitoring.figures.posts import posts_of
from portal.monitoring.models import (
    DutyPost,
    FigureState,
    OfficeDay,
    OfficeMonth,
    OfficeState,
    OfficeSubject,
    OfficeSums,
    PlaceDay,
    PlaceSubject,
)

MARKS = 5000  # looked at together: however many of them, a satker is counted once
WHOLE_EVERY = timedelta(days=1)
SUMS_FIELDS = (*counting.NUMBERS, "active_days", "days")
DUTY_FIELDS = ("day", "quarter", "named", "title")
KEPT = (OfficeDay, OfficeSums, OfficeMonth, OfficeSubject, OfficeState, DutyPost, PlaceDay, PlaceSubject)


def follow(seconds: float = 5.0) -> int:
    """Bring the figures up to date, for about so long; returns how many satker were counted. Begins anew
    when there are none of this database's history, and goes on where a former call stopped."""
    deadline = time.monotonic() + seconds
    state = _state()
    counted = 0
    if state.built_at is None:
        counted = _build(state, deadline)
        if state.built_at is None:
            return counted
    while True:
        marks = Change.objects.after(state.xact, state.number, MARKS)
        for satker, published in _touched([entry for _xact, _number, entry in marks]):
            count_changed(satker, published)
            counted += 1
        if marks:
            state.xact, state.number = marks[-1][:2]
        state.followed_at = timezone.now()
        state.save(update_fields=["xact", "number", "followed_at"])
        if len(marks) < MARKS or time.monotonic() > deadline:
            return counted


def rebuild() -> None:
    """Throw all figures about posts away and count again; those of fetches stay, because their logs are
    dropped after a while."""
    FigureState.objects.filter(pk=1).update(epoch="")
    follow(seconds=float("inf"))


def current() -> FigureState | None:
    """The state of figures that may be read; None while there are none of this history."""
    state = FigureState.objects.filter(pk=1, built_at__isnull=False).first()
    return state if state and state.epoch == str(PortalState.get().epoch) else None


def _state() -> FigureState:
    """The state, begun anew where the database has another history than the figures."""
    epoch = str(PortalState.get().epoch)
    state, _made = FigureState.objects.get_or_create(pk=1)
    if state.epoch != epoch:
        last = Change.objects.newest()
        state.epoch, state.xact, state.number, state.built_at = epoch, *last, None
        with transaction.atomic():
            for model in KEPT:
                model._default_manager.all().delete()
            state.save()
    return state


def _build(state: FigureState, deadline: float) -> int:
    """Count every satker that has no figures yet; what changes meanwhile is followed afterwards."""
    left = Satker.objects.exclude(pk__in=OfficeState.objects.values("pk")).order_by("pk")
    counted = _count_nothing(left)
    for satker in left:
        count_again(satker)
        counted += 1
        if time.monotonic() > deadline:
            return counted
    with transaction.atomic():
        places.add_up_all()
    state.built_at = state.followed_at = timezone.now()
    state.save(update_fields=["built_at", "followed_at"])
    return counted


def _count_nothing(left: SatkerQuerySet) -> int:
    """Those without a post, all at once: in a new portal that is nearly every satker."""
    silent = left.exclude(Exists(Entry.objects.public_of(satker=OuterRef("pk"))))
    rows = [OfficeState(pk=pk, whole_at=timezone.now()) for pk in silent.values_list("pk", flat=True)]
    OfficeState.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _touched(entry_ids: list[int]) -> Iterator[tuple[Satker, set[datetime]]]:
    """Whose posts these are, and when they were published."""
    times: dict[int, set[datetime]] = defaultdict(set)
    for some in parts(entry_ids, 500):
        entries = Entry.objects.filter(pk__in=some).order_by()
        for key, published in entries.values_list("satker", "published_at"):
            times[key].add(published)
    for satker in Satker.objects.filter(pk__in=times).order_by("pk"):
        yield satker, times[satker.pk]


def count_changed(satker: Satker, published: Iterable[datetime]) -> None:
    """Bring the figures of this satker up to date after posts of these times have changed."""
    clocks = ZoneInfo(satker.timezone)
    touched = {months.number(at.astimezone(clocks).date()) for at in published}
    lately = OfficeState.objects.filter(pk=satker.pk, whole_at__gt=timezone.now() - WHOLE_EVERY)
    with transaction.atomic():
        one_at_a_time(Satker.objects.filter(pk=satker.pk))
        if lately.exists():
            _count(satker, touched)
            if _has_all(satker):
                places.add_up(satker.province_id, touched)
                return
        _count(satker, None)
        places.add_up(satker.province_id)


def _has_all(satker: Satker) -> bool:
    """Whether no month that was not counted has lost a post: it cannot have got one, since a post that comes
    is counted where it comes."""
    kept = OfficeMonth.objects.filter(satker=satker).aggregate(n=Sum("posts"))["n"] or 0
    return kept == Entry.objects.public_of(satker=satker.pk).count()


def count_again(satker: Satker) -> None:
    """Make the kept figures of this satker those of its posts. Its province is not added up."""
    with transaction.atomic():
        one_at_a_time(Satker.objects.filter(pk=satker.pk))
        _count(satker, None)


def _count(satker: Satker, touched: Collection[int] | None) -> None:
    """`touched`: months; None: all."""
    counted = counting.count(posts_of(satker, touched), satker.timezone)
    its: dict[str, int | None] = {"satker_id": satker.pk}
    days, firsts = of_days(touched) & Q(**its), of_months(touched) & Q(**its)
    numbers = Q(**its) if touched is None else Q(month__in=touched, **its)
    # A post that moved may have been kept on a day of a month that is not counted now.
    duties = Q(**its) if touched is None else days | Q(pk__in=list(counted.duties))
    keep(OfficeDay.objects.filter(days), its, ("day",), counting.NUMBERS, counted.day_rows())
    keep(OfficeSums.objects.filter(numbers), its, ("month",), SUMS_FIELDS, counted.sums_rows())
    keep(OfficeMonth.objects.filter(firsts), its, ("month",), counting.QUALITY, counted.month_rows())
    subjects = {key: (posts,) for key, posts in counted.subjects.items()}
    placed = its | {"province_id": satker.province_id}
    keep(OfficeSubject.objects.filter(firsts), placed, ("month", "kind", "subject"), ("posts",), subjects)
    told = {(d.entry,): (d.day, d.quarter, d.named, d.title) for d in counted.duties.values()}
    keep(DutyPost.objects.filter(duties), its, ("entry_id",), DUTY_FIELDS, told)
    ends = _ends(satker) | ({"whole_at": timezone.now()} if touched is None else {})
    OfficeState.objects.bulk_create(
        [OfficeState(satker=satker, **ends)],
        update_conflicts=True,
        unique_fields=["satker"],
        update_fields=list(ends),
    )


def _ends(satker: Satker) -> dict[str, Any]:
    """The oldest and the newest dated post."""
    dated = Entry.objects.public_of(satker=satker.pk, date_status__in=counting.CLEAR)
    newest = dated.order_by("-published_at", "-pk").values_list(
        "pk", "published_at", "public_revision__title"
    )
    entry, at, title = newest.first() or (None, None, "")
    return {
        "last_entry_id": entry,
        "last_day": at.astimezone(ZoneInfo(satker.timezone)).date() if at else None,
        "last_title": title or "",
        "first_day": OfficeDay.objects.filter(satker=satker).aggregate(n=Min("day"))["n"],
    }
