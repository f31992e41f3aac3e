"""`/aktivitas`: what KPU does, where and when; the same filters as `/cari`."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator.models import Satker, Stage
from aggregator.search import read_filters
from portal import activity as figures
from portal import charts, forms, menu
from portal.activity import Cell
from portal.scope import Scope, scope_of

LATEST = 6
WEEK_DAYS = 91  # hours are counted directly, over thirteen weeks at most: a rhythm shows in less


def activity(request: HttpRequest) -> HttpResponse:
    scope = scope_of(read_filters(request.GET), timezone.localdate())
    measure = forms.read_choice(request, "ukuran", charts.MEASURES)
    found = scope.cells()
    period = scope.period
    context = {
        "scope": scope,
        "filters": scope.filters,
        "query": scope.filters.q,
        "chips": scope.filters.chips(),
        "groups": menu.groups(scope.filters, {}),
        "summary": summary(found),
        "measure": measure,
        "shape": forms.read_choice(request, "peta", ("petak", "wilayah")),
        "map": map_of(scope, found, measure),
        "calendar": charts.calendar_of(figures.per_day(found), *drawn_days(scope)),
        "line": line_of(scope, found),
        "week": charts.week_of(figures.per_hour(scope.period.latest(WEEK_DAYS).of(scope.entries))),
        "week_period": scope.period.latest(WEEK_DAYS),
        "topics": scope.topics(),
        "mix": charts.mix_of(figures.per_month(found), period.first, period.last),
        "ranks": scope.ranks(found),
        "offices": offices_of(scope),
        "undated": scope.undated(),
        "latest": scope.newest(LATEST),
        "read_at": timezone.now(),
    }
    return render(request, "portal/activity.html", context)


def summary(found: list[Cell]) -> dict[str, int]:
    """The figures of the opening sentences."""
    posts = sum(cell.posts for cell in found)
    return {
        "posts": posts,
        "provinces": len({cell.province for cell in found if cell.province}),
        "own": sum(cell.posts for cell in found if cell.origin == figures.OWN),
        "decided": sum(cell.posts for cell in found if cell.origin),
        "outside": sum(cell.posts for cell in found if cell.stage is None),
        "days": len({cell.day for cell in found}),
    }


def map_of(scope: Scope, found: list[Cell], measure: str) -> charts.Map:
    """Posts, posts per office, or the difference to the period before, for each province."""
    counts = figures.per_province(found)
    provinces = figures.provinces_with_offices()
    if measure == "per-kantor":
        rows = [(place, round(counts[place.pk] / place.offices, 1)) for place in provinces if place.offices]
    elif measure == "perubahan":
        before = figures.per_province(scope.earlier)
        rows = [(place, counts[place.pk] - before[place.pk]) for place in provinces]
    else:
        rows = [(place, counts[place.pk]) for place in provinces]
    return charts.map_of(rows, scope.query_without_place, figures.known_provinces(), measure)


def drawn_days(scope: Scope) -> tuple[Any, Any]:
    """The calendar draws three years at most, the newest."""
    first = max(scope.period.first, scope.period.last.replace(day=1).replace(year=scope.period.last.year - 3))
    return first, scope.period.last


def line_of(scope: Scope, found: list[Cell]) -> charts.Line:
    period = scope.period
    stages = Stage.objects.filter(Q(start__lte=period.last) & Q(end__gte=period.first))
    return charts.line_of(figures.per_day(found), period.first, period.last, stages)


def offices_of(scope: Scope) -> list[figures.OfficeCount]:
    """The offices of the chosen provinces, in the order of the registry: a list, not a ranking."""
    if not scope.filters.provinces:
        return []
    offices = Satker.objects.filter(province__slug__in=scope.filters.provinces).order_by("code")
    return figures.per_office(scope.entries, offices)


Rows = Iterable[tuple[object, ...]]


def table(request: HttpRequest, name: str) -> HttpResponse:
    """One figure as CSV, with its period in the file's name."""
    if name not in TABLES:
        raise Http404(_("Tidak ada tabel bernama “%s”.") % name)
    scope = scope_of(read_filters(request.GET), timezone.localdate())
    head, rows = TABLES[name]
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    file = f"aktivitas-{name}-{scope.period.first}-{scope.period.last}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    writer = csv.writer(response)
    writer.writerow(head)
    writer.writerows(rows(scope))
    return response


def _province_rows(scope: Scope) -> Rows:
    counts = figures.per_province(scope.cells())
    before = figures.per_province(scope.earlier)
    for place in figures.provinces_with_offices():
        yield place.code, place.name, counts[place.pk], place.offices, before[place.pk]


def _day_rows(scope: Scope) -> Rows:
    counts = figures.per_day(scope.cells())
    return ((day.isoformat(), counts[day]) for day in sorted(counts))


def _hour_rows(scope: Scope) -> Rows:
    grid = figures.per_hour(scope.period.latest(WEEK_DAYS).of(scope.entries))
    return ((day + 1, hour, posts) for day, row in enumerate(grid) for hour, posts in enumerate(row))


def _topic_rows(scope: Scope) -> Rows:
    return ((row.topic.name, row.posts) for row in scope.topics())


def _month_rows(scope: Scope) -> Rows:
    months = figures.per_month(scope.cells())
    return ((f"{month:%Y-%m}", within, outside) for month, (within, outside) in months.items())


def _rank_rows(scope: Scope) -> Rows:
    for row in scope.ranks(scope.cells()):
        place = "" if row.place is None else row.place
        counted = (row.on_topic, row.active_days, row.own, row.reposts, row.posts, row.offices, row.silent)
        yield (place, row.province.name, *counted)


TABLES: dict[str, tuple[tuple[str, ...], Callable[[Scope], Rows]]] = {
    "provinsi": (("code", "province", "posts", "offices", "posts_before"), _province_rows),
    "hari": (("day", "posts"), _day_rows),
    "jam": (("weekday", "hour", "posts"), _hour_rows),
    "topik": (("topic", "posts"), _topic_rows),
    "tahapan": (("month", "within_stage", "outside"), _month_rows),
    "peringkat": (
        ("place", "province", "own_on_topic", "active_days", "own", "reposts", "posts", "offices", "silent"),
        _rank_rows,
    ),
}
