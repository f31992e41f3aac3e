"""Satker: let new posts wait, hide everything, and undo both.

What `hold_satker(hide_all=True)` hides is told apart from what was held for itself by its public revision,
which stays in state public; so undoing restores exactly what was public before.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator import journal
from aggregator.decide.record import DecisionRefused, mark, name_of, reason_of
from aggregator.models import Entry, Revision, Satker, SatkerHold
from aggregator.screen import screen_pending


@transaction.atomic
def hold_satker(satker: Satker, by: str, reason: str, hide_all: bool = False) -> int:
    """Let new posts of a satker wait; with `hide_all` take everything of it from public sight as well.
    Returns how many posts were hidden. A hold in force gives way to a stricter one."""
    satker, by, reason = _satker(satker), name_of(by), reason_of(reason)
    now = timezone.now()
    hold = SatkerHold.objects.filter(satker=satker, ended_at__isnull=True).first()
    if hold and (satker.is_hidden or not hide_all):
        raise DecisionRefused(
            _("%(satker)s sudah ditahan sejak %(since)s oleh %(by)s.")
            % {"satker": satker, "since": f"{hold.started_at:%Y-%m-%d %H:%M} UTC", "by": hold.started_by}
        )
    if hold:
        _end_hold(hold, by, reason, now)
    SatkerHold.objects.create(satker=satker, hide_all=hide_all, reason=reason, started_at=now, started_by=by)
    hidden = _hide(satker, now) if hide_all else 0
    journal.tell("satker.hide" if hide_all else "satker.hold", by, satker, reason, hidden=hidden)
    return hidden


@transaction.atomic
def release_satker(satker: Satker, by: str, reason: str) -> tuple[int, int]:
    """End the hold: what was hidden is public as before, what waited is screened and published now.
    Returns how many posts were restored and how many were published."""
    satker, by, reason = _satker(satker), name_of(by), reason_of(reason)
    now = timezone.now()
    hold = SatkerHold.objects.filter(satker=satker, ended_at__isnull=True).first()
    if hold is None:
        raise DecisionRefused(_("%s tidak sedang ditahan.") % satker)
    _end_hold(hold, by, reason, now)
    restored = _unhide(satker)
    published = screen_pending(now, limit=10_000, satker_ids=[satker.pk]).released
    journal.tell("satker.release", by, satker, reason, restored=restored, published=published)
    return restored, published


def _satker(satker: Satker) -> Satker:
    return Satker.objects.select_for_update(of=("self",), no_key=True).get(pk=satker.pk)


def _end_hold(hold: SatkerHold, by: str, reason: str, now: datetime) -> None:
    hold.ended_at, hold.ended_by, hold.end_reason = now, by, reason
    hold.save(update_fields=["ended_at", "ended_by", "end_reason"])


def _hide(satker: Satker, now: datetime) -> int:
    Satker.objects.filter(pk=satker.pk).update(is_hidden=True)
    # Pending ones are locked too: a screener at work commits first, and what it published is hidden as well.
    locked = Entry.objects.select_for_update(of=("self",)).filter(
        satker=satker, state__in=(Entry.State.PUBLIC, Entry.State.PENDING)
    )
    ids = [pk for pk, state in locked.values_list("pk", "state") if state == Entry.State.PUBLIC]
    shown = Entry.objects.filter(satker=satker, state=Entry.State.PUBLIC)
    shown.update(state=Entry.State.HELD, withdrawn_at=now)
    mark(ids)
    return len(ids)


def _unhide(satker: Satker) -> int:
    Satker.objects.filter(pk=satker.pk).update(is_hidden=False)
    hidden = hidden_entries(satker)
    ids = list(hidden.values_list("pk", flat=True))
    hidden.update(state=Entry.State.PUBLIC, withdrawn_at=None)
    mark(ids)
    return len(ids)


def hidden_entries(satker: Satker) -> QuerySet[Entry]:
    """Posts that are hidden because all of the satker is, and that were public before."""
    return Entry.objects.filter(
        satker=satker, state=Entry.State.HELD, public_revision__state=Revision.State.PUBLIC
    )
