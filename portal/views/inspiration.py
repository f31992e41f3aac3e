"""`/inspirasi`: what kinds of activity offices came up with lately, so that others may do alike."""

from __future__ import annotations

from itertools import groupby, islice

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from aggregator.errors import UnknownValue
from aggregator.models import Topic
from portal import forms, inspiration
from portal.models import Kind
from portal.views.subjects import no_topic

FEW = 3  # kinds of each topic where all topics are shown


def inspirations(request: HttpRequest) -> HttpResponse:
    slug = forms.read_text(request, "topik")
    topics = list(Topic.objects.all())
    chosen = next((topic for topic in topics if topic.slug == slug), None)
    if slug and chosen is None:
        raise UnknownValue("topik", no_topic(slug))
    kinds = Kind.objects.select_related("topic").order_by("topic__position", "topic__slug", "-first_at", "pk")
    if chosen:
        groups = [(chosen, list(kinds.filter(topic=chosen)))]
    else:
        by_topic = groupby(kinds, key=lambda kind: kind.topic)
        groups = [(topic, list(islice(rows, FEW))) for topic, rows in by_topic]
    shown = {row.kind.pk: row for row in inspiration.shown(kind for _topic, rows in groups for kind in rows)}
    return render(
        request,
        "portal/inspiration.html",
        {
            "topics": topics,
            "chosen": chosen,
            "groups": [
                (topic, [shown[kind.pk] for kind in rows if kind.pk in shown]) for topic, rows in groups
            ],
            "made_at": Kind.objects.order_by("-made_at").values_list("made_at", flat=True).first(),
            "days": inspiration.LATELY.days,
            "window": inspiration.WINDOW.days,
        },
    )
