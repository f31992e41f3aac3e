"""What was told to the incident response team (CSIRT), and what a break-in came to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator import journal
from aggregator.decide.record import DecisionRefused, name_of
from aggregator.models import Entry, Quarantine, Revision, SatkerHold

RECENT = timedelta(days=1)
BEFORE = timedelta(days=7)  # what was held so shortly before a hold began belongs to it


@dataclass(frozen=True, slots=True)
class Toll:
    """What a hold of a satker amounted to: posts held, how many of them had been public before, for how
    many minutes the longest of them, and how many cases were reported; and `recent`: posts of the day before
    that nobody held, which staff may want to look at."""

    held: int
    got_out: int
    minutes: int
    reported: int
    recent: int = 0


@transaction.atomic
def mark_reported(cases: Iterable[Quarantine], by: str, number: str = "") -> int:
    """These cases were reported to the CSIRT (`number`: of the report, if it has one). The first report of a
    case stays; returns how many were marked."""
    by = name_of(by)
    unreported = Quarantine.objects.filter(pk__in=[c.pk for c in cases], reported_at__isnull=True)
    rows = list(unreported.select_related("entry__satker", "entry__public_revision"))
    marked = unreported.update(reported_at=timezone.now(), reported_by=by, report_number=number.strip()[:100])
    if not marked:
        raise DecisionRefused(_("Kasus itu sudah dilaporkan."))
    for case in rows:
        journal.tell("case.report", by, case.entry, number=number.strip()[:100], case=case.pk)
    return marked


def toll_of(hold: SatkerHold) -> Toll:
    ended = hold.ended_at or timezone.now()
    rows = Quarantine.objects.filter(
        entry__satker=hold.satker, held_at__gte=hold.started_at - BEFORE, held_at__lte=ended
    )
    found = rows.aggregate(
        held=Count("entry", distinct=True),
        got_out=Count("entry", distinct=True, filter=Q(public_minutes__isnull=False)),
        minutes=Max("public_minutes"),
        reported=Count("id", filter=Q(reported_at__isnull=False)),
    )
    recent = Entry.objects.filter(
        satker=hold.satker,
        is_import=False,
        public_revision__state=Revision.State.PUBLIC,
        first_seen_at__gt=hold.started_at - RECENT,
        first_seen_at__lte=hold.started_at,
    ).count()
    return Toll(found["held"], found["got_out"], found["minutes"] or 0, found["reported"], recent)
