"""Stories: what several offices tell, once."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Path, Query, Router, Schema

from aggregator.models import Entry
from portal import forms, lists
from portal.api import rows, schemas

router = Router(tags=["stories"])
MOST_CARRIERS = 600


class Paged(Schema):
    sebelum: str = Field("", description="Where the page begins: leave it to `next`", max_length=60)


@router.get(
    "/stories",
    response={200: schemas.StoryPage, 400: schemas.Problem},
    summary="Stories that several offices carry, newest first",
)
def stories(request: HttpRequest, asked: Query[Paged]) -> schemas.StoryPage:
    originals = Entry.objects.public().leads().filter(carriers__gt=0)
    page = lists.page_of(originals, forms.read_anchor(request))
    address = f"{settings.BASE_URL}/api/v1/stories?sebelum={page.next_anchor}"
    return schemas.StoryPage(
        items=rows.listed([entry.pk for entry in page.entries]), next=address if page.next_anchor else None
    )


@router.get(
    "/stories/{story_id}",
    response={200: schemas.Story, 404: schemas.Problem},
    summary="One story and every post that tells it",
)
def story(request: HttpRequest, story_id: Path[schemas.EntryId]) -> schemas.Story:
    members = Entry.objects.public_of(story=story_id).order_by("-is_lead", "-published_at", "-pk")
    found = rows.listed(list(members.values_list("pk", flat=True)[: MOST_CARRIERS + 1]))
    if not found:
        raise Http404(_("Tidak ada cerita dengan nomor ini."))
    return schemas.Story(id=story_id, original=found[0], carried_by=found[1:])
