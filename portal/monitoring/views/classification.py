"""Where posts were put, by which rule, and which of them want a second look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from aggregator.classify import BY_STAFF
from aggregator.models import Correction, Entry, EntryTopic, Province, Stage, Topic
from aggregator.search import Filters, search
from portal.forms import read_choice, read_text
from portal.monitoring import deciding
from portal.monitoring.access import staff, staff_user, within
from portal.monitoring.paging import Page, paged
from portal.monitoring.show import file_of
from portal.monitoring.tables import Moment, Table, columns

MOST_FOUND = 500
MOST_EXPORTED = 20_000
ONLY = ["", "tanpa-topik", "dikoreksi", "tanpa-asal", "belum"]


@dataclass(frozen=True)
class Wanted:
    """Filters of the list as the query string has them."""

    words: str
    satker: str
    province: str
    topic: str
    stage: str
    origin: str
    only: str

    @classmethod
    def read(cls, request: HttpRequest) -> Wanted:
        return cls(
            words=read_text(request, "q"),
            satker=read_text(request, "satker"),
            province=read_text(request, "provinsi"),
            topic=read_text(request, "topik"),
            stage=read_text(request, "tahapan"),
            origin=read_choice(request, "asal", Entry.Origin.values),
            only=read_choice(request, "hanya", ONLY),
        )

    def of(self, rows: QuerySet[Entry]) -> QuerySet[Entry]:
        if self.words:
            found = search(
                Filters(q=self.words, sort="terbaru", include_all=True), size=MOST_FOUND, facets=False
            )
            rows = rows.filter(pk__in=found.entry_ids)
        if self.satker:
            rows = rows.filter(satker__code=self.satker)
        if self.province:
            rows = rows.filter(province__slug=self.province)
        if self.topic:
            rows = rows.filter(Exists(_tags().filter(topic__slug=self.topic)))
        if self.stage:
            rows = rows.filter(Q(stage=None) if self.stage == "non" else Q(stage__slug=self.stage))
        if self.origin:
            rows = rows.filter(origin=self.origin)
        return self._only(rows)

    def _only(self, rows: QuerySet[Entry]) -> QuerySet[Entry]:
        match self.only:
            case "tanpa-topik":
                return rows.filter(classified_at__isnull=False).exclude(Exists(_tags()))
            case "dikoreksi":
                return rows.filter(Exists(Correction.objects.filter(entry=OuterRef("pk"))))
            case "tanpa-asal":
                return rows.filter(origin="", clustered_at__isnull=False)
            case "belum":
                return rows.filter(Q(classified_at__isnull=True) | Q(clustered_at__isnull=True))
        return rows


def _tags() -> QuerySet[EntryTopic]:
    return EntryTopic.objects.filter(entry=OuterRef("pk"), removed=False)


def _posts(request: HttpRequest) -> QuerySet[Entry]:
    tags = EntryTopic.objects.filter(removed=False).select_related("topic")
    rows = within(staff_user(request), Entry.objects.public_of()).for_lists()  # type: ignore[attr-defined]
    found: QuerySet[Entry] = rows.select_related("public_revision", "satker", "province", "stage")
    return found.prefetch_related(Prefetch("entry_topics", tags, to_attr="shown_topics"))


@staff()
def classification(request: HttpRequest) -> HttpResponseBase:
    wanted = Wanted.read(request)
    rows = wanted.of(_posts(request)).order_by("-pk")
    if file := file_of(request, klasifikasi=lambda: _table(rows)):
        return file
    page: Page[Entry] = paged(request, rows)
    facts = {
        "page": page,
        "wanted": wanted,
        "topics": Topic.objects.all(),
        "stages": Stage.objects.order_by("election", "position"),
        "provinces": Province.objects.order_by("name"),
        "origins": [(value, label) for value, label in Entry.Origin.choices if value],
        "by_staff": BY_STAFF,
        "may_decide": staff_user(request).role in deciding.DECIDERS,
    }
    return render(request, "monitoring/classification.html", facts)


def _table(rows: QuerySet[Entry]) -> Table:
    return Table(
        name=_("klasifikasi"),
        title=_("Klasifikasi"),
        columns=columns(
            *((_("Nomor"), "number"), _("Kode"), _("Satker"), _("Judul"), (_("Terbit"), "moment")),
            *(_("Topik"), _("Aturan topik"), _("Tahapan"), _("Aturan tahapan"), _("Asal")),
        ),
        rows=[_cells(entry) for entry in rows[:MOST_EXPORTED]],
    )


def _cells(entry: Any) -> list[Any]:
    return [
        entry.pk,
        entry.satker.code,
        entry.satker.name,
        entry.public_revision.title,
        Moment(entry.published_at, entry.satker.timezone),
        ", ".join(tag.topic.name for tag in entry.shown_topics),
        "; ".join(tag.rule or _("petugas") for tag in entry.shown_topics),
        entry.stage.name if entry.stage else _("di luar tahapan"),
        entry.stage_rule,
        entry.get_origin_display(),
    ]
