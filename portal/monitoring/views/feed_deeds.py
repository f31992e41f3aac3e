"""What staff do with feeds, hosts and moves: fetch now, read again, fill gaps, take into use, switch off."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_q.tasks import async_task

from aggregator import approve, moves
from aggregator.models import Feed, FetchLog, Satker, SatkerHost, SatkerMove
from portal.monitoring import audit, deciding
from portal.monitoring.access import own_or_404, staff, staff_user, within
from portal.monitoring.audit import Action

TASKS = "portal.monitoring.tasks"


@require_POST
@staff(*deciding.DECIDERS)
def feed_deed(request: HttpRequest, pk: int) -> HttpResponse:
    """`lakukan`: ambil, ulang, isi, matikan, pakai, pindah."""
    feed = own_or_404(staff_user(request), Feed.objects.select_related("satker"), pk=pk)
    by, reason = deciding.by(request), deciding.reason(request)
    match request.POST.get("lakukan", ""):
        case "ambil":
            last = FetchLog.objects.filter(feed=feed).order_by("-pk").values_list("pk", flat=True).first()
            _queue(request, Action.FEED_FETCH, "fetch_now", feed)
            return redirect(f"/pantauan/umpan/{pk}?menunggu={last or 0}#hasil")
        case "ulang":
            _queue(request, Action.FEED_REPLAY, "replay", feed)
            messages.success(request, _("Umpan mentah yang tersimpan sedang dibaca ulang."))
        case "isi":
            _queue(request, Action.FEED_BACKFILL, "backfill", feed)
            messages.success(request, _("Halaman lama umpan sedang diambil satu per satu."))
        case "matikan":
            deciding.once(request, lambda: approve.disable_feed(feed, by, reason), _("Umpan dimatikan."))
        case "pakai":
            said = _("Umpan dipakai; hostnya dengan demikian disetujui.")
            deciding.once(request, lambda: approve.confirm_feed(feed, by), said)
        case "pindah":
            said = _("Umpan dipindahkan ke %s.") % feed.moved_to
            deciding.once(request, lambda: approve.move_feed(feed, by), said)
    return deciding.back(request, f"/pantauan/umpan/{pk}")


def _queue(request: HttpRequest, action: Action, task: str, feed: Feed) -> None:
    audit.record(action, deciding.by(request), thing=feed)
    async_task(f"{TASKS}.{task}", feed.pk)


# --- what waits for a person ------------------------------------------------------------------------


@staff()
def candidates(request: HttpRequest) -> HttpResponse:
    user = staff_user(request)
    feeds = within(user, Feed.objects.select_related("satker", "replaces"))
    facts = {
        "feeds": feeds.filter(state="candidate").order_by("satker__code", "url"),
        "moved": feeds.filter(state="active").exclude(moved_to="").order_by("satker__code"),
        "hosts": within(user, SatkerHost.objects.select_related("satker")).filter(state="proposed"),
        "moves": within(user, SatkerMove.objects.select_related("satker"))
        .filter(state__in=SatkerMove.OPEN)
        .order_by("announced_at"),
        "may_decide": user.role in deciding.DECIDERS,
    }
    return render(request, "monitoring/candidates.html", facts)


@require_POST
@staff(*deciding.DECIDERS)
def host_deed(request: HttpRequest, pk: int) -> HttpResponse:
    """`lakukan`: setujui, cabut."""
    host = own_or_404(staff_user(request), SatkerHost.objects.select_related("satker"), pk=pk)
    by, reason = deciding.by(request), deciding.reason(request)
    if request.POST.get("lakukan") == "setujui":
        said = _("Host %s disetujui.") % host.hostname
        deciding.once(request, lambda: approve.approve_host(host.satker, host.hostname, by, reason), said)
    elif request.POST.get("lakukan") == "cabut":
        said = _("Host %s dicabut.") % host.hostname
        deciding.once(request, lambda: approve.revoke_host(host, by, reason), said)
    return deciding.back(request, "/pantauan/umpan/calon")


@require_POST
@staff(*deciding.DECIDERS)
def announce_move(request: HttpRequest, code: str) -> HttpResponse:
    """A satker is about to move to `host` (and its feed to `umpan`, where that is known)."""
    satker = own_or_404(staff_user(request), Satker.objects.all(), "pk", code=code)
    host, url = request.POST.get("host", "").strip().lower(), request.POST.get("umpan", "").strip()
    by, reason = deciding.by(request), deciding.reason(request)

    def announce() -> None:
        moves.announce(satker, host, by, feed_url=url, reason=reason)

    said = _("Perpindahan %(satker)s ke %(host)s diumumkan; tanda lonjakan padam selama itu.")
    deciding.once(request, announce, said % {"satker": satker, "host": host})
    return deciding.back(request, f"/pantauan/migrasi/{code}")


@require_POST
@staff(*deciding.DECIDERS)
def move_deed(request: HttpRequest, pk: int) -> HttpResponse:
    """`lakukan`: alihkan, batal."""
    move = own_or_404(staff_user(request), SatkerMove.objects.select_related("satker"), pk=pk)
    by = deciding.by(request)
    deeds: dict[str, tuple[Callable[[SatkerMove, str], None], str]] = {
        "alihkan": (moves.order, _("Perpindahan disiapkan; pekerja mengalihkannya dalam beberapa menit.")),
        "batal": (moves.cancel, _("Perpindahan dibatalkan.")),
    }
    chosen = deeds.get(request.POST.get("lakukan", ""))
    if chosen:
        do, said = chosen
        deciding.once(request, lambda: do(move, by), said)
    return deciding.back(request, "/pantauan/umpan/calon")
