"""The directory of the 553 offices, the provinces, and one page for each."""

from __future__ import annotations

import csv
import math
from datetime import datetime
from itertools import groupby

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator.errors import UnknownValue
from aggregator.models import Entry, Province, Satker
from aggregator.search import filters_for
from portal import activity, atlas, forms, lists, rhythm
from portal.monitoring.exports import plain
from portal.totals import Totals

NEAREST = 8  # offices


def satker_list(request: HttpRequest) -> HttpResponse:
    words = forms.read_text(request, "q")
    found = list(_matching(words))
    groups = [(province, list(rows)) for province, rows in groupby(found, key=lambda row: row.province)]
    return render(
        request,
        "portal/satker_list.html",
        {"groups": groups, "words": words, "number": len(found), "total": Satker.objects.count()},
    )


def satker_csv(request: HttpRequest) -> HttpResponse:
    """The directory as a table for spreadsheets; times in UTC."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="kantor-kpu.csv"'
    rows = csv.writer(response)
    rows.writerow(["code", "name", "level", "province", "hostname", "timezone", "last_post_at"])
    for row in _matching(forms.read_text(request, "q")):
        province = row.province.name if row.province else ""
        at: datetime | None = getattr(row, "last_post_at", None)
        last = at.isoformat(timespec="seconds") if at else ""
        rows.writerow(map(plain, (row.code, row.name, row.level, province, row.hostname, row.timezone, last)))
    return response


def satker(request: HttpRequest, code: str, slug: str = "") -> HttpResponse:
    office = Satker.objects.with_feed_state().select_related("province", "parent").filter(code=code).first()
    if office is None:
        raise UnknownValue("satker", _("Tidak ada kantor KPU dengan kode “%s”.") % code)
    if slug != office.slug:
        return redirect("satker", code=code, slug=office.slug, permanent=True)
    entries = Entry.objects.public().filter(satker=office)
    return render(
        request,
        "portal/satker.html",
        {
            "office": office,
            "feeds": office.feeds.active(),
            "page": lists.page_of(entries.for_lines(), forms.read_anchor(request)),
            "profile": activity.profile(entries, timezone.localdate()),
            "rhythm": rhythm.of_satker(office, timezone.localdate(), Totals()),
            "neighbours": _neighbours(office),
        },
    )


def province_list(request: HttpRequest) -> HttpResponse:
    rows = Totals().recent_by_province(timezone.localdate())
    return render(request, "portal/province_list.html", {"rows": rows})


def province(request: HttpRequest, slug: str) -> HttpResponse:
    place = Province.objects.filter(slug=slug).first()
    if place is None:
        raise UnknownValue("provinsi", _("Tidak ada provinsi bernama “%s”.") % slug)
    entries, figures = Entry.objects.public().filter(province=place), Totals()
    return render(
        request,
        "portal/province.html",
        {
            "province": place,
            "page": lists.page_of(entries.leads().for_lines(), forms.read_anchor(request)),
            "offices": _with_last_post(Satker.objects.filter(province=place).with_feed_state()).order_by(
                "code"
            ),
            "rhythm": rhythm.of_province(place, timezone.localdate(), figures),
            "profile": figures.profile_of(filters_for(place), timezone.localdate()),
        },
    )


def _matching(words: str) -> QuerySet[Satker]:
    offices = _with_last_post(Satker.objects.select_related("province"))
    for word in words.split():
        offices = offices.filter(
            Q(name__icontains=word) | Q(province__name__icontains=word) | Q(hostname__icontains=word)
        )
    return offices.order_by("code")


def _with_last_post(offices: QuerySet[Satker]) -> QuerySet[Satker]:
    last = Entry.objects.public().filter(satker=OuterRef("pk")).newest().values("published_at")[:1]
    return offices.annotate(last_post_at=Subquery(last))


def _neighbours(office: Satker) -> list[Satker]:
    """The nearest offices of its province, or the provincial offices for the national one."""
    offices = atlas.current().offices
    if office.province_id is None:
        return [other for other in offices if other.level == Satker.Level.PROVINCE]
    others = [row for row in offices if row.province_id == office.province_id and row.pk != office.pk]
    return sorted(others, key=lambda other: _distance(office, other))[:NEAREST]


def _distance(one: Satker, other: Satker) -> float:
    """In degrees, squared: enough to sort by, since Indonesia lies on the equator. Unknown is far."""
    if None in (one.latitude, one.longitude, other.latitude, other.longitude):
        return math.inf
    across = (one.longitude or 0) - (other.longitude or 0)
    return across**2 + ((one.latitude or 0) - (other.latitude or 0)) ** 2
