"""`/langganan`: follow anything, by feed or by mail, for people who never heard of feeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from aggregator.errors import BadParameter, RequestError, TooMany
from aggregator.models import Province, Satker, Stage, Topic
from aggregator.search import Filters, read_filters
from feeds import places
from feeds.alerts import consent
from feeds.channels import Channel
from feeds.models import Alert
from portal import embeds, openforms

FORMATS = (("atom", "Atom"), ("rss", "RSS 2.0"), ("json", "JSON Feed"))
FORM = "langganan"
SELECTS = ("provinsi", "satker", "topik", "tahapan")  # one value each; what else is chosen is carried along


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be followed, and what the form shows of it."""

    channel: Channel
    filters: Filters
    carried: list[tuple[str, str]]  # parameters the form has no field for

    @property
    def subject(self) -> str:
        """In words: "Jawa Timur – Logistik – “kotak suara”"."""
        if self.channel.kind == "ditarik":
            return _("berita yang ditarik")
        return _("seluruh Indonesia") if self.filters.is_empty else self.filters.title()

    def chosen(self, name: str) -> str:
        values: tuple[str, ...] = getattr(self.filters, dict(places.NAMED)[name])
        return values[0] if values else ""


@csrf_exempt  # a signed field and the Origin stand in for a cookie
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request, _wanted(request))
    wanted = _of(places.at(request.POST.get("umpan", "")))
    try:
        openforms.check(request, FORM)
        consent.ask(_wish(request, wanted.channel))
    except (BadParameter, TooMany) as problem:
        status = 429 if isinstance(problem, TooMany) else 400
        return _page(request, wanted, problem=problem, status=status)
    return HttpResponseRedirect(reverse("alert_asked"), status=303)


def asked(request: HttpRequest) -> HttpResponse:
    """Whether the address exists, and whether it has this alert already, is told to its owner alone."""
    return render(request, "portal/alert_asked.html")


def _wish(request: HttpRequest, channel: Channel) -> consent.Wish:
    return consent.Wish(
        address=consent.read_address(request.POST.get("surel", "")),
        place=channel.place,
        rhythm=consent.read_rhythm(request.POST.get("irama", "")),
        language=get_language() or "id",
    )


def _wanted(request: HttpRequest) -> Wanted:
    """By the parameters of `/cari`, or by the path of a channel in `umpan`.

    Raises UnknownValue for what does not exist, BadParameter for what cannot be read.
    """
    if place := request.GET.get("umpan", ""):
        return _of(places.at(place))
    return _of(places.of(read_filters(request.GET)))


def _of(channel: Channel) -> Wanted:
    filters = channel.filters
    if channel.kind != "cari":
        named: dict[str, Any] = {"include_all": channel.shows_all}
        if channel.key:
            named[dict(places.NAMED)[channel.kind]] = (channel.key,)
        filters = Filters(**named)
    shown = {"q": filters.q} | {name: next(iter(getattr(filters, f)), "") for name, f in places.NAMED}
    pairs = [pair for pair in _pairs(filters) if shown.get(pair[0]) != pair[1]]
    return Wanted(channel, filters, pairs)


def _pairs(filters: Filters) -> list[tuple[str, str]]:
    from django.http import QueryDict

    return [(name, value) for name, values in QueryDict(filters.query_string()).lists() for value in values]


def _page(
    request: HttpRequest, wanted: Wanted, *, problem: RequestError | None = None, status: int = 200
) -> HttpResponse:
    channel = wanted.channel
    context: dict[str, Any] = {
        "wanted": wanted,
        "channel": channel,
        "chosen": {name: wanted.chosen(name) for name in SELECTS},
        "addresses": [(label, channel.address(ending)) for ending, label in FORMATS],
        "provinces": Province.objects.order_by("name"),
        "offices": Satker.objects.select_related("province").order_by("code"),
        "topics": Topic.objects.all(),
        "stages": Stage.objects.all(),
        "rhythms": Alert.Rhythm.choices,
        "sign": openforms.sign(FORM),
        "problem": problem,
        "given": request.POST if problem else {},
    }
    if channel.kind in embeds.KINDS:
        context |= _embed(channel, wanted, embeds.read(request.GET))
    response = render(request, "portal/subscribe.html", context, status=status)
    if request.method == "POST":
        response.headers["Cache-Control"] = "no-store"
    return response


def _embed(channel: Channel, wanted: Wanted, choice: embeds.Choice) -> dict[str, Any]:
    """The frame of what is chosen, and the HTML that shows it elsewhere."""
    path = embeds.of_channel(channel, choice)
    return {
        "embed": path,
        "choice": choice,
        "most": embeds.MOST,
        "pairs": _pairs(wanted.filters),
        "snippet": embeds.snippet(path, channel.title, choice.height),
    }
