"""What is going on at this hour, each figure a way to its list."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.monitoring.access import staff


@staff()
def today(request: HttpRequest) -> HttpResponse:
    return render(request, "monitoring/today.html")
