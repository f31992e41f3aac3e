"""`/aktivitas`: what KPU does, where and when; the same filters as `/cari`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from aggregator.search import read_filters
from portal import board, charts, forms, menu
from portal.board import Board
from portal.scope import COMPARISONS, scope_of

SHAPES = ("petak", "wilayah")


def activity(request: HttpRequest) -> HttpResponse:
    found = read_board(request)
    filters = found.scope.filters
    today = timezone.localdate()
    context = {
        "board": found,
        "scope": found.scope,
        "filters": filters,
        "query": filters.q,
        "chips": filters.chips(),
        "groups": menu.groups(filters, {}),
        "shape": forms.read_choice(request, "peta", SHAPES),
        "comparison": forms.read_choice(request, "banding", COMPARISONS),
        "shortcuts": board.shortcuts(today),
        "read_at": timezone.now(),
    }
    return render(request, "portal/activity.html", context)


def now(request: HttpRequest) -> HttpResponse:
    """The strip of the latest posts alone: what the page asks for again every minute."""
    found = read_board(request)
    return render(request, "portal/_now.html", {"board": found, "read_at": timezone.now()})


def read_board(request: HttpRequest) -> Board:
    """Raises BadParameter, UnknownValue."""
    compare = forms.read_choice(request, "banding", COMPARISONS)
    measure = forms.read_choice(request, "ukuran", charts.MEASURES)
    return Board(scope_of(read_filters(request.GET), timezone.localdate(), compare), measure)
