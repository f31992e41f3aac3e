"""What readers report as wrong about posts: a queue, oldest first."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from aggregator.errors import BadParameter
from portal.forms import read_choice
from portal.models import ErrorReport
from portal.monitoring import audit
from portal.monitoring.access import own_or_404, staff, staff_user, within
from portal.monitoring.lists import decisions
from portal.monitoring.show import file_of

MOST = 200  # on a page
State = ErrorReport.State


@staff()
def error_reports(request: HttpRequest) -> HttpResponse:
    state = read_choice(request, "keadaan", State.values)
    mine = within(staff_user(request), ErrorReport.objects.all(), "entry__satker")
    rows = mine.filter(state=state).select_related("entry__public_revision", "entry__satker")
    order = "created_at" if state == State.NEW else "-settled_at"
    rows = rows.order_by(order, "pk")
    if file := file_of(request, laporan=lambda: decisions.error_reports(rows)):
        return file
    context = {
        "rows": rows[:MOST],
        "state": state,
        "states": State.choices,
        "since": mine.filter(state=State.NEW)
        .order_by("created_at")
        .values_list("created_at", flat=True)
        .first(),
    }
    return render(request, "monitoring/error_reports.html", context)


@staff()
@require_POST
def settle_error_report(request: HttpRequest, pk: int) -> HttpResponse:
    user = staff_user(request)
    report = own_or_404(user, ErrorReport.objects.all(), "entry__satker", pk=pk)
    state = request.POST.get("keadaan", "")
    if state not in (State.FIXED, State.DISMISSED):
        raise BadParameter("keadaan", _("Pilih “diperbaiki” atau “tidak ada kesalahan”."))
    report.settle(state, user.get_username(), request.POST.get("catatan", "").strip())
    audit.record(audit.Action.REPORT_CLOSED, user.get_username(), thing=report.entry, report=pk, state=state)
    messages.success(request, _("Laporan nomor %d selesai.") % report.pk)
    return redirect("monitoring:error_reports")
