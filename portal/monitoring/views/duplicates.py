"""Stories that many satker tell: what was folded, and taking apart or putting together by hand."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from aggregator import decide
from aggregator.models import Entry, StoryDecision
from aggregator.search import Filters, search
from portal.forms import read_text
from portal.monitoring import compare, deciding
from portal.monitoring.access import NATIONAL, staff, staff_user, within
from portal.monitoring.lists import decisions
from portal.monitoring.paging import Page, paged
from portal.monitoring.show import file_of

MOST_FOUND = 500
MOST_EXPORTED = 20_000
MOST_MEMBERS = 600


@staff()
def duplicates(request: HttpRequest) -> HttpResponse:
    """Leads of stories with more than one member, newest first."""
    words, satker = read_text(request, "q"), read_text(request, "satker")
    rows = _leads(request)
    if words:
        found = search(Filters(q=words, sort="terbaru"), size=MOST_FOUND, facets=False)
        rows = rows.filter(pk__in=found.entry_ids)
    if satker:
        rows = rows.filter(_has_member(Entry.objects.filter(satker__code=satker)))
    rows = rows.order_by("-pk")
    if file := file_of(request, duplikat=lambda: decisions.stories(rows[:MOST_EXPORTED])):
        return file
    page: Page[Entry] = paged(request, rows)
    facts = {"page": page, "words": words, "satker": satker}
    return render(request, "monitoring/duplicates.html", facts)


def _leads(request: HttpRequest) -> QuerySet[Entry]:
    """Stories in which the account's own satker have a part."""
    leads = Entry.objects.public_of().for_lists().filter(carriers__gt=0, story__isnull=False)
    user = staff_user(request)
    return leads if user.role in NATIONAL else leads.filter(_has_member(within(user, Entry.objects.all())))


def _has_member(entries: QuerySet[Entry]) -> Exists:
    return Exists(entries.filter(story=OuterRef("story")))


@staff()
def story(request: HttpRequest, pk: int) -> HttpResponse:
    members = _members(request, pk)
    lead = next((entry for entry in members if entry.is_lead), members[0])
    text = lead.public_revision.text if lead.public_revision else ""
    rows = [(entry, None if entry.pk == lead.pk else _alike(text, entry)) for entry in members[:MOST_MEMBERS]]
    said = _decisions([entry.pk for entry in members])
    if file := file_of(
        request, berita=lambda: decisions.members(rows), keputusan=lambda: decisions.story_decisions(said)
    ):
        return file
    facts = {
        "story": pk,
        "lead": lead,
        "members": rows,
        "decisions": said,
        "may_decide": staff_user(request).role in deciding.DECIDERS,
        "shown": _shown(request, members, lead),
    }
    return render(request, "monitoring/story.html", facts)


@require_POST
@staff(*deciding.DECIDERS)
def change_story(request: HttpRequest, pk: int) -> HttpResponse:
    """`lakukan`: pisah with `berita` (one or many), or gabung with `berita` (the number of a post that
    tells the same)."""
    members = {entry.pk: entry for entry in _members(request, pk)}
    chosen, by, reason = deciding.numbers(request, "berita"), deciding.by(request), deciding.reason(request)
    if request.POST.get("lakukan") == "pisah":
        rows = [members[number] for number in chosen if number in members]
        deciding.each(
            request, rows, lambda one: decide.split_story(one, by, reason), _("%d berita dipisahkan.")
        )
    elif request.POST.get("lakukan") == "gabung":
        here = next(iter(members.values()))
        others = list(Entry.objects.public_of(pk__in=chosen))
        if not others:
            raise Http404(_("Tidak ada berita terbit dengan nomor itu."))
        done = _("%d berita disatukan.")
        deciding.each(request, others, lambda one: decide.join_stories(one, here, by, reason), done)
    return redirect("monitoring:story", pk) if _is_left(pk) else redirect("monitoring:duplicates")


def _is_left(pk: int) -> bool:
    return Entry.objects.public_of(story=pk).exists()


def _members(request: HttpRequest, pk: int) -> list[Entry]:
    """The lead first, then by time. All are public; 404 where none is of the account's own satker."""
    members = Entry.objects.public_of(story=pk).select_related("public_revision", "satker", "province")
    user = staff_user(request)
    if user.role not in NATIONAL and not within(user, members).exists():
        raise Http404(_("Cerita ini tidak ada, atau tidak memuat berita satker Anda."))
    found = list(members.defer("public_revision__content_html").order_by("-is_lead", "published_at", "pk"))
    if not found:
        raise Http404(_("Cerita ini tidak ada, atau tidak memuat berita satker Anda."))
    return found


def _alike(text: str, entry: Entry) -> int:
    """Per cent of words in common with the lead's text, either way."""
    own = set((entry.public_revision.text if entry.public_revision else "").lower().split())
    lead = set(text.lower().split())
    return round(100 * len(own & lead) / len(own | lead)) if own | lead else 100


def _shown(request: HttpRequest, members: list[Entry], lead: Entry) -> dict[str, object] | None:
    """The difference between one member (`banding`) and the lead."""
    number = read_text(request, "banding")
    other = next((entry for entry in members if str(entry.pk) == number), None)
    if other is None or other.public_revision is None or lead.public_revision is None:
        return None
    return {
        "entry": other,
        "title": compare.difference(lead.public_revision.title, other.public_revision.title),
        "text": compare.difference(lead.public_revision.text, other.public_revision.text),
    }


def _decisions(members: list[int]) -> QuerySet[StoryDecision]:
    pairs = StoryDecision.objects.filter(low__in=members) | StoryDecision.objects.filter(high__in=members)
    return pairs.select_related("low__satker", "high__satker").order_by("-decided_at")[:30]
