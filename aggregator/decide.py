"""What staff decide about posts and satker: hold, release, reject, withdraw, hide. Each is one transaction
that keeps who, when and why, and marks the entries for index, caches, feeds and hub.

An entry that ceases to be public keeps `released_at` (it was public once: 410 and a tombstone) and gets
`withdrawn_at`. What `hold_satker(hide_all=True)` hides is told apart from what was held for itself by its
public revision, which stays in state public; so undoing restores exactly what was public before.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator.errors import PortalError
from aggregator.models import Change, Entry, Quarantine, Revision, Satker, SatkerHold
from aggregator.screen import screen_pending

STAFF = "staff"  # code of the signal that says a person held the entry, not the screener
MARK_BATCH = 2000


class DecisionRefused(PortalError):
    """The decision cannot be taken as things stand; the sentence says why."""

    code = "decision"
    permanent = True


# --- posts ------------------------------------------------------------------------------------------


@transaction.atomic
def quarantine_entry(entry: Entry, by: str, reason: str) -> Entry:
    """Hold a post back, public or waiting. Versions that come later wait for staff too."""
    entry, by, reason = _entry(entry), _name(by), _reason(reason)
    if entry.state == Entry.State.WITHDRAWN:
        raise DecisionRefused(_("Berita %d sudah ditarik.") % entry.pk)
    if entry.state == Entry.State.HELD and not _is_hidden(entry):
        raise DecisionRefused(_("Berita %d sudah ditahan.") % entry.pk)
    now = timezone.now()
    signal = {"code": STAFF, "points": 0, "detail": f"{by}: {reason}"}
    for revision in _live_revisions(entry):
        Quarantine.objects.create(
            entry=entry,
            revision=revision,
            signals=[signal],
            held_at=now,
            public_minutes=_minutes_public(revision, now),
        )
    _end_public_life(entry, Entry.State.HELD, now)
    return entry


@transaction.atomic
def withdraw_entry(entry: Entry, by: str, reason: str) -> Entry:
    """Take back a post that is or was public, for good: a tombstone stays, and no later version of it
    becomes public by itself."""
    entry, by, reason = _entry(entry), _name(by), _reason(reason)
    if entry.state == Entry.State.WITHDRAWN:
        raise DecisionRefused(_("Berita %d sudah ditarik.") % entry.pk)
    if entry.released_at is None or entry.public_revision is None:
        raise DecisionRefused(_("Berita %d belum pernah terbit, jadi tidak dapat ditarik.") % entry.pk)
    now = timezone.now()
    _close_quarantines(entry, Quarantine.State.REJECTED, by, reason, now)
    Quarantine.objects.create(
        entry=entry,
        revision=entry.public_revision,
        state=Quarantine.State.REJECTED,
        signals=[{"code": "withdrawn", "points": 0, "detail": ""}],
        held_at=now,
        public_minutes=_minutes_public(entry.public_revision, now),
        decided_at=now,
        decided_by=by,
        reason=reason,
    )
    _end_public_life(entry, Entry.State.WITHDRAWN, now)
    return entry


@transaction.atomic
def reject_entry(entry: Entry, by: str, reason: str) -> Entry:
    """Confirm what is held: it never comes back by itself. A clean version that is public stays public."""
    entry, by, reason = _entry(entry), _name(by), _reason(reason)
    if not _close_quarantines(entry, Quarantine.State.REJECTED, by, reason, timezone.now()):
        raise DecisionRefused(_("Tidak ada versi berita %d yang sedang ditahan.") % entry.pk)
    return entry


@transaction.atomic
def release_entry(entry: Entry, by: str, reason: str) -> Entry:
    """Publish the newest version that is held, waits or was withdrawn. `published_at` stays what it was;
    a post that was not public counts as released now."""
    entry, by, reason = _entry(entry), _name(by), _reason(reason)
    if entry.satker.is_hidden:
        raise DecisionRefused(
            _("%s sedang disembunyikan seluruhnya; lepaskan satkernya lebih dahulu.") % entry.satker
        )
    now = timezone.now()
    shown = entry.public_revision.number if _is_public(entry) and entry.public_revision else 0
    revision = entry.revisions.filter(state__in=_NOT_OUT, number__gt=shown).order_by("-number").first()
    closed = _close_quarantines(entry, Quarantine.State.RELEASED, by, reason, now)
    if revision is None and not closed:
        raise DecisionRefused(_("Berita %d sudah terbit; tidak ada yang ditahan.") % entry.pk)
    if revision is not None:
        _record_release(entry, revision, by, reason, now, closed)
        _publish(entry, revision, now)
    return entry


_NOT_OUT = (Revision.State.HELD, Revision.State.PENDING)


def _record_release(
    entry: Entry, revision: Revision, by: str, reason: str, now: datetime, closed: int
) -> None:
    """A post that only waited, or was withdrawn, has no open row that could tell who released it."""
    if not closed:
        Quarantine.objects.create(
            entry=entry,
            revision=revision,
            state=Quarantine.State.RELEASED,
            held_at=now,
            decided_at=now,
            decided_by=by,
            reason=reason,
        )


def _publish(entry: Entry, revision: Revision, now: datetime) -> None:
    former = entry.revisions.filter(state=Revision.State.PUBLIC) | entry.revisions.filter(
        state__in=_NOT_OUT, number__lt=revision.number
    )
    former.update(state=Revision.State.SUPERSEDED)
    entry.revisions.filter(pk=revision.pk).update(state=Revision.State.PUBLIC, public_at=now)
    if not _is_public(entry):
        entry.released_at = now
    entry.state, entry.public_revision = Entry.State.PUBLIC, revision
    entry.withdrawn_at = entry.publish_after = None
    entry.clustered_at = entry.classified_at = None
    entry.save(
        update_fields=[
            "state",
            "public_revision",
            "released_at",
            "withdrawn_at",
            "publish_after",
            "clustered_at",
            "classified_at",
        ]
    )
    revision.refresh_from_db(fields=["state", "public_at"])
    _mark([entry.pk])


def _entry(entry: Entry) -> Entry:
    """The entry as it is now, locked against other writers."""
    return (
        Entry.objects.select_for_update(of=("self",))
        .select_related("satker", "public_revision")
        .get(pk=entry.pk)
    )


def _name(by: str) -> str:
    if not by.strip():
        raise DecisionRefused(_("Keputusan memerlukan nama petugas."))
    return by.strip()[:150]


def _reason(reason: str) -> str:
    if not reason.strip():
        raise DecisionRefused(_("Keputusan memerlukan alasan."))
    return reason.strip()[:500]


def _is_public(entry: Entry) -> bool:
    return entry.state == Entry.State.PUBLIC


def _is_hidden(entry: Entry) -> bool:
    """Hidden with its whole satker, not held for itself."""
    revision = entry.public_revision
    return (
        entry.state == Entry.State.HELD and revision is not None and revision.state == Revision.State.PUBLIC
    )


def _live_revisions(entry: Entry) -> QuerySet[Revision]:
    """Versions that are public or would become so."""
    return entry.revisions.filter(state__in=(Revision.State.PUBLIC, Revision.State.PENDING))


def _minutes_public(revision: Revision, now: datetime) -> int | None:
    if revision.state != Revision.State.PUBLIC or revision.public_at is None:
        return None
    return max(0, round((now - revision.public_at).total_seconds() / 60))


def _end_public_life(entry: Entry, state: str, now: datetime) -> None:
    """From here on the entry is public nowhere. `/riwayat` shows versions with a `public_at`, so a held
    one loses it; Quarantine.public_minutes keeps how long it was out."""
    _live_revisions(entry).update(state=Revision.State.HELD, public_at=None)
    entry.state = state
    entry.withdrawn_at = now if entry.released_at else None
    entry.save(update_fields=["state", "withdrawn_at"])
    _mark([entry.pk])


def _close_quarantines(entry: Entry, state: str, by: str, reason: str, now: datetime) -> int:
    held = entry.quarantines.filter(state=Quarantine.State.HELD)
    return held.update(state=state, decided_by=by, reason=reason, decided_at=now)


# --- satker -----------------------------------------------------------------------------------------


@transaction.atomic
def hold_satker(satker: Satker, by: str, reason: str, hide_all: bool = False) -> int:
    """Let new posts of a satker wait; with `hide_all` take everything of it from public sight as well.
    Returns how many posts were hidden. A hold in force gives way to a stricter one."""
    satker, by, reason = _satker(satker), _name(by), _reason(reason)
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
    return _hide(satker, now) if hide_all else 0


@transaction.atomic
def release_satker(satker: Satker, by: str, reason: str) -> tuple[int, int]:
    """End the hold: what was hidden is public as before, what waited is screened and published now.
    Returns how many posts were restored and how many were published."""
    satker, by, reason = _satker(satker), _name(by), _reason(reason)
    now = timezone.now()
    hold = SatkerHold.objects.filter(satker=satker, ended_at__isnull=True).first()
    if hold is None:
        raise DecisionRefused(_("%s tidak sedang ditahan.") % satker)
    _end_hold(hold, by, reason, now)
    restored = _unhide(satker)
    return restored, screen_pending(now, limit=10_000, satker_ids=[satker.pk]).released


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
    _mark(ids)
    return len(ids)


def _unhide(satker: Satker) -> int:
    Satker.objects.filter(pk=satker.pk).update(is_hidden=False)
    hidden = hidden_entries(satker)
    ids = list(hidden.values_list("pk", flat=True))
    hidden.update(state=Entry.State.PUBLIC, withdrawn_at=None)
    _mark(ids)
    return len(ids)


def hidden_entries(satker: Satker) -> QuerySet[Entry]:
    """Posts that are hidden because all of the satker is, and that were public before."""
    return Entry.objects.filter(
        satker=satker, state=Entry.State.HELD, public_revision__state=Revision.State.PUBLIC
    )


def _mark(ids: list[int]) -> None:
    """Tell every follower, and let cluster choose a new lead where a story lost or regained a member."""
    for start in range(0, len(ids), MARK_BATCH):
        batch = ids[start : start + MARK_BATCH]
        Change.objects.mark(batch)
        _recluster(batch)


def _recluster(ids: Iterable[int]) -> None:
    stories = Entry.objects.filter(pk__in=ids, story__isnull=False).values_list("story", flat=True)
    Entry.objects.public().filter(story__in=set(stories)).update(clustered_at=None)
