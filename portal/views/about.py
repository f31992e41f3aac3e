"""Pages of text, and the living page of the design system."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve

from aggregator.models import Satker
from portal.samples import samples


def about(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/about.html", {"offices": Satker.objects.count()})


def fetcher(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "portal/fetcher.html",
        {
            "contact": settings.FETCH_USER_AGENT_CONTACT,
            "least_minutes": max(1, settings.FETCH_MIN_INTERVAL // 60),
            "most_hours": max(1, settings.FETCH_MAX_INTERVAL // 3600),
            "megabytes": settings.FETCH_MAX_BYTES / 1_000_000,
            "version": settings.VERSION,
        },
    )


def method(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/method.html")


def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/privacy.html")


def corrections(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/corrections.html")


def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/accessibility.html", {"contact": settings.FETCH_USER_AGENT_CONTACT})


def data(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/data.html", {"has_api": _is_there("/api/")})


def _is_there(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def gaya(request: HttpRequest) -> HttpResponse:
    """Every component in every state, also with titles and names at their longest. Nothing is stored."""
    return render(request, "portal/gaya.html", samples())
