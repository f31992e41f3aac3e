"""Topics and election stages: what they are, and the news about them."""

from __future__ import annotations

from itertools import groupby

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator.errors import UnknownValue
from aggregator.models import Entry, Province, Stage, Topic
from portal import activity, forms, lists, stages


def topic_list(request: HttpRequest) -> HttpResponse:
    counted = Q(entries__state=Entry.State.PUBLIC, entries__entry_topics__removed=False)
    rows = Topic.objects.annotate(n=Count("entries", filter=counted, distinct=True))
    return render(request, "portal/topic_list.html", {"topics": rows})


def topic(request: HttpRequest, slug: str) -> HttpResponse:
    found = Topic.objects.filter(slug=slug).first()
    if found is None:
        raise UnknownValue("topik", _("Tidak ada topik bernama “%s”.") % slug)
    entries = Entry.objects.public().filter(entry_topics__topic=found, entry_topics__removed=False)
    return render(
        request,
        "portal/topic.html",
        {
            "topic": found,
            "page": lists.page_of(entries.leads(), forms.read_anchor(request)),
            "profile": activity.profile(entries),
            "places": _most_active(activity.by_province(entries)),
        },
    )


def stage_list(request: HttpRequest) -> HttpResponse:
    counted = Q(entries__state=Entry.State.PUBLIC)
    rows = Stage.objects.annotate(n=Count("entries", filter=counted)).order_by("position", "slug")
    elections = [
        (stages.election_name(code), list(found))
        for code, found in groupby(rows, key=lambda row: row.election)
    ]
    today = timezone.localdate()
    return render(
        request,
        "portal/stage_list.html",
        {"elections": elections, "standing": stages.standing(today), "today": today},
    )


def stage(request: HttpRequest, slug: str) -> HttpResponse:
    found = Stage.objects.filter(slug=slug).first()
    if found is None:
        raise UnknownValue("tahapan", _("Tidak ada tahapan bernama “%s”.") % slug)
    entries = Entry.objects.public().filter(stage=found)
    return render(
        request,
        "portal/stage.html",
        {
            "stage": found,
            "election": stages.election_name(found.election),
            "page": lists.page_of(entries.leads(), forms.read_anchor(request)),
            "profile": activity.profile(entries),
            "places": _most_active(activity.by_province(entries)),
            "siblings": Stage.objects.filter(election=found.election).order_by("position", "slug"),
        },
    )


def _most_active(counts: dict[int | None, int], size: int = 10) -> list[activity.ProvinceCount]:
    provinces = Province.objects.in_bulk([key for key in counts if key is not None])
    rows = [activity.ProvinceCount(place, counts[key]) for key, place in provinces.items()]
    return sorted(rows, key=lambda row: (-row.posts, row.province.code))[:size]
