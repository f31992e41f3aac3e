"""`/cari`: one search over all news, narrowed by anything."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aggregator.models import Entry, Satker
from aggregator.search import Filters, Results, Segment, highlight, read_filters, snippet, suggest
from aggregator.search import search as ask
from aggregator.search.nearby import nearby
from aggregator.search.quality import record
from portal import forms, menu

SIZE = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """One entry of an answer with the question's words marked; no snippet without a question."""

    entry: Entry
    title: list[Segment]
    snippet: list[Segment]


@dataclass(frozen=True, slots=True)
class Way:
    """A way out of an empty answer."""

    label: str
    query: str


def search(request: HttpRequest) -> HttpResponse:
    filters = read_filters(request.GET)
    anchor = request.GET.get("sebelum", "")
    dense = forms.read_choice(request, "padat", ("0", "1")) == "1"
    results = ask(filters, size=SIZE, anchor=anchor)
    if not anchor:
        record(filters, results)
    words = results.did_you_mean if results.is_respelled else filters.q
    response = render(
        request,
        "portal/search.html",
        {
            "filters": filters,
            "query": filters.q,
            "results": results,
            "hits": hits_of(results, "" if dense else words),
            "dense": dense,
            "tail": "&padat=1" if dense else "",
            "chips": filters.chips(),
            "groups": menu.groups(filters, results.facets),
            "years": menu.years(filters, results.facets.get("bulan", [])),
            "sorts": _sorts(filters),
            "address": filters.query_string(),
            "next_page": filters.query_string(sebelum=results.next_anchor) if results.next_anchor else "",
            "all_query": filters.query_string(include_all=not filters.include_all),
            "did_you_mean_query": filters.query_string(q=results.did_you_mean),
            "ways": [] if results.total or results.is_partial else ways_out(filters),
        },
    )
    if results.is_partial:  # the next reader may have better luck
        response.headers["Cache-Control"] = "no-store"
    return response


def hits_of(results: Results, words: str) -> list[Hit]:
    """The entries of an answer, in its order. One query."""
    wanted = Entry.objects.public_of(id__among=results.entry_ids).order_by()
    entries = (wanted.for_hits() if words else wanted.for_lists()).in_bulk()
    found = [entries[pk] for pk in results.entry_ids if pk in entries]
    if not words:
        return [Hit(entry, [], []) for entry in found]
    return [_marked(entry, words) for entry in found]


def _marked(entry: Entry, words: str) -> Hit:
    shown = entry.public_revision
    if shown is None:
        return Hit(entry, [], [])
    return Hit(entry, highlight(shown.title, words), snippet(shown.text or shown.summary, words))


def _sorts(filters: Filters) -> list[tuple[str, str, bool]]:
    """(label, query string, is in force) of each order that makes sense."""
    names = [("terbaru", _("Terbaru")), ("terlama", _("Terlama"))]
    if filters.q:
        names.insert(0, ("relevan", _("Paling cocok")))
    return [(label, filters.query_string(sort=sort), filters.order == sort) for sort, label in names]


def ways_out(filters: Filters) -> list[Way]:
    """What to try when nothing was found: wider places, single words, one filter less, the words alone."""
    ways = []
    if filters.satker:
        offices = Satker.objects.filter(code__in=filters.satker, province__isnull=False)
        for slug, name in sorted(set(offices.values_list("province__slug", "province__name"))):
            query = filters.query_string(satker=(), provinces=(slug,))
            ways.append(Way(_("Cari di seluruh provinsi %s") % name, query))
    for words, total in nearby(filters):
        label = ngettext("“%(words)s” saja: %(n)d berita", "“%(words)s” saja: %(n)d berita", total)
        query = filters.query_string(q=words)
        ways.append(Way(label % {"words": words, "n": total}, query))
    chips = filters.chips()
    if len(chips) > 1:
        ways += [Way(_("Tanpa “%s”") % chip.label, chip.query_string) for chip in chips]
        if filters.q:
            ways.append(Way(_("“%s” di seluruh Indonesia") % filters.q, Filters(q=filters.q).query_string()))
    return list({way.query: way for way in ways}.values())


def suggestions(request: HttpRequest) -> JsonResponse:
    """What to offer while a question is typed, in the form of OpenSearch Suggestions 1.1."""
    typed = forms.read_text(request, "q")
    return JsonResponse([typed, suggest(typed)], safe=False, content_type="application/x-suggestions+json")
