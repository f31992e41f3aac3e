"""One satker as staff see it: holds, feeds, what is held, and what was done."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from aggregator import decide
from aggregator.models import Entry, Quarantine, Satker
from portal.monitoring import deciding
from portal.monitoring.access import own_or_404, staff, staff_user
from portal.monitoring.lists import decisions
from portal.monitoring.models import AuditRow
from portal.monitoring.show import file_of

MOST_DEEDS = 20_000  # in a file


@staff()
def office(request: HttpRequest, code: str) -> HttpResponse:
    satker = _satker(request, code)
    deeds = AuditRow.objects.filter(satker=satker)
    holds = [(hold, decide.toll_of(hold)) for hold in satker.holds.all()[:20]]
    if file := file_of(
        request,
        penahanan=lambda: decisions.holds(holds),
        keputusan=lambda: decisions.deeds(deeds[:MOST_DEEDS]),
    ):
        return file
    counts = Entry.objects.filter(satker=satker).aggregate(
        public=Count("pk", filter=Q(state="public")),
        held=Count("pk", filter=Q(state="held")),
        waiting=Count("pk", filter=Q(state="pending")),
        withdrawn=Count("pk", filter=Q(state="withdrawn")),
    )
    facts = {
        "satker": satker,
        "holds": holds,
        "hold": next((hold for hold, _toll in holds if hold.ended_at is None), None),
        "counts": counts,
        "feeds": satker.feeds.order_by("url"),
        "hosts": satker.hosts.all(),
        "cases": Quarantine.objects.filter(entry__satker=satker).select_related("revision")[:10],
        "posts": Entry.objects.filter(satker=satker).select_related("public_revision").order_by("-pk")[:10],
        "deeds": deeds[:20],
        "may_decide": staff_user(request).role in deciding.DECIDERS,
    }
    return render(request, "monitoring/one_satker.html", facts)


@require_POST
@staff(*deciding.DECIDERS)
def hold(request: HttpRequest, code: str) -> HttpResponse:
    """`lakukan`: tahan (new posts wait), sembunyi (all hidden as well), lepas (the end of either)."""
    satker, by, reason = _satker(request, code), deciding.by(request), deciding.reason(request)
    what = request.POST.get("lakukan", "")
    if what == "tahan":
        said = _("Kiriman baru %s menunggu keputusan.") % satker
        deciding.once(request, lambda: decide.hold_satker(satker, by, reason), said)
    elif what == "sembunyi":
        said = (
            _("Semua berita %s disembunyikan. Halaman dan umpan publik mengikuti dalam satu menit.") % satker
        )
        deciding.once(request, lambda: decide.hold_satker(satker, by, reason, hide_all=True), said)
    elif what == "lepas":
        _release(request, satker, by, reason)
    return redirect("monitoring:office", code)


def _release(request: HttpRequest, satker: Satker, by: str, reason: str) -> None:
    try:
        restored, published = decide.release_satker(satker, by, reason)
    except decide.DecisionRefused as refused:
        messages.error(request, refused.message)
        return
    said = _(
        "Penahanan diakhiri: %(restored)d berita tampil kembali, %(published)d kiriman yang menunggu terbit."
    )
    messages.success(request, said % {"restored": restored, "published": published})


def _satker(request: HttpRequest, code: str) -> Satker:
    rows = Satker.objects.select_related("province", "parent")
    return own_or_404(staff_user(request), rows, "pk", code=code)
