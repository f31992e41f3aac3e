"""Keep the figures of every satker: whoever changes in the change sequence is counted again, whole.

A satker has hundreds or a few thousand posts, so that counting it anew costs some milliseconds and nothing
has to be remembered of where a post was counted before. What differs from the kept rows is written, in one
transaction a satker; a killed run is repeated from its cursor and changes nothing twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from aggregator.models import Change, Entry, PortalState, Satker
from portal.monitoring.figures import counting
from portal.monitoring.figures.posts import posts_of
from portal.monitoring.models import (
    DutyPost,
    FigureState,
    OfficeDay,
    OfficeMonth,
    OfficeState,
    OfficeSubject,
    OfficeSums,
)

MARKS = 5000  # looked at together: however many of them, a satker is counted once
SUMS_FIELDS = (*counting.NUMBERS, "active_days", "days")
Key = tuple[Any, ...]


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
        for satker in _satker_of([entry for _xact, _number, entry in marks]):
            count_again(satker)
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
            for model in (OfficeDay, OfficeSums, OfficeMonth, OfficeSubject, OfficeState, DutyPost):
                model._default_manager.all().delete()
            state.save()
    return state


def _build(state: FigureState, deadline: float) -> int:
    """Count every satker that has no figures yet; what changes meanwhile is followed afterwards."""
    left = Satker.objects.exclude(pk__in=OfficeState.objects.values("pk")).order_by("pk")
    for number, satker in enumerate(list(left), start=1):
        count_again(satker)
        if time.monotonic() > deadline:
            return number
    state.built_at = state.followed_at = timezone.now()
    state.save(update_fields=["built_at", "followed_at"])
    return len(left)


def _satker_of(entry_ids: list[int]) -> Iterator[Satker]:
    keys: set[int] = set()
    for start in range(0, len(entry_ids), 500):
        some = Entry.objects.filter(pk__in=entry_ids[start : start + 500]).order_by()
        keys.update(some.values_list("satker", flat=True).distinct())
    yield from Satker.objects.filter(pk__in=keys).order_by("pk")


def count_again(satker: Satker) -> None:
    """Make the kept figures of this satker those of its posts."""
    with transaction.atomic():
        _alone(satker)
        counted = counting.count(posts_of(satker.pk), satker.timezone)
        its: dict[str, int | None] = {"satker_id": satker.pk}
        _keep(OfficeDay, its, ("day",), counting.NUMBERS, counted.day_rows())
        _keep(OfficeSums, its, ("month",), SUMS_FIELDS, counted.sums_rows())
        _keep(OfficeMonth, its, ("month",), counting.QUALITY, counted.month_rows())
        subjects = {key: (posts,) for key, posts in counted.subjects.items()}
        placed = its | {"province_id": satker.province_id}
        _keep(OfficeSubject, placed, ("month", "kind", "subject"), ("posts",), subjects)
        duties = {(d.entry,): (d.day, d.quarter, d.named, d.title) for d in counted.duties.values()}
        _keep(DutyPost, its, ("entry_id",), ("day", "quarter", "named", "title"), duties)
        _, entry, day, title = counted.last or (None, None, None, "")
        newest = {"last_entry_id": entry, "last_day": day, "last_title": title}
        OfficeState.objects.update_or_create(
            pk=satker.pk, defaults={**newest, "first_day": min(counted.days, default=None)}
        )


def _alone(satker: Satker) -> None:
    """Two that count one satker at once go one after the other. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        list(Satker.objects.select_for_update(of=("self",), no_key=True).filter(pk=satker.pk).values("pk"))


def _keep(
    model: type[models.Model],
    its: dict[str, int | None],
    key: tuple[str, ...],
    values: tuple[str, ...],
    wanted: dict[Key, Key],
) -> None:
    """Write what differs from the kept rows, and nothing else."""
    rows = model._default_manager.filter(satker_id=its["satker_id"])
    kept = {row[1 : 1 + len(key)]: row for row in rows.values_list("pk", *key, *values)}
    changed = {k for k, row in kept.items() if wanted.get(k) != row[1 + len(key) :]}
    for some in _parts([kept[k][0] for k in changed], 500):
        rows.filter(pk__in=some).delete()
    model._default_manager.bulk_create(
        [
            model(**its, **dict(zip(key, k, strict=True)), **dict(zip(values, row, strict=True)))
            for k, row in wanted.items()
            if k in changed or k not in kept
        ],
        batch_size=500,
    )


def _parts(keys: list[Any], size: int) -> Iterable[list[Any]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))
