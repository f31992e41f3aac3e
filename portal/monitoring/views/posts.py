"""One post as staff see it: every version, where it was put and by which rule, and what was decided."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from aggregator import decide
from aggregator.errors import PortalError
from aggregator.models import Correction, Entry, Stage, Topic
from portal.monitoring import deciding
from portal.monitoring.access import own_or_404, staff, staff_user
from portal.monitoring.lists import decisions
from portal.monitoring.models import AuditRow
from portal.monitoring.show import file_of

MOST_TOPICS = 3


@staff()
def post(request: HttpRequest, pk: int) -> HttpResponse:
    entry = _entry(request, pk)
    corrections = list(Correction.objects.filter(entry=entry))
    revisions = entry.revisions.defer("content_html", "text").order_by("-number")
    cases = entry.quarantines.select_related("revision").order_by("-pk")
    deeds = AuditRow.objects.filter(kind="entry", number=pk)
    if file := file_of(
        request,
        versi=lambda: decisions.versions(revisions),
        koreksi=lambda: decisions.corrections(corrections),
        kasus=lambda: decisions.cases(cases),
        keputusan=lambda: decisions.deeds(deeds),
    ):
        return file
    in_force = {kind: Correction.objects.in_force([pk], kind).get(pk) for kind in Correction.Kind.values}
    tagged = list(entry.entry_topics.select_related("topic"))
    facts = {
        "entry": entry,
        "title": _title(entry),
        "revisions": revisions,
        "cases": cases,
        "tagged": [tag for tag in tagged if not tag.removed],
        "removed": [tag for tag in tagged if tag.removed],
        "topics": Topic.objects.all(),
        "places": range(MOST_TOPICS),
        "chosen": [tag.topic_id for tag in tagged if not tag.removed][:MOST_TOPICS],
        "stages": Stage.objects.order_by("election", "position"),
        "origins": [(value, label) for value, label in Entry.Origin.choices if value],
        "corrections": corrections,
        "in_force": in_force,
        "deeds": deeds[:20],
        "may_decide": staff_user(request).role in deciding.DECIDERS,
    }
    return render(request, "monitoring/post.html", facts)


@require_POST
@staff(*deciding.DECIDERS)
def decide_post(request: HttpRequest, pk: int) -> HttpResponse:
    """`lakukan`: tahan, tarik, lepas."""
    entry, by, reason = _entry(request, pk), deciding.by(request), deciding.reason(request)
    match request.POST.get("lakukan", ""):
        case "tahan":
            said = _("Berita ditahan; tidak tampil lagi di mana pun.")
            deciding.once(request, lambda: decide.quarantine_entry(entry, by, reason), said)
        case "tarik":
            said = _("Berita ditarik; alamatnya menjawab bahwa berita ditarik.")
            deciding.once(request, lambda: decide.withdraw_entry(entry, by, reason), said)
        case "lepas":
            deciding.once(request, lambda: decide.release_entry(entry, by, reason), _("Berita dilepas."))
    return deciding.back(request, f"/pantauan/berita/{pk}")


@require_POST
@staff(*deciding.DECIDERS)
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """`lakukan`: topik, tahapan, asal (with their new values), or kembali with `jenis`."""
    entry, by, reason = _entry(request, pk), deciding.by(request), deciding.reason(request)
    match request.POST.get("lakukan", ""):
        case "topik":
            said = _("Topik dibetulkan. Koreksi ini bertahan walaupun berita dibaca ulang.")
            deciding.once(request, lambda: decide.correct_topics(entry, _topics(request), by, reason), said)
        case "tahapan":
            said = _("Tahapan dibetulkan. Koreksi ini bertahan walaupun berita dibaca ulang.")
            deciding.once(request, lambda: decide.correct_stage(entry, _stage(request), by, reason), said)
        case "asal":
            said, origin = _("Asal berita dibetulkan."), request.POST.get("asal", "")
            deciding.once(request, lambda: decide.correct_origin(entry, origin, by, reason), said)
        case "kembali":
            said, kind = _("Dikembalikan ke aturan."), request.POST.get("jenis", "")
            deciding.once(request, lambda: decide.undo_correction(entry, kind, by, reason), said)
    return redirect("monitoring:post", pk)


def _topics(request: HttpRequest) -> list[Topic]:
    """In the order of the three choices; a number that is no topic is left out."""
    by_number = Topic.objects.in_bulk(deciding.numbers(request, "topik"))
    return [by_number[n] for n in dict.fromkeys(deciding.numbers(request, "topik")) if n in by_number]


def _stage(request: HttpRequest) -> Stage | None:
    """None for outside of all stages. Raises PortalError for a stage that does not exist."""
    slug = request.POST.get("tahapan", "")
    if slug == "non":
        return None
    stage = Stage.objects.filter(slug=slug).first()
    if stage is None:
        raise PortalError(_("Pilih tahapan, atau “di luar tahapan”."))
    return stage


def _entry(request: HttpRequest, pk: int) -> Entry:
    rows = Entry.objects.select_related("satker", "public_revision", "feed", "stage", "story__lead")
    return own_or_404(staff_user(request), rows, pk=pk)


def _title(entry: Entry) -> str:
    newest = entry.public_revision or entry.revisions.order_by("-number").first()
    return newest.title if newest else entry.guid
