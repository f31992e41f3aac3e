"""The ten reports, on screen and as files, and the printed report of a month."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import gettext as _

from portal.monitoring import asked, audit
from portal.monitoring.access import staff
from portal.monitoring.reports import REPORTS
from portal.monitoring.show import month_choices, quarters, show


@staff()
def reports(request: HttpRequest) -> HttpResponse:
    wanted = asked.read(request, last_month=True)
    context = {
        "reports": REPORTS.values(),
        "asked": wanted,
        "months": month_choices(wanted),
        "views": wanted.user.saved_views.all(),
    }
    return render(request, "monitoring/reports.html", context)


@staff()
def report(request: HttpRequest, number: int, ending: str = "") -> HttpResponse:
    if number not in REPORTS:
        raise Http404(_("Tidak ada laporan bernomor %d.") % number)
    kind = REPORTS[number]
    wanted = asked.read(request, last_month=kind.last_month)
    return show(
        request,
        wanted,
        kind.build(wanted),
        ending,
        report=kind,
        has_period=kind.has_period,
        months=month_choices(wanted),
        quarters=quarters(wanted) if number == 3 else (),
    )


@staff()
def monthly_pdf(request: HttpRequest) -> HttpResponse:
    """One province's month on paper; the whole scope of the account without a province."""
    from portal.monitoring.reports import printed  # its fonts would take a fifth of every process's start

    wanted = asked.read(request, last_month=True)
    body = printed.monthly(wanted)
    audit.record(audit.Action.EXPORT, wanted.user.get_username(), name=_("laporan bulanan (PDF)"))
    place = wanted.province.slug if wanted.province else slugify(wanted.filters[0])
    response = HttpResponse(body, content_type="application/pdf")
    name = f"laporan-{place}-{wanted.period.first:%Y-%m}.pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
