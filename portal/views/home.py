"""The front page: what KPU does, today, everywhere."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from aggregator.models import Entry, Feed, Province, Topic
from aggregator.querysets import EntryQuerySet
from portal import activity, charts, lists, stages
from portal.days import DATED


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
            "topics": topics_of_week(),
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


def topics_of_week() -> list[Topic]:
    """The topics of the last seven days' posts, most frequent first, each with its number as `n`."""
    since = timezone.now() - timedelta(days=7)
    counts = dict(
        Entry.objects.public()
        .filter(published_at__gte=since, entry_topics__removed=False)
        .order_by()
        .values("entry_topics__topic")
        .annotate(n=Count("id"))
        .values_list("entry_topics__topic", "n")
    )
    topics = list(Topic.objects.filter(pk__in=counts))
    for topic in topics:
        topic.n = counts[topic.pk]  # type: ignore[attr-defined]
    return sorted(topics, key=lambda topic: -counts[topic.pk])
