"""The audit log, to be read, filtered and taken along."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from aggregator.errors import BadParameter
from portal.forms import read_choice, read_text
from portal.models import User
from portal.monitoring import audit
from portal.monitoring.access import NATIONAL, staff, staff_user, within
from portal.monitoring.audit import Action
from portal.monitoring.exports import plain
from portal.monitoring.lists import people
from portal.monitoring.models import AuditRow
from portal.monitoring.paging import Page, paged
from portal.monitoring.show import file_of

PAGE = 100
MOST_EXPORTED = 100_000  # as CSV, which needs no memory
MOST_ROWS = 20_000  # of a spreadsheet


@dataclass(frozen=True)
class Wanted:
    """Filters of the log as the query string has them."""

    actor: str
    action: str
    satker: str
    words: str
    first: date | None
    last: date | None


@staff()
def log(request: HttpRequest) -> HttpResponse:
    wanted = read_wanted(request)
    user = staff_user(request)
    rows, is_national = rows_of(user, wanted), user.role in NATIONAL
    if file := file_of(request, catatan=lambda: people.log(rows[:MOST_ROWS], with_addresses=is_national)):
        return file
    page: Page[AuditRow] = paged(request, rows, PAGE)
    facts = {
        "page": page,
        "wanted": wanted,
        "actions": Action.choices,
        "shows_addresses": is_national,
    }
    return render(request, "monitoring/log.html", facts)


@staff()
def export(request: HttpRequest) -> HttpResponseBase:
    user, wanted = staff_user(request), read_wanted(request)
    audit.record(Action.EXPORT, user.get_username(), name=_("catatan audit"))
    rows = rows_of(user, wanted)[:MOST_EXPORTED]
    response = StreamingHttpResponse(
        _csv(rows, user.role in NATIONAL), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = 'attachment; filename="catatan-audit.csv"'
    return response


def rows_of(user: User, wanted: Wanted) -> QuerySet[AuditRow]:
    """What this account may see of the log: of its satker; sign-ins and accounts are for KPU RI alone."""
    rows = within(user, AuditRow.objects.select_related("satker"))
    conditions = Q()
    if wanted.actor:
        conditions &= Q(actor__iexact=wanted.actor)
    if wanted.action:
        conditions &= Q(action=wanted.action)
    if wanted.satker:
        conditions &= Q(satker__code=wanted.satker)
    if wanted.words:
        conditions &= Q(name__icontains=wanted.words) | Q(reason__icontains=wanted.words)
    if wanted.first:
        conditions &= Q(at__gte=_midnight(wanted.first))
    if wanted.last:
        conditions &= Q(at__lt=_midnight(wanted.last + timedelta(days=1)))
    return rows.filter(conditions).order_by("-pk")


def read_wanted(request: HttpRequest) -> Wanted:
    return Wanted(
        actor=read_text(request, "petugas"),
        action=read_choice(request, "tindakan", ["", *Action.values]),
        satker=read_text(request, "satker"),
        words=read_text(request, "q"),
        first=read_day(request, "dari"),
        last=read_day(request, "sampai"),
    )


def read_day(request: HttpRequest, name: str) -> date | None:
    text = read_text(request, name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        message = _("Parameter “%s” bukan tanggal. Tulislah seperti 2025-10-31.") % name
        raise BadParameter(name, message) from None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(settings.TIME_ZONE))


class _Echo:
    """What csv writes to: it gives each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _csv(rows: QuerySet[AuditRow], with_addresses: bool) -> Iterator[str]:
    writer = csv.writer(_Echo())
    heads = [
        "at",
        "actor",
        "role",
        "action",
        "satker",
        "kind",
        "number",
        "name",
        "reason",
        "details",
        "address",
    ]
    yield writer.writerow(heads)
    for row in rows.iterator(chunk_size=1000):
        cells: list[Any] = [row.at.isoformat(timespec="seconds"), row.actor, row.role, row.action]
        cells += [row.satker.code if row.satker else "", row.kind, row.number, row.name, row.reason]
        cells += [row.details or "", row.address or "" if with_addresses else ""]
        yield writer.writerow([plain("" if cell is None else str(cell)) for cell in cells])
