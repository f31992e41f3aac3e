"""Offices, provinces, topics and stages: what filters can name."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router

from aggregator.errors import UnknownValue
from aggregator.models import Entry, Satker, Stage, Topic
from aggregator.search import Filters
from portal import activity
from portal.api import rows, schemas
from portal.totals import Totals

router = Router(tags=["places and subjects"])


@router.get("/satker", response=list[schemas.Satker], summary="All KPU offices")
def offices(request: HttpRequest) -> list[schemas.Satker]:
    """In the order of their codes."""
    return [rows.satker_of(row) for row in _offices().order_by("code")]


@router.get("/satker/{code}", response={200: schemas.Satker, 404: schemas.Problem}, summary="One KPU office")
def office(request: HttpRequest, code: str) -> schemas.Satker:
    found = _offices().filter(code=code).first() if code.isascii() and code.isalnum() else None
    if found is None:
        raise UnknownValue("code", _("Tidak ada kantor KPU dengan kode “%s”.") % code[:20])
    return rows.satker_of(found)


@router.get("/provinces", response=list[schemas.Province], summary="The 38 provinces")
def provinces(request: HttpRequest) -> list[schemas.Province]:
    posts = Totals().province_totals(Filters())
    return [
        schemas.Province(
            code=row.code,
            slug=row.slug,
            name=row.name,
            abbr=row.abbr,
            timezone=row.timezone,
            offices=row.offices,
            posts=posts[row.pk],
        )
        for row in activity.provinces_with_offices()
    ]


@router.get("/topics", response=list[schemas.Topic], summary="The topics")
def topics(request: HttpRequest) -> list[schemas.Topic]:
    posts = Totals().topic_totals()
    return [
        schemas.Topic(slug=row.slug, name=row.name, description=row.description, posts=posts[row.pk])
        for row in Topic.objects.all()
    ]


@router.get("/stages", response=list[schemas.Stage], summary="The election stages")
def stages(request: HttpRequest) -> list[schemas.Stage]:
    posts = Totals().stage_totals()
    return [
        schemas.Stage(
            slug=row.slug,
            name=row.name,
            election=row.election,
            start=row.start,
            end=row.end,
            posts=posts[row.pk],
        )
        for row in Stage.objects.all()
    ]


def _offices() -> QuerySet[Satker]:
    last = Entry.objects.public().filter(satker=OuterRef("pk")).newest().values("published_at")[:1]
    annotated = Satker.objects.with_feed_state().annotate(last_post_at=Subquery(last))
    return annotated.select_related("province", "parent")
