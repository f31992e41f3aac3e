"""What staff do with feeds, hosts and moves: fetch now, read again, fill gaps, take into use, switch off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_q.tasks import async_task

from aggregator import approve, moves
from aggregator.models import Feed, FetchLog, RawFeed, Satker, SatkerHost, SatkerMove
from portal.monitoring import audit, deciding
from portal.monitoring.access import own_or_404, staff, staff_user, within
from portal.monitoring.audit import Action
from portal.monitoring.lists import sites
from portal.monitoring.show import file_of

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
            _queue(request, Action.FEED_FETCH, "fetch_now", feed, feed.pk)
            return redirect(f"/pantauan/umpan/{pk}?menunggu={last or 0}#hasil")
        case "ulang":
            return _replay(request, feed)
        case "isi":
            task = _queue(request, Action.FEED_BACKFILL, "backfill", feed, feed.pk)
            return redirect(f"/pantauan/umpan/{pk}?tugas={task}#hasil")
        case "matikan":
            deciding.once(request, lambda: approve.disable_feed(feed, by, reason), _("Umpan dimatikan."))
        case "pakai":
            said = _("Umpan dipakai; hostnya dengan demikian disetujui.")
            deciding.once(request, lambda: approve.confirm_feed(feed, by), said)
        case "pindah":
            said = _("Umpan dipindahkan ke %s.") % feed.moved_to
            deciding.once(request, lambda: approve.move_feed(feed, by), said)
    return deciding.back(request, f"/pantauan/umpan/{pk}")


def _replay(request: HttpRequest, feed: Feed) -> HttpResponse:
    """All kept bodies of the feed, or the one of an attempt (`mentah`)."""
    chosen = deciding.numbers(request, "mentah")[:1]
    if not chosen:
        task = _queue(request, Action.FEED_REPLAY, "replay", feed, feed.pk)
    else:
        raw = get_object_or_404(RawFeed.objects.defer("body"), pk=chosen[0], feed=feed)
        said: dict[str, Any] = {"received_at": raw.received_at.isoformat(), "sha256": raw.sha256}
        task = _queue(request, Action.FEED_REPLAY, "replay", feed, feed.pk, raw.pk, **said)
    return redirect(f"/pantauan/umpan/{feed.pk}?tugas={task}#hasil")


def _queue(
    request: HttpRequest, action: Action, task: str, feed: Feed, *arguments: int, **details: Any
) -> str:
    """The task's name, by which its result is found."""
    audit.record(action, deciding.by(request), thing=feed, **details)
    return str(async_task(f"{TASKS}.{task}", *arguments))


# --- what waits for a person ------------------------------------------------------------------------


@staff()
def candidates(request: HttpRequest) -> HttpResponse:
    user = staff_user(request)
    feeds = within(user, Feed.objects.select_related("satker", "replaces"))
    proposed = feeds.filter(state="candidate").order_by("satker__code", "url")
    moved = feeds.filter(state="active").exclude(moved_to="").order_by("satker__code")
    hosts = within(user, SatkerHost.objects.select_related("satker")).filter(state="proposed")
    open_moves = within(user, SatkerMove.objects.select_related("satker")).filter(state__in=SatkerMove.OPEN)
    announced = open_moves.order_by("announced_at")
    if file := file_of(
        request,
        umpan=lambda: sites.candidates(proposed),
        host=lambda: sites.hosts(hosts),
        dialihkan=lambda: sites.moved(moved),
        perpindahan=lambda: sites.moves(announced),
    ):
        return file
    facts = {
        "feeds": proposed,
        "moved": moved,
        "hosts": hosts,
        "moves": announced,
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
