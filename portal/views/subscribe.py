"""`/langganan`: builds the address of a feed for people who never heard of feeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from aggregator.errors import UnknownValue
from aggregator.models import Province, Satker, Stage, Topic
from portal import forms

Row = TypeVar("Row", Province, Satker, Topic, Stage)
FORMATS = (("atom", "Atom"), ("rss", "RSS 2.0"), ("json", "JSON Feed"))


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader wants to follow: any mixture of words and one value a kind."""

    words: str = ""
    province: Province | None = None
    satker: Satker | None = None
    topic: Topic | None = None
    stage: Stage | None = None

    @property
    def params(self) -> list[tuple[str, str]]:
        """As parameters of `/cari`."""
        pairs = [
            ("q", self.words),
            ("provinsi", self.province.slug if self.province else ""),
            ("satker", self.satker.code if self.satker else ""),
            ("topik", self.topic.slug if self.topic else ""),
            ("tahapan", self.stage.slug if self.stage else ""),
        ]
        return [(name, value) for name, value in pairs if value]

    @property
    def subject(self) -> str:
        """In words: "Jawa Timur, Logistik, “kotak suara”"."""
        parts = [str(part) for part in (self.satker, self.province, self.topic, self.stage) if part]
        if self.words:
            parts.append(f"“{self.words}”")
        return ", ".join(parts) or _("seluruh Indonesia")

    def address(self, ending: str) -> str:
        """Of the feed: a channel of its own where one exists, else that of the search."""
        params = self.params
        if not params:
            return f"{settings.BASE_URL}/feeds/nasional.{ending}"
        if len(params) == 1 and params[0][0] != "q":
            kind, value = params[0]
            return f"{settings.BASE_URL}/feeds/{kind}/{value}.{ending}"
        return f"{settings.BASE_URL}/feeds/cari.{ending}?{urlencode(params)}"


def subscribe(request: HttpRequest) -> HttpResponse:
    choice = read_choice(request)
    return render(
        request,
        "portal/subscribe.html",
        {
            "choice": choice,
            "search": urlencode(choice.params),
            "addresses": [(label, choice.address(ending)) for ending, label in FORMATS],
            "provinces": Province.objects.order_by("name"),
            "offices": Satker.objects.select_related("province").order_by("code"),
            "topics": Topic.objects.all(),
            "stages": Stage.objects.all(),
        },
    )


def read_choice(request: HttpRequest) -> Choice:
    """Raises UnknownValue for a slug or code that does not exist, BadParameter for unusable words."""
    return Choice(
        words=forms.read_text(request, "q"),
        province=_one(request, "provinsi", Province, "slug"),
        satker=_one(request, "satker", Satker, "code"),
        topic=_one(request, "topik", Topic, "slug"),
        stage=_one(request, "tahapan", Stage, "slug"),
    )


def _one(request: HttpRequest, name: str, model: type[Row], key: str) -> Row | None:
    value = request.GET.get(name, "")
    if not value:
        return None
    row = model._default_manager.filter(**{key: value}).first()
    if row is None:
        raise UnknownValue(
            name, _("Nilai “%(value)s” untuk “%(name)s” tidak dikenal.") % {"value": value, "name": name}
        )
    return row
