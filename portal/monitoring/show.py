"""A table as a page, or as a file of it; every export is recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.forms import read_choice
from portal.monitoring import audit
from portal.monitoring.access import staff_user
from portal.monitoring.asked import Asked, month_name, quarter_choices
from portal.monitoring.exports import WRITERS, respond
from portal.monitoring.figures import follow
from portal.monitoring.figures.months import month_of
from portal.monitoring.tables import Table

MOST_SHOWN = 600  # rows on a page: every satker once; files hold all
MONTHS = 24  # that can be chosen from the list


def show(
    request: HttpRequest,
    asked: Asked,
    table: Table,
    ending: str = "",
    *,
    template: str = "monitoring/table.html",
    **more: Any,
) -> HttpResponse:
    """`ending` csv or xlsx gives the file; anything else but "" does not exist."""
    if not ending:
        state, rows = follow.current(), len(table.rows)
        context = {
            "asked": asked,
            "table": replace(table, rows=table.rows[:MOST_SHOWN]) if rows > MOST_SHOWN else table,
            "all_rows": rows if rows > MOST_SHOWN else 0,
            "followed_at": state.followed_at if state else None,
            "is_counting": state is None,
            "files": file_addresses(request),
            **more,
        }
        return render(request, template, context)
    if ending not in WRITERS:
        raise Http404(_("Tabel ini ada sebagai CSV dan XLSX."))
    audit.record(audit.Action.EXPORT, asked.user.get_username(), name=f"{table.title} ({ending})")
    return respond(table, ending)


def file_of(request: HttpRequest, **tables: Callable[[], Table]) -> HttpResponse | None:
    """The table of a page that `format` (csv, xlsx) and `tabel` ask for, the first without a name; None where
    the page itself is wanted. Raises BadParameter."""
    if "format" not in request.GET:
        return None
    ending = read_choice(request, "format", list(WRITERS))
    table = tables[read_choice(request, "tabel", list(tables))]()
    user = staff_user(request).get_username()
    audit.record(audit.Action.EXPORT, user, name=f"{table.title} ({ending})", rows=len(table.rows))
    return respond(table, ending)


def file_addresses(request: HttpRequest) -> list[tuple[str, str]]:
    """The same table with the same filters as files."""
    query = request.META.get("QUERY_STRING", "")
    tail = f"?{query}" if query else ""
    return [(ending.upper(), f"{request.path}.{ending}{tail}") for ending in WRITERS]


def month_choices(asked: Asked) -> list[tuple[str, str]]:
    """The newest months as value and words; the chosen one too, however old."""
    months, first = [], timezone.localdate(asked.now).replace(day=1)
    for _number in range(MONTHS):
        months.append(month_of(first))
        first = month_of(first).before.last.replace(day=1)
    if asked.is_month and asked.period not in months:
        months.append(asked.period)
    return [(f"{month.first:%Y-%m}", month_name(month)) for month in months]


def quarters(asked: Asked) -> list[tuple[str, str]]:
    return quarter_choices(timezone.localdate(asked.now))
