"""The front page: what KPU does, today, everywhere."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from aggregator.models import Entry, Feed, Province
from aggregator.querysets import EntryQuerySet
from portal import activity, charts, lists, scope, stages
from portal.days import DATED, Period


def home(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    day = timezone.localdate(now)
    today = activity.today_by_province(day)
    return render(
        request,
        "portal/home.html",
        {
            "lines": lists.newest_folded(newest()),
            "today": today,
            "tile_map": charts.map_of(
                [(row.province, row.posts) for row in today.rows],
                f"dari={day}&sampai={day}",
                activity.known_provinces(),
            ),
            "topics": scope.topics_of(Period(day - timedelta(days=6), day)),
            "standing": stages.standing(day),
            "provinces": Province.objects.order_by("name"),
            "read_at": Feed.objects.aggregate(at=Max("last_success_at"))["at"],
        },
    )


def newest() -> EntryQuerySet:
    """Stories that may stand first. A post without a believable date that came with a first import may be
    years old: it is found everywhere else, but nothing says that it is new."""
    undated_import = ~DATED & Q(is_import=True)
    return Entry.objects.public().leads().exclude(undated_import)
