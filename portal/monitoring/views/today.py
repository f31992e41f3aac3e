"""What is going on at this hour, each figure a way to its list."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator.models import Feed, Quarantine
from portal.monitoring.access import satker_of, staff, staff_user, within
from portal.monitoring.audit import Action
from portal.monitoring.figures import today as figures
from portal.monitoring.models import AuditRow
from portal.monitoring.plain_words import error_in_words

FEW = 8
SILENT_REPORT = 3  # in the catalogue of reports


@staff()
def today(request: HttpRequest) -> HttpResponse:
    user, now = staff_user(request), timezone.now()
    day = timezone.localdate(now)
    numbers = figures.today(satker_of(user), day, now)
    held = within(user, Quarantine.objects.filter(state="held"), "entry__satker")
    failing = within(user, Feed.objects.active().exclude(error_code=""))
    decisions = within(user, AuditRow.objects.select_related("satker")).exclude(action__in=QUIET)
    facts = {
        "day": day,
        "now": now,
        "numbers": numbers,
        "silent_list": reverse("monitoring:report", kwargs={"number": SILENT_REPORT}),
        "topics_most": max((n for _name, n in numbers.topics), default=0),
        "posts_list": _search(day),
        "held": held.select_related("entry__satker", "revision").order_by("-points", "-pk")[:FEW],
        "failing_now": failing.count(),
        "failing": [(feed, error_in_words(feed.error_code)) for feed in _worst(failing)],
        "decisions": decisions.order_by("-pk")[:FEW],
        "scope": user.satker or _("seluruh Indonesia"),
    }
    return render(request, "monitoring/today.html", facts)


def _worst(failing: QuerySet[Feed]) -> QuerySet[Feed]:
    return failing.select_related("satker").order_by("-failures", "satker__code")[:FEW]


QUIET = (Action.SIGN_IN, Action.SIGN_OUT, Action.EXPORT, Action.SIGN_IN_FAILED)


def _search(day: date) -> str:
    return f"{reverse('search')}?dari={day}&sampai={day}&semua=1"
