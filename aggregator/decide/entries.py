"""Posts: hold, reject, release, withdraw.

An entry that ceases to be public keeps `released_at` (it was public once: 410 and a tombstone) and gets
`withdrawn_at`.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from aggregator import journal
from aggregator.decide.record import DecisionRefused, locked, mark, name_of, reason_of
from aggregator.models import Entry, Quarantine, Revision
from aggregator.screen import BY_STAFF, FORMER


@transaction.atomic
def quarantine_entry(entry: Entry, by: str, reason: str) -> Entry:
    """Hold a post back, public or waiting. Versions that come later wait for staff too."""
    entry, by, reason = locked(entry), name_of(by), reason_of(reason)
    if entry.state == Entry.State.WITHDRAWN:
        raise DecisionRefused(_("Berita %d sudah ditarik.") % entry.pk)
    if entry.state == Entry.State.HELD and not _is_hidden(entry):
        raise DecisionRefused(_("Berita %d sudah ditahan.") % entry.pk)
    now = timezone.now()
    signal = {"code": BY_STAFF, "points": 0, "detail": f"{by}: {reason}"}
    for revision in _live_revisions(entry):
        Quarantine.objects.create(
            entry=entry,
            revision=revision,
            signals=[signal],
            held_at=now,
            public_minutes=Quarantine.minutes_out(entry, revision, now),
        )
    _end_public_life(entry, Entry.State.HELD, now)
    journal.tell("entry.quarantine", by, entry, reason)
    return entry


@transaction.atomic
def hold_version(revision: Revision, by: str, reason: str) -> Entry:
    """Take a former version out of the history of its post; the version that is public holds the post."""
    entry, by, reason = locked(revision.entry), name_of(by), reason_of(reason)
    revision.refresh_from_db()
    if revision.state in (Revision.State.PUBLIC, Revision.State.PENDING):
        return quarantine_entry(entry, by, reason)
    if revision.public_at is None:
        raise DecisionRefused(_("Versi %d tidak terbit.") % revision.number)
    now = timezone.now()
    Quarantine.objects.create(
        entry=entry,
        revision=revision,
        state=Quarantine.State.REJECTED,
        signals=[{"code": FORMER, "points": 0, "detail": f"{by}: {reason}"}],
        held_at=now,
        decided_at=now,
        decided_by=by,
        reason=reason,
    )
    Revision.objects.filter(pk=revision.pk).update(state=Revision.State.HELD, public_at=None)
    mark([entry.pk])
    journal.tell("entry.quarantine", by, entry, reason, version=revision.number)
    return entry


@transaction.atomic
def withdraw_entry(entry: Entry, by: str, reason: str) -> Entry:
    """Take back a post that is or was public, for good: a tombstone stays, and no later version of it
    becomes public by itself."""
    entry, by, reason = locked(entry), name_of(by), reason_of(reason)
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
        public_minutes=Quarantine.minutes_out(entry, entry.public_revision, now),
        decided_at=now,
        decided_by=by,
        reason=reason,
    )
    _end_public_life(entry, Entry.State.WITHDRAWN, now)
    journal.tell("entry.withdraw", by, entry, reason)
    return entry


@transaction.atomic
def reject_entry(entry: Entry, by: str, reason: str) -> Entry:
    """Confirm what is held: it never comes back by itself. A clean version that is public stays public."""
    entry, by, reason = locked(entry), name_of(by), reason_of(reason)
    if not _close_quarantines(entry, Quarantine.State.REJECTED, by, reason, timezone.now()):
        raise DecisionRefused(_("Tidak ada versi berita %d yang sedang ditahan.") % entry.pk)
    journal.tell("entry.reject", by, entry, reason)
    return entry


@transaction.atomic
def release_entry(entry: Entry, by: str, reason: str) -> Entry:
    """Publish the newest version that is held, waits or was withdrawn. `published_at` stays what it was;
    a post that was not public counts as released now."""
    entry, by, reason = locked(entry), name_of(by), reason_of(reason)
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
    journal.tell("entry.release", by, entry, reason)
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
    mark([entry.pk])


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


def _end_public_life(entry: Entry, state: str, now: datetime) -> None:
    """From here on the entry is public nowhere. `/riwayat` shows versions with a `public_at`, so a held
    one loses it; Quarantine.public_minutes keeps how long it was out."""
    _live_revisions(entry).update(state=Revision.State.HELD, public_at=None)
    entry.state = state
    entry.withdrawn_at = now if entry.released_at else None
    entry.save(update_fields=["state", "withdrawn_at"])
    mark([entry.pk])


def _close_quarantines(entry: Entry, state: str, by: str, reason: str, now: datetime) -> int:
    held = entry.quarantines.filter(state=Quarantine.State.HELD)
    return held.update(state=state, decided_by=by, reason=reason, decided_at=now)
