"""How the public's searches are answered, and the searches an account keeps for itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from aggregator.errors import BadParameter, UnknownValue
from aggregator.models import Entry, Synonym
from aggregator.search import Filters, read_filters
from aggregator.search import search as ask
from aggregator.search.moments import WIB
from aggregator.search.quality import quality
from portal.forms import read_choice
from portal.models import SavedSearch
from portal.monitoring.access import staff, staff_user
from portal.monitoring.lists import people
from portal.monitoring.show import file_of
from portal.monitoring.tables import Table, columns, moment

PERIODS = ("30", "7", "90")  # days
RECENT = 7  # days


@staff()
def search_quality(request: HttpRequest) -> HttpResponse:
    """Counts and unanswered questions; nothing here tells who asked."""
    days = int(read_choice(request, "hari", PERIODS))
    found = quality(days)
    newest_first = list(reversed(found.days))
    if file := file_of(
        request,
        pertanyaan=lambda: people.unanswered((row, _named(row.narrowed)) for row in found.unanswered),
        hari=lambda: people.search_days(newest_first),
    ):
        return file
    may_teach = request.user.has_perm("aggregator.add_synonym")
    add = reverse("admin:aggregator_synonym_add")
    rows = [
        {
            "row": row,
            "search": "&".join(filter(None, (urlencode({"q": row.words}), row.narrowed))),
            "narrowed": _named(row.narrowed),
            "teach": f"{add}?{urlencode({'forms': row.words + chr(10)})}" if may_teach else "",
        }
        for row in found.unanswered
    ]
    context = {
        "found": found,
        "figures": [
            (label, number, found.share(number))
            for label, number in (
                (_("terjawab dengan semua kata"), found.met),
                (_("terjawab setelah ejaan dibetulkan"), found.respelled),
                (_("terjawab dengan sebagian kata"), found.widened),
                (_("tanpa hasil"), found.empty),
                (_("lebih dari setengah detik"), found.slow),
                (_("dihentikan karena berat"), found.partial),
                (_("dijawab tanpa indeks"), found.degraded),
            )
        ],
        "days": newest_first,
        "rows": rows,
        "period": days,
        "periods": sorted(int(period) for period in PERIODS),
        "synonyms": Synonym.objects.count(),
        "may_teach": may_teach,
    }
    return render(request, "monitoring/search_quality.html", context)


def _named(query: str) -> str:
    try:
        return read_filters(QueryDict(query)).title() if query else ""
    except (BadParameter, UnknownValue):
        return query


class SaveForm(forms.Form):
    """A name, and the search as people have it at hand: the address of the page with its results."""

    name = forms.CharField(label=gettext_lazy("Nama"), max_length=80)
    address = forms.CharField(
        label=gettext_lazy("Alamat pencarian"),
        max_length=2100,
        help_text=gettext_lazy("Salin alamat halaman hasil pencarian, misalnya /cari?q=psu&provinsi=papua."),
    )

    def clean_address(self) -> str:
        return _query_of(self.cleaned_data["address"])


def _query_of(address: str) -> str:
    """The canonical query string of an address of `/cari`, of its feed, or of one without its page."""
    parts = urlsplit(address.strip())
    query = parts.query or ("" if "/" in address or "=" not in address else address.strip())
    try:
        filters = read_filters(QueryDict(query))
    except (BadParameter, UnknownValue) as error:
        raise forms.ValidationError(error.message) from error
    if filters.is_empty:
        raise forms.ValidationError(_("Alamat ini tidak memuat kata atau saringan pencarian."))
    return filters.query_string()


@dataclass(frozen=True, slots=True)
class Kept:
    """A saved search with what is new about it."""

    saved: SavedSearch
    title: str
    recent: int
    newest: Entry | None
    fault: str = ""  # why it cannot be asked any more


@staff()
def saved_searches(request: HttpRequest) -> HttpResponse:
    """The account's own; `cari` proposes one to be saved."""
    form = SaveForm(request.POST) if request.method == "POST" else SaveForm(initial=_proposed(request))
    if form.is_bound and form.is_valid() and _saved(request, form):
        return redirect("monitoring:saved_searches")
    kept = [_kept(saved) for saved in _own(request)]
    if file := file_of(request, pencarian=lambda: _table(kept)):
        return file
    context = {"form": form, "kept": kept, "days": RECENT}
    return render(request, "monitoring/saved_searches.html", context)


def _table(kept: list[Kept]) -> Table:
    return Table(
        _("pencarian tersimpan"),
        _("Pencarian tersimpan"),
        columns(
            *(_("Nama"), _("Mencari"), (_("%d hari terakhir") % RECENT, "number"), _("Alamat")),
            (_("Terakhir dibuka"), "moment"),
        ),
        [
            (
                one.saved.name,
                one.fault or one.title,
                one.recent,
                f"{reverse('search')}?{one.saved.query}",
                moment(one.saved.looked_at),
            )
            for one in kept
        ],
    )


def _proposed(request: HttpRequest) -> dict[str, str]:
    query = request.GET.get("cari", "")
    return {"name": _named(query)[:80], "address": f"/cari?{query}"} if query else {}


def _saved(request: HttpRequest, form: SaveForm) -> bool:
    name, query = form.cleaned_data["name"], form.cleaned_data["address"]
    own = _own(request)
    if own.count() >= SavedSearch.MOST and not own.filter(query=query).exists():
        form.add_error(
            None, _("Paling banyak %d pencarian; hapuslah yang tidak dipakai lagi.") % SavedSearch.MOST
        )
        return False
    own.update_or_create(user=staff_user(request), query=query, defaults={"name": name})
    messages.success(request, _("Pencarian “%s” disimpan.") % name)
    return True


def _own(request: HttpRequest) -> QuerySet[SavedSearch]:
    return SavedSearch.objects.filter(user=staff_user(request))


def _kept(saved: SavedSearch) -> Kept:
    try:
        filters = read_filters(QueryDict(saved.query))
        found = ask(_since(filters, RECENT), size=1, facets=False)
    except (BadParameter, UnknownValue) as error:  # a topic or an office that is no more
        return Kept(saved, saved.query, 0, None, error.message)
    newest = Entry.objects.public_of(pk__in=found.entry_ids).for_lists().first()
    return Kept(saved, filters.title(), found.total, newest)


def _since(filters: Filters, days: int) -> Filters:
    """The same search, newest first, of the last days."""
    first = timezone.localtime(timezone.now(), WIB).date() - timedelta(days=days - 1)
    return replace(filters, date_from=max(filters.date_from or first, first), sort="terbaru")


@staff()
def open_saved_search(request: HttpRequest, pk: int) -> HttpResponse:
    """To the results, newest first."""
    saved = get_object_or_404(_own(request), pk=pk)
    _own(request).filter(pk=pk).update(looked_at=timezone.now())
    order = "" if "urut=" in saved.query else "&urut=terbaru"
    return redirect(f"{reverse('search')}?{saved.query}{order}")


@staff()
@require_POST
def delete_saved_search(request: HttpRequest, pk: int) -> HttpResponse:
    saved = get_object_or_404(_own(request), pk=pk)
    saved.delete()
    messages.success(request, _("Pencarian “%s” dihapus.") % saved.name)
    return redirect("monitoring:saved_searches")
