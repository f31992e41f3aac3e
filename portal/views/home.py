"""The front page: what KPU does, today, everywhere."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from aggregator.models import Entry, Feed
from aggregator.querysets import EntryQuerySet
from portal import activity, atlas, charts, inspiration, lists, stages
from portal.days import DATED, Period
from portal.totals import Totals

KINDS = 4


def home(request: HttpRequest) -> HttpResponse:
    day = timezone.localdate()
    there = atlas.current()
    today = activity.today_by_province(day, there.provinces)
    shown = today if today.total else activity.today_by_province(day - timedelta(days=1), there.provinces)
    return render(
        request,
        "portal/home.html",
        {
            "lines": lists.newest_folded(newest()),
            "today": today,
            "shown": shown,  # yesterday, in the hours before anybody has published
            "tile_map": charts.map_of(
                [(row.province, row.posts) for row in shown.rows],
                f"semua=1&dari={shown.day}&sampai={shown.day}",
                there.known,
            ),
            "kinds": inspiration.shown(inspiration.newest_kinds(KINDS)),
            "topics": Totals().topics_of(Period(day - timedelta(days=6), day)),
            "standing": stages.standing(day),
            "provinces": there.named_provinces,
            "read_at": Feed.objects.aggregate(at=Max("last_success_at"))["at"],
        },
    )


def newest() -> EntryQuerySet:
    """Stories that may stand first. A post without a believable date that came with a first import may be
    years old: it is found everywhere else, but nothing says that it is new."""
    undated_import = ~DATED & Q(is_import=True)
    return Entry.objects.public().leads().exclude(undated_import)
