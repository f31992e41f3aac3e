"""One post, its earlier versions, and the tombstones of withdrawn ones."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aggregator.models import Entry, EntryTopic
from aggregator.querysets import EntryQuerySet
from portal import forms
from portal.middleware import error_page

NOT_PUBLIC = [state for state in Entry.State.values if state != Entry.State.PUBLIC]


def entry(request: HttpRequest, pk: int, slug: str = "") -> HttpResponse:
    found = _full().filter(pk=pk).first()
    if found is None:
        return _absent(request, pk)
    if slug != found.slug:
        return redirect("entry", pk=pk, slug=found.slug, permanent=True)
    return render(
        request,
        "portal/entry.html",
        {
            "entry": found,
            "revision": found.public_revision,
            "carriers": _carriers(found)[:100],
            "versions": found.revisions.filter(public_at__isnull=False).count(),
            "nearby": _of_satker(found)[:5],
            "related": _related(found),
        },
    )


def history(request: HttpRequest, pk: int) -> HttpResponse:
    found = _full().filter(pk=pk).first()
    if found is None:
        return _absent(request, pk)
    versions = found.revisions.filter(public_at__isnull=False).order_by("-number")
    return render(request, "portal/history.html", {"entry": found, "versions": versions})


def withdrawn(request: HttpRequest) -> HttpResponse:
    """Tombstones: number, office and times of posts that were public once. Never a word of them."""
    anchor = forms.read_anchor(request)
    gone = tombstones()
    if anchor:
        gone = gone.filter(pk__lt=anchor[1])
    rows = list(gone[:101])
    next_anchor = f"0-{rows[99].pk}" if len(rows) > 100 else ""
    return render(request, "portal/withdrawn.html", {"rows": rows[:100], "next_anchor": next_anchor})


def tombstones() -> QuerySet[Entry]:
    """Posts that were public and are no longer, newest number first, with no text loaded."""
    gone = Entry.objects.filter(state__in=NOT_PUBLIC, released_at__isnull=False)
    return (
        gone.annotate(ended_at=Coalesce("withdrawn_at", "last_seen_at"))
        .select_related("satker")
        .only(
            "id", "state", "released_at", "withdrawn_at", "last_seen_at", "satker__name", "satker__timezone"
        )
        .order_by("-pk")
    )


def _full() -> EntryQuerySet:
    topics = EntryTopic.objects.filter(removed=False).select_related("topic")
    return (
        Entry.objects.public()
        .select_related("public_revision", "satker", "province", "stage", "story")
        .prefetch_related(Prefetch("entry_topics", queryset=topics, to_attr="shown_topics"))
    )


def _absent(request: HttpRequest, pk: int) -> HttpResponse:
    """410 for what was public once, 404 for what never was."""
    if Entry.objects.filter(pk=pk, released_at__isnull=False).exclude(state=Entry.State.PUBLIC).exists():
        return error_page(request, 410, "")
    raise Http404(_("Tidak ada berita dengan nomor ini."))


def _carriers(found: Entry) -> QuerySet[Entry]:
    if found.story_id is None:
        return Entry.objects.none()
    return Entry.objects.public().filter(story=found.story_id).exclude(pk=found.pk).for_lists().newest()


def _of_satker(found: Entry) -> QuerySet[Entry]:
    return Entry.objects.public().filter(satker=found.satker_id).exclude(pk=found.pk).for_lists().newest()


def _related(found: Entry) -> list[Entry]:
    """The newest posts of other offices on this post's first topic."""
    topics: list[EntryTopic] = getattr(found, "shown_topics", [])
    if not topics:
        return []
    others = Entry.objects.public().leads().exclude(satker=found.satker_id)
    on_topic = others.filter(entry_topics__topic=topics[0].topic_id, entry_topics__removed=False)
    if found.story_id:
        on_topic = on_topic.exclude(story=found.story_id)
    return list(on_topic.for_lists().newest()[:5])
