"""From pending to public or held: the only road on which a revision becomes public by itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Least

from aggregator import journal
from aggregator.models import Change, Entry, Quarantine, Revision, Satker, SatkerHold, SatkerHost
from aggregator.screen.bursts import alarms
from aggregator.screen.judge import Post, Signal, Verdict, judge

SCREENER = "screen"  # who started a hold, when it was no person
BY_STAFF = "staff"  # code of the signal of a hold that a person made
FORMER = "former_version"  # of a hold on a version that was public before the present one
HELD_TOGETHER = 3  # entries of one satker held in one batch: it is the site, not the post


@dataclass(slots=True)
class ScreenReport:
    """What became of a batch: revisions made public, held, and left waiting (delay, date, held satker)."""

    released: int = 0
    held: int = 0
    waiting: int = 0


@dataclass(slots=True)
class _Batch:
    revisions: list[Waiting]
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    closed: dict[int, str] = field(default_factory=dict)  # revision → why it is held whatever its points


def screen_pending(now: datetime, limit: int = 500, satker_ids: Iterable[int] | None = None) -> ScreenReport:
    """Work off pending revisions, oldest first.

    With `satker_ids` those that still have to wait are judged too, so that what is bad is held in the
    poll that brought it. Without, only what is due is looked at.
    """
    ids = None if satker_ids is None else set(satker_ids)
    report = ScreenReport()
    with transaction.atomic():
        held_satker = _held_satker()
        held_satker |= open_holds(
            {s: why for s, why in alarms(now, ids).items() if s not in held_satker}, now
        )
        revisions = _pending(now, ids, held_satker, limit)
        if revisions:
            _work(_Batch(revisions), now, held_satker, report)
    if ids is None:
        report.waiting = _not_due(now, held_satker).count()
    return report


def _held_satker() -> set[int]:
    return set(SatkerHold.objects.filter(ended_at__isnull=True).values_list("satker_id", flat=True))


def _not_due(now: datetime, held_satker: set[int]) -> QuerySet[Entry]:
    waits = Q(publish_after__gt=now) | Q(satker__in=held_satker)
    return Entry.objects.filter(waits, state=Entry.State.PENDING)


@dataclass(slots=True)
class Waiting:
    """A pending revision with what is to be known of its entry, in the order of `_COLUMNS`."""

    pk: int
    number: int
    url: str
    title: str
    author: str
    text: str
    content_html: str
    categories: list[str]
    enclosures: list[dict[str, object]]
    image_url: str
    signals: list[str]
    entry_id: int
    satker_id: int
    entry_state: str
    publish_after: datetime | None
    is_import: bool
    public_id: int | None  # the version that is public now
    public_number: int | None
    public_html: str | None


_COLUMNS = (
    *("id", "number", "url", "title", "author", "text", "content_html", "categories", "enclosures"),
    *("image_url", "signals", "entry_id", "entry__satker_id", "entry__state", "entry__publish_after"),
    *("entry__is_import", "entry__public_revision_id"),
    *("entry__public_revision__number", "entry__public_revision__content_html"),
)


def _pending(now: datetime, satker_ids: set[int] | None, held_satker: set[int], limit: int) -> list[Waiting]:
    pending = Revision.objects.filter(state=Revision.State.PENDING).order_by("id")
    if satker_ids is not None:
        pending = pending.filter(entry__satker__among=satker_ids)
    else:
        pending = pending.filter(Q(entry__publish_after__isnull=True) | Q(entry__publish_after__lte=now))
        pending = pending.exclude(entry__satker__in=held_satker) if held_satker else pending
    if connection.features.has_select_for_update_skip_locked:
        locked = pending.select_related("entry").only("id", "entry__id")
        locked = locked.select_for_update(of=("self", "entry"), skip_locked=True)
        pending = Revision.objects.filter(id__among=[r.pk for r in locked[:limit]]).order_by("id")
    return [Waiting(*row) for row in pending.values_list(*_COLUMNS)[:limit]]


def _work(batch: _Batch, now: datetime, held_satker: set[int], report: ScreenReport) -> None:
    _judge_all(batch)
    bad = [r for r in batch.revisions if batch.verdicts[r.pk].holds_entry or r.pk in batch.closed]
    held_satker |= _hold_satker(bad, batch, held_satker, now)
    _hold(bad, batch, now)
    held = {r.pk for r in bad}
    good = [r for r in batch.revisions if r.pk not in held]
    ready = [r for r in good if _may_go(r, now, held_satker)]
    publish(ready, now)
    report.held += len(bad)
    report.released += len(ready)
    report.waiting += len(good) - len(ready)


def _may_go(revision: Waiting, now: datetime, held_satker: set[int]) -> bool:
    waits = revision.publish_after is not None and revision.publish_after > now
    return revision.satker_id not in held_satker and not waits


# --- judging ----------------------------------------------------------------------------------------


def _judge_all(batch: _Batch) -> None:
    approved = approved_hosts({r.satker_id for r in batch.revisions})
    strange: dict[int, set[str]] = defaultdict(set)
    for revision in batch.revisions:
        hosts = approved.get(revision.satker_id, frozenset())
        verdict = batch.verdicts[revision.pk] = judge(_post(revision), hosts)
        if verdict.holds_entry and verdict.strange_hosts:
            strange[revision.satker_id] |= verdict.strange_hosts
    linked = {satker: linked_before(satker, names) for satker, names in strange.items()}
    _heed_decisions(batch)
    for revision in batch.revisions:
        satker = revision.satker_id
        if linked.get(satker) and batch.verdicts[revision.pk].holds_entry:
            known = approved.get(satker, frozenset()) | linked[satker]
            batch.verdicts[revision.pk] = judge(_post(revision), known)


def post_of(revision: Revision) -> Post:
    public = revision.entry.public_revision
    return _as_post(revision, public.number if public else None, public.content_html if public else None)


def _post(revision: Waiting) -> Post:
    return _as_post(revision, revision.public_number, revision.public_html)


def _as_post(revision: Revision | Waiting, public_number: int | None, public_html: str | None) -> Post:
    media = [str(e.get("url", "")) for e in revision.enclosures]
    return Post(
        title=revision.title,
        text=revision.text,
        html=revision.content_html,
        url=revision.url,
        categories=tuple(revision.categories),
        author=revision.author,
        media=tuple(filter(None, [*media, revision.image_url])),
        removed=tuple(revision.signals),
        previous_html=public_html if public_number and public_number < revision.number else None,
    )


def approved_hosts(satker_ids: set[int]) -> dict[int, frozenset[str]]:
    hosts: dict[int, set[str]] = defaultdict(set)
    approved = SatkerHost.objects.filter(satker__in=satker_ids, state=SatkerHost.State.APPROVED)
    for satker_id, name in approved.values_list("satker_id", "hostname"):
        hosts[satker_id].add(name)
    return {satker: frozenset(names) for satker, names in hosts.items()}


def linked_before(satker_id: int, names: set[str], but: int | None = None) -> frozenset[str]:
    """Which of these hosts the satker's public posts (but one) link. Asked only when it would decide."""
    public = Revision.objects.filter(entry__satker=satker_id, state=Revision.State.PUBLIC).exclude(entry=but)
    return frozenset(n for n in names if public.filter(content_html__contains=f"//{n}").exists())


def _heed_decisions(batch: _Batch) -> None:
    """What staff decided on earlier versions: released signals are forgiven; what they rejected, withdrew or
    hold does not come back by itself."""
    ids = {r.entry_id for r in batch.revisions if r.number > 1}
    forgiven: dict[int, set[tuple[str, str]]] = defaultdict(set)
    closed: dict[int, str] = {}
    decided = Quarantine.objects.filter(entry__in=ids) if ids else Quarantine.objects.none()
    decided = decided.exclude(decided_by=SCREENER).order_by("id")
    for entry_id, state, signals in decided.values_list("entry_id", "state", "signals"):
        if any(s.get("code") == FORMER for s in signals):
            continue  # it says nothing of later versions
        if state == Quarantine.State.REJECTED:
            closed[entry_id] = "rejected_before"
        elif state == Quarantine.State.RELEASED:
            closed.pop(entry_id, None)
            forgiven[entry_id] |= {(s.get("code", ""), s.get("detail", "")) for s in signals}
        elif any(s.get("code") == BY_STAFF for s in signals):
            closed[entry_id] = "held_by_staff"
    for revision in batch.revisions:
        if entry_signals := forgiven.get(revision.entry_id):
            batch.verdicts[revision.pk] = batch.verdicts[revision.pk].without(entry_signals)
        if revision.entry_state == Entry.State.WITHDRAWN:
            batch.closed[revision.pk] = "withdrawn_before"
        elif why := closed.get(revision.entry_id):
            batch.closed[revision.pk] = why


# --- holding ----------------------------------------------------------------------------------------


def _hold_satker(bad: list[Waiting], batch: _Batch, held: set[int], now: datetime) -> set[int]:
    """Open a hold on satker whose posts say that the site itself is in strange hands."""
    reasons: dict[int, str] = {}
    counts = Counter(r.satker_id for r in bad if r.pk not in batch.closed)
    for revision in bad:
        satker, verdict = revision.satker_id, batch.verdicts[revision.pk]
        if verdict.holds_satker:
            codes = ", ".join(dict.fromkeys(s.code for s in verdict.signals))
            reasons.setdefault(satker, f"Kiriman mencurigakan ({verdict.points:g} poin): {codes}")
        elif counts[satker] >= HELD_TOGETHER:
            reasons.setdefault(satker, f"{counts[satker]} kiriman ditahan sekaligus")
    return open_holds({s: why for s, why in reasons.items() if s not in held}, now)


def open_holds(reasons: dict[int, str], now: datetime) -> set[int]:
    """Hold these satker; one that another process holds meanwhile stays as it is."""
    holds = [
        SatkerHold(satker_id=satker, reason=why[:500], started_at=now, started_by=SCREENER)
        for satker, why in reasons.items()
    ]
    SatkerHold.objects.bulk_create(holds, ignore_conflicts=True)
    for satker in Satker.objects.filter(pk__in=reasons):
        journal.tell("satker.hold", SCREENER, satker, reasons[satker.pk])
    return set(reasons)


def _hold(bad: list[Waiting], batch: _Batch, now: datetime) -> None:
    """An edit that turns bad leaves the public version standing: the entry stays as it is."""
    if not bad:
        return
    rows = []
    for revision in bad:
        verdict, why = batch.verdicts[revision.pk], batch.closed.get(revision.pk)
        signals = [Signal(why, 0)] if why else []
        rows.append(
            Quarantine(
                entry_id=revision.entry_id,
                revision_id=revision.pk,
                points=round(verdict.points, 2),
                signals=[s.as_dict() for s in (*signals, *verdict.signals)],
                held_at=now,
            )
        )
    Quarantine.objects.bulk_create(rows)
    Revision.objects.filter(id__in=[r.pk for r in bad]).update(state=Revision.State.HELD)
    never_public = Entry.objects.filter(id__in={r.entry_id for r in bad}, state=Entry.State.PENDING)
    waiting = Revision.objects.filter(entry=OuterRef("pk"), state=Revision.State.PENDING).values("id")[:1]
    never_public.annotate(more=Subquery(waiting)).filter(more__isnull=True).update(state=Entry.State.HELD)


# --- publishing -------------------------------------------------------------------------------------


def publish(revisions: list[Waiting], now: datetime) -> None:
    """Make these the public versions of their entries. Call inside a transaction.

    Of several versions of one entry the newest is shown; one older than what is public is only kept.
    First imports count as published at their own time, not today.
    """
    newest: dict[int, Waiting] = {}
    for revision in revisions:
        if revision.number >= newest.setdefault(revision.entry_id, revision).number:
            newest[revision.entry_id] = revision
    chosen = [r for r in newest.values() if r.number > (r.public_number or 0)]
    shown = {r.pk for r in chosen}
    if passed := [r.pk for r in revisions if r.pk not in shown]:
        Revision.objects.filter(id__among=passed).update(state=Revision.State.SUPERSEDED)
    _make_public(chosen, now)


def _make_public(revisions: list[Waiting], now: datetime) -> None:
    if not revisions:
        return
    corrected = [r.entry_id for r in revisions if r.public_id]
    if corrected:
        former = Revision.objects.filter(entry__among=corrected, state=Revision.State.PUBLIC)
        former.update(state=Revision.State.SUPERSEDED)
    imported = [r for r in revisions if r.is_import and not r.public_id]
    own_time = Coalesce(F("released_at"), Least(F("published_at"), Value(now)))
    of_entry = Entry.objects.filter(pk=OuterRef("entry")).annotate(own_time=own_time).values("own_time")
    _release(imported, Subquery(of_entry[:1]), own_time)
    others = {r.pk for r in revisions} - {r.pk for r in imported}
    _release([r for r in revisions if r.pk in others], now, Coalesce(F("released_at"), Value(now)))
    Change.objects.mark([r.entry_id for r in revisions])


def _release(revisions: list[Waiting], public_at: datetime | Subquery, released_at: Coalesce) -> None:
    if not revisions:
        return
    Revision.objects.filter(id__among=[r.pk for r in revisions]).update(
        state=Revision.State.PUBLIC, public_at=public_at
    )
    public = Revision.objects.filter(entry=OuterRef("pk"), state=Revision.State.PUBLIC).order_by("-number")
    Entry.objects.filter(id__among=[r.entry_id for r in revisions]).update(
        state=Entry.State.PUBLIC,
        public_revision_id=Subquery(public.values("id")[:1]),
        released_at=released_at,
        clustered_at=None,
        classified_at=None,
    )
