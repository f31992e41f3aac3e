"""Pages of text, and the living page of the design system."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils import timezone

from aggregator.models import Entry, Province, Revision, Satker
from portal import charts, lists


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


def samples() -> dict[str, object]:
    """Made-up rows, never saved, that stretch each component."""
    long_name = "KPU Kabupaten Kepulauan Siau Tagulandang Biaro"
    office = Satker(code="7108", name=long_name, slug="contoh", level="regency", timezone="Asia/Makassar")
    office.province = Province(code="71", name="Sulawesi Utara", slug="sulawesi-utara", abbr="SA")
    title = (
        "Rapat pleno terbuka rekapitulasi daftar pemilih berkelanjutan triwulan ketiga bersama Bawaslu,"
        " Dukcapil, TNI, Polri, dan partai politik"
    )
    at = timezone.now() - timedelta(hours=3)
    entries = [
        _sample(office, 1, title, at, carriers=30),
        _sample(office, 2, "Apel pagi", at - timedelta(days=1)),
        _sample(office, 3, "PENGUMUMAN SELEKSI", at - timedelta(days=90), date_status="impossible"),
    ]
    places = [(place, (place.tile_row * 7 + place.tile_col * 3) % 23) for place in Province.objects.all()]
    return {
        "lines": [lists.Line(entries[0]), lists.Line(entries[1], folded=48), lists.Line(entries[2])],
        "tile_map": charts.map_of(places, "", known={place.pk for place, posts in places[1:]}),
        "office": office,
        "long_title": title,
    }


def _sample(office: Satker, pk: int, title: str, at: datetime, **more: Any) -> Entry:
    revision = Revision(title=title, summary="Satu baris ringkasan yang menerangkan isi berita. " * 4)
    return Entry(
        pk=pk, satker=office, province=office.province, public_revision=revision, published_at=at, **more
    )
