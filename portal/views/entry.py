"""One post, its earlier versions, and the tombstones of withdrawn ones."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aggregator.models import Entry, EntryTopic, Revision
from aggregator.querysets import EntryQuerySet
from portal import forms, lists
from portal.middleware import error_page
from portal.versions import versions_of

TOMBSTONES = 100  # on a page
VERSIONS = 20
NOT_PUBLIC = [state for state in Entry.State.values if state != Entry.State.PUBLIC]


def entry(request: HttpRequest, pk: int, slug: str = "") -> HttpResponse:
    found = _full().filter(pk=pk).first()
    if found is None:
        return absent(pk, request)
    if slug != found.slug:
        return redirect("entry", pk=pk, slug=found.slug, permanent=True)
    return render(
        request,
        "portal/entry.html",
        {
            "entry": found,
            "revision": found.public_revision,
            "carriers": _carriers(found)[:100],
            "versions": _versions(found),
            "nearby": _of_satker(found)[:5],
            "related": _related(found),
        },
    )


def history(request: HttpRequest, pk: int) -> HttpResponse:
    found = _full().filter(pk=pk).first()
    if found is None:
        return absent(pk, request)
    rows = _public_versions(found, forms.read_anchor(request))
    last = rows[VERSIONS - 1] if len(rows) > VERSIONS else None
    next_anchor = forms.anchor_at(last.public_at, last.pk) if last else ""
    shown = versions_of(rows)[:VERSIONS]
    return render(
        request, "portal/history.html", {"entry": found, "versions": shown, "next_anchor": next_anchor}
    )


def _public_versions(found: Entry, anchor: tuple[datetime, int] | None) -> list[Revision]:
    """Those of one page, and the one that the last of them is compared with."""
    rows = found.revisions.filter(public_at__isnull=False).order_by("-number")
    return list(rows.filter(pk__lt=anchor[1])[: VERSIONS + 1] if anchor else rows[: VERSIONS + 1])


def withdrawn(request: HttpRequest) -> HttpResponse:
    """Tombstones: number, office and times of posts that were public once. Never a word of them."""
    rows = tombstones(forms.read_anchor(request), TOMBSTONES + 1)
    shown = rows[:TOMBSTONES]
    more = len(rows) > TOMBSTONES
    next_anchor = forms.anchor_at(shown[-1].released_at, shown[-1].pk) if more else ""
    return render(request, "portal/withdrawn.html", {"rows": shown, "next_anchor": next_anchor})


def tombstones(anchor: tuple[datetime, int] | None, size: int) -> list[Entry]:
    """Posts that were public and are no longer, newest first, with no text loaded. One query a state: for
    several states at once SQLite would walk through all posts."""
    rows: list[Entry] = []
    for state in NOT_PUBLIC:
        gone = Entry.objects.filter(state=state, released_at__isnull=False)
        if anchor:
            at, pk = anchor
            gone = gone.filter(Q(released_at__lt=at) | Q(released_at=at, pk__lt=pk))
        gone = gone.select_related("satker").order_by("-released_at", "-pk")
        rows += gone.only("state", "released_at", "withdrawn_at", "satker__name", "satker__timezone")[:size]
    rows.sort(key=lambda row: (row.released_at, row.pk), reverse=True)
    return rows[:size]


def _full() -> EntryQuerySet:
    topics = EntryTopic.objects.filter(removed=False).select_related("topic")
    return (
        Entry.objects.public()
        .select_related("public_revision", "satker", "province", "stage", "story", "picture")
        .prefetch_related(Prefetch("entry_topics", queryset=topics, to_attr="shown_topics"))
    )


def was_public(pk: int) -> bool:
    """Whether this post was shown once and is no more."""
    return Entry.objects.filter(pk=pk, released_at__isnull=False).exclude(state=Entry.State.PUBLIC).exists()


def absent(pk: int, request: HttpRequest) -> HttpResponse:
    """410 for what was public once, 404 for what never was."""
    if was_public(pk):
        return error_page(request, 410, "")
    raise Http404(_("Tidak ada berita dengan nomor ini."))


def _versions(found: Entry) -> int:
    """How many of them were public; most posts have one."""
    return found.revisions.filter(public_at__isnull=False).count() if found.revisions_count > 1 else 1


def _carriers(found: Entry) -> QuerySet[Entry]:
    if found.story_id is None:
        return Entry.objects.none()
    return Entry.objects.public().filter(story=found.story_id).exclude(pk=found.pk).for_links().newest()


def _of_satker(found: Entry) -> QuerySet[Entry]:
    return Entry.objects.public().filter(satker=found.satker_id).exclude(pk=found.pk).for_links().newest()


def _related(found: Entry) -> list[Entry]:
    """The newest posts of other offices on this post's first topic."""
    topics: list[EntryTopic] = getattr(found, "shown_topics", [])
    if not topics:
        return []
    on_topic = lists.on_topic(topics[0].topic).leads().exclude(satker=found.satker_id)
    if found.story_id:
        on_topic = on_topic.exclude(story=found.story_id)
    return list(on_topic.for_links().newest()[:5])
