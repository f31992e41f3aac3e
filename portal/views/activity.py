"""`/aktivitas`: what KPU does, where and when; the same filters as `/cari`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from aggregator.models import Entry, Province
from aggregator.search import read_filters
from aggregator.search.database import narrow
from portal import activity as figures
from portal import charts


def activity(request: HttpRequest) -> HttpResponse:
    filters = read_filters(request.GET)
    counts = figures.by_province(narrow(Entry.objects.public().filter(figures.DATED), filters))
    rows = [(province, counts.get(province.pk, 0)) for province in Province.objects.all()]
    tile_map = charts.tile_map(rows, filters.query_string(provinces=()), figures.known_provinces())
    return render(
        request,
        "portal/activity.html",
        {"filters": filters, "chips": filters.chips(), "tile_map": tile_map, "total": sum(counts.values())},
    )
