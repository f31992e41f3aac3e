"""Figures of the activity view, narrowed by any filter."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from portal import activity as figures
from portal.api import rows, schemas
from portal.api.asked import Narrowed, filters_of
from portal.board import Board
from portal.scope import scope_of

router = Router(tags=["activity"])


@router.get(
    "/activity",
    response={200: schemas.Activity, 400: schemas.Problem, 404: schemas.Problem},
    summary="Where, when and about what KPU publishes",
)
def activity(request: HttpRequest, asked: Query[Narrowed]) -> schemas.Activity:
    """The last twelve months, unless `dari` and `sampai` say otherwise; with `q` since the first post."""
    scope = scope_of(filters_of(request, Narrowed), timezone.localdate())
    board = Board(scope)
    per_province, per_day = figures.per_province(board.places), board.per_day
    return schemas.Activity(
        first=scope.period.first,
        last=scope.period.last,
        posts=board.summary.posts,
        own=board.summary.own,
        decided=board.summary.decided,
        outside_stages=board.summary.outside,
        undated=scope.undated(),
        per_province=[
            schemas.ProvinceCount(
                province=rows.named(place), posts=per_province[place.pk], offices=place.offices
            )
            for place in board.atlas.provinces
        ],
        per_day=[schemas.DayCount(day=day, posts=per_day[day]) for day in sorted(per_day)],
        per_topic=[
            schemas.TopicCount(topic=rows.named(row.topic), posts=row.posts) for row in scope.topics()
        ],
        notes=[scope.note] if scope.note else [],
    )
