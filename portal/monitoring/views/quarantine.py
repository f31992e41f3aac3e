"""What is held back: the queue, one case with all that speaks for and against it, and the decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from aggregator import decide
from aggregator.models import Province, Quarantine
from portal.forms import read_choice, read_text
from portal.monitoring import compare, deciding
from portal.monitoring.access import own_or_404, staff, staff_user, within
from portal.monitoring.lists import decisions
from portal.monitoring.models import AuditRow
from portal.monitoring.paging import Page, paged
from portal.monitoring.show import file_of
from portal.monitoring.signs import signs_of
from portal.monitoring.tables import Moment, Table, columns, moment

STATES = {"ditahan": "held", "dilepas": "released", "ditolak": "rejected"}
MOST_EXPORTED = 20_000


@dataclass(frozen=True)
class Wanted:
    """Filters of the queue as the query string has them."""

    state: str
    province: str
    satker: str
    words: str
    got_out: bool
    unreported: bool

    @classmethod
    def read(cls, request: HttpRequest) -> Wanted:
        return cls(
            state=read_choice(request, "keadaan", ["ditahan", "dilepas", "ditolak", "semua"]),
            province=read_text(request, "provinsi"),
            satker=read_text(request, "satker"),
            words=read_text(request, "q"),
            got_out=request.GET.get("terbit") == "1",
            unreported=request.GET.get("lapor") == "belum",
        )

    @property
    def condition(self) -> Q:
        found = Q()
        if self.state in STATES:
            found &= Q(state=STATES[self.state])
        if self.province:
            found &= Q(entry__province__slug=self.province)
        if self.satker:
            found &= Q(entry__satker__code=self.satker)
        if self.words:
            found &= Q(revision__title__icontains=self.words)
        if self.got_out:
            found &= Q(public_minutes__isnull=False)
        if self.unreported:
            found &= Q(reported_at__isnull=True)
        return found


def cases_of(request: HttpRequest) -> QuerySet[Quarantine]:
    """The cases of the account's own satker."""
    rows = within(staff_user(request), Quarantine.objects.all(), "entry__satker")
    return rows.select_related("entry__satker__province", "revision")


@staff()
def queue(request: HttpRequest) -> HttpResponseBase:
    wanted = Wanted.read(request)
    rows = cases_of(request).filter(wanted.condition).order_by("-pk")
    if file := file_of(request, karantina=lambda: _table(rows)):
        return file
    page: Page[Quarantine] = paged(request, rows)
    cases = [(case, signs_of(case.signals)) for case in page.rows]
    facts = {
        "cases": cases,
        "page": page,
        "wanted": wanted,
        "states": [
            *((name, Quarantine.State(value).label) for name, value in STATES.items()),
            ("semua", _("semua")),
        ],
        "provinces": Province.objects.order_by("name"),
        "counts": _counts(request),
        "may_decide": staff_user(request).role in deciding.DECIDERS,
    }
    return render(request, "monitoring/quarantine.html", facts)


def _counts(request: HttpRequest) -> dict[str, int]:
    found = within(staff_user(request), Quarantine.objects.all(), "entry__satker").aggregate(
        held=Count("pk", filter=Q(state="held")),
        got_out=Count("pk", filter=Q(state="held", public_minutes__isnull=False)),
        unreported=Count("pk", filter=~Q(state="released") & Q(reported_at__isnull=True)),
    )
    return dict(found)


@staff()
def case(request: HttpRequest, pk: int) -> HttpResponse:
    found = own_or_404(staff_user(request), cases_of(request), "entry__satker", pk=pk)
    entry, revision = found.entry, found.revision
    cases = entry.quarantines.select_related("revision").order_by("-pk")
    deeds = AuditRow.objects.filter(kind="entry", number=entry.pk)
    if file := file_of(
        request,
        tanda=lambda: decisions.signs(signs_of(found.signals)),
        kasus=lambda: decisions.cases(cases),
        keputusan=lambda: decisions.deeds(deeds),
    ):
        return file
    clean = compare.last_clean(entry, revision)
    facts = {
        "case": found,
        "entry": entry,
        "revision": revision,
        "signs": signs_of(found.signals),
        "preview": compare.preview(revision),
        "clean": clean,
        "title_changes": compare.difference(clean.title, revision.title) if clean else [],
        "changes": compare.difference(clean.text, revision.text) if clean else [],
        "cases": cases,
        "deeds": deeds[:20],
        "may_decide": staff_user(request).role in deciding.DECIDERS,
    }
    return render(request, "monitoring/case.html", facts)


@require_POST
@staff(*deciding.DECIDERS)
def decision(request: HttpRequest) -> HttpResponse:
    """`lakukan` (lepas, tolak, lapor) with `kasus` (one or many) and `alasan`."""
    cases = list(cases_of(request).filter(pk__in=deciding.numbers(request, "kasus")))
    by, reason = deciding.by(request), deciding.reason(request)
    what = request.POST.get("lakukan", "")
    if what == "lapor":
        said = _("%d kasus ditandai sudah dilaporkan ke CSIRT.") % len(cases)
        number = request.POST.get("nomor", "")
        deciding.once(request, lambda: decide.mark_reported(cases, by, number), said)
    else:
        _decide(request, cases, what, by, reason)
    return deciding.back(request, reverse("monitoring:quarantine"))


def _decide(request: HttpRequest, cases: list[Quarantine], what: str, by: str, reason: str) -> None:
    entries = list({case.entry_id: case.entry for case in cases if case.state == "held"}.values())
    if what == "lepas":
        done = _("%d berita dilepas.")
        deciding.each(request, entries, lambda entry: decide.release_entry(entry, by, reason), done)
    elif what == "tolak":
        done = _("%d berita ditolak.")
        deciding.each(request, entries, lambda entry: decide.reject_entry(entry, by, reason), done)


def _table(rows: QuerySet[Quarantine]) -> Table:
    return Table(
        name=_("karantina"),
        title=_("Karantina"),
        columns=columns(
            *((_("Kasus"), "number"), _("Kode"), _("Satker"), _("Judul"), (_("Ditahan pada"), "moment")),
            *((_("Poin"), "decimal"), _("Tanda"), (_("Menit terbit"), "number"), _("Keadaan")),
            *(_("Diputus oleh"), (_("Diputus pada"), "moment"), _("Alasan")),
            (_("Dilaporkan ke CSIRT"), "moment"),
        ),
        rows=[_cells(case) for case in rows[:MOST_EXPORTED]],
    )


def _cells(case: Quarantine) -> list[Any]:
    satker = case.entry.satker
    return [
        case.pk,
        satker.code,
        satker.name,
        case.revision.title,
        Moment(case.held_at),
        case.points,
        "; ".join(f"{sign.words} ({sign.points:g})" for sign in signs_of(case.signals)),
        case.public_minutes,
        case.get_state_display(),
        case.decided_by,
        moment(case.decided_at),
        case.reason,
        moment(case.reported_at),
    ]
