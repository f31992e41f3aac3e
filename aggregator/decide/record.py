"""What every decision has in common: a name, a reason, a lock, and marks for whoever follows."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from aggregator.errors import PortalError
from aggregator.models import Change, Entry

MARK_BATCH = 2000


class DecisionRefused(PortalError):
    """The decision cannot be taken as things stand; the sentence says why."""

    code = "decision"
    permanent = True


def name_of(by: str) -> str:
    if not by.strip():
        raise DecisionRefused(_("Keputusan memerlukan nama petugas."))
    return by.strip()[:150]


def reason_of(reason: str) -> str:
    if not reason.strip():
        raise DecisionRefused(_("Keputusan memerlukan alasan."))
    return reason.strip()[:500]


def locked(entry: Entry) -> Entry:
    """The entry as it is now, locked against other writers."""
    return (
        Entry.objects.select_for_update(of=("self",))
        .select_related("satker", "public_revision")
        .get(pk=entry.pk)
    )


def mark(ids: list[int]) -> None:
    """Tell every follower, and let cluster choose a new lead where a story lost or regained a member."""
    for start in range(0, len(ids), MARK_BATCH):
        batch = ids[start : start + MARK_BATCH]
        Change.objects.mark(batch)
        _recluster(batch)


def _recluster(ids: Iterable[int]) -> None:
    stories = Entry.objects.filter(pk__in=ids, story__isnull=False).values_list("story", flat=True)
    Entry.objects.public_of(story__in=set(stories)).update(clustered_at=None)
