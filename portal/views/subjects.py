"""Topics and election stages: what they are, and the news about them."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator.errors import UnknownValue
from aggregator.models import Entry, Stage, Topic
from aggregator.search import filters_for
from portal import activity, atlas, forms, lists, rhythm, stages
from portal.days import Period
from portal.totals import Totals

LATELY = 90  # days by which the most active provinces of a topic are told


def topic_list(request: HttpRequest) -> HttpResponse:
    counts = Totals().topic_totals()
    rows = [(topic, counts[topic.pk]) for topic in Topic.objects.all()]
    return render(request, "portal/topic_list.html", {"topics": rows})


def topic(request: HttpRequest, slug: str) -> HttpResponse:
    found = Topic.objects.filter(slug=slug).first()
    if found is None:
        raise UnknownValue("topik", no_topic(slug))
    entries, figures = lists.on_topic(found), Totals()
    today = timezone.localdate()
    lately = Period(today - timedelta(days=LATELY - 1), today)
    return render(
        request,
        "portal/topic.html",
        {
            "topic": found,
            "page": lists.page_of(entries.leads().for_lines(), forms.read_anchor(request)),
            "profile": figures.topic_profile(found, entries, today),
            "places": _most_active(figures.topic_places(found, lately)),
            "places_of": LATELY,
            "line": rhythm.of_topic(found, today, figures),
        },
    )


def no_topic(slug: str) -> str:
    return _("Tidak ada topik bernama “%s”.") % slug


def stage_list(request: HttpRequest) -> HttpResponse:
    counts, today = Totals().stage_totals(), timezone.localdate()
    elections = [
        (stages.election_name(code), [(stage, counts[stage.pk]) for stage in found])
        for code, found in groupby(Stage.objects.order_by("position", "slug"), key=lambda row: row.election)
    ]
    return render(
        request,
        "portal/stage_list.html",
        {"elections": elections, "standing": stages.standing(today)},
    )


def stage(request: HttpRequest, slug: str) -> HttpResponse:
    found = Stage.objects.filter(slug=slug).first()
    if found is None:
        raise UnknownValue("tahapan", _("Tidak ada tahapan bernama “%s”.") % slug)
    entries = Entry.objects.public_of(stage=found)  # an old one's are not among the newest of all
    figures = Totals()
    return render(
        request,
        "portal/stage.html",
        {
            "stage": found,
            "election": stages.election_name(found.election),
            "explanation": stages.explanation(found),
            "page": lists.page_of(entries.leads().for_lines(), forms.read_anchor(request)),
            "profile": figures.profile_of(filters_for(found), timezone.localdate()),
            "places": _most_active(figures.province_totals(filters_for(found))),
            "line": rhythm.of_stage(found, timezone.localdate(), figures),
            "siblings": Stage.objects.filter(election=found.election).order_by("position", "slug"),
        },
    )


def _most_active(counts: dict[int | None, int], size: int = 10) -> list[activity.ProvinceCount]:
    places = atlas.current().provinces
    rows = [activity.ProvinceCount(place, counts[place.pk]) for place in places if place.pk in counts]
    return sorted(rows, key=lambda row: (-row.posts, row.province.code))[:size]
