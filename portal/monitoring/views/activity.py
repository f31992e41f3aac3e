"""Who publishes, who is silent, what is expected: pages under /pantauan/aktivitas."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import charts
from portal.days import Period
from portal.monitoring import asked, heat
from portal.monitoring.access import staff
from portal.monitoring.figures import duties, follow, mix, silence, sums, targets
from portal.monitoring.figures.days_off import days_of
from portal.monitoring.figures.known import NOTHING, known_days
from portal.monitoring.figures.overview import Overview, overview
from portal.monitoring.reports import activity as tables
from portal.monitoring.reports.cells import office
from portal.monitoring.reports.silence import duty_columns, duty_list, duty_rows
from portal.monitoring.show import file_of, month_choices, quarters, show
from portal.monitoring.tables import Link, Table

FEW = 60  # satker that are shown one by one; more are shown by province
YEAR = 364  # days of the calendar of one satker


@staff()
def activity(request: HttpRequest, ending: str = "") -> HttpResponse:
    wanted = asked.read(request)
    is_few = len(wanted.satker) <= FEW
    found = overview(wanted.satker, wanted.period, wanted.now, each=is_few)
    table = tables.by_office(wanted, found) if is_few else tables.by_province(wanted, found)
    if ending:
        return show(request, wanted, table, ending)
    return show(
        request,
        wanted,
        table,
        template="monitoring/activity.html",
        overview=found,
        heat=_heat(found, table, is_few),
        is_few=is_few,
        topics=_bars(mix.topics(wanted.satker, wanted.period)),
        months=month_choices(wanted),
        has_period=True,
    )


def _heat(found: Overview, table: Table, is_few: bool) -> heat.Heat:
    if is_few:
        return heat.of_offices(found, (office(row.satker)[1] for row in found.offices))
    return heat.of_provinces(found, (_name_of(row[0]) for row in table.rows))


def _name_of(cell: object) -> Link | str:
    return cell if isinstance(cell, Link) else str(cell)


def _bars(topics: list[tuple[Any, int]]) -> list[dict[str, Any]]:
    most = max((posts for _topic, posts in topics), default=1)
    return [{"name": topic.name, "posts": posts, "most": most} for topic, posts in topics]


@staff()
def comparison(request: HttpRequest, ending: str = "") -> HttpResponse:
    wanted = asked.read(request)
    before = asked.read_month(request, "dengan") or wanted.before
    table = tables.comparison(wanted, before)
    return show(
        request,
        wanted,
        table,
        ending,
        has_period=True,
        before=f"{before.first:%Y-%m}",
        months=month_choices(wanted),
    )


@staff()
def duty(request: HttpRequest, ending: str = "") -> HttpResponse:
    wanted = asked.read(request)
    return show(request, wanted, duty_list(wanted), ending, has_period=False, quarters=quarters(wanted))


@staff()
def one_office(request: HttpRequest, code: str) -> HttpResponse:
    """A year of one satker: calendar, runs, origin, topics, duty, target."""
    wanted = asked.read(request)
    mine = wanted.scope.filter(code=code)
    satker = mine.select_related("province").first()
    if satker is None:
        raise Http404(_("Satker ini tidak ada, atau berada di luar wilayah akun Anda."))
    today = timezone.localdate(wanted.now)
    year = Period(today - timedelta(days=YEAR), today)
    days = sums.by_day(mine, year).get(satker.pk, {})
    known = known_days(mine, wanted.now).get(satker.pk, NOTHING)
    unread = frozenset(day for day in days_of(year) if not known.covers(day))
    told = [
        row
        for quarter in range(wanted.quarter + 1, wanted.quarter - 4, -1)
        for row in duties.fulfilments(mine, quarter, wanted.now)
    ]
    if file := file_of(
        request,
        hari=lambda: tables.by_day(satker, days, unread, year),
        kewajiban=lambda: Table(_("kewajiban pdpb"), _("Kewajiban PDPB"), duty_columns(), duty_rows(told)),
    ):
        return file
    found = overview(mine, wanted.period, wanted.now)
    (quiet,) = silence.silences(mine, wanted.now)
    state = follow.current()
    context = {
        "asked": wanted,
        "satker": satker,
        "calendar": charts.calendar_of(days, year.first, year.last, unread),
        "unread": len(unread),
        "why_unread": known.why,
        "year_posts": sum(days.values()),
        "office": found.offices[0],
        "state": tables.silence_state(quiet),
        "silence": quiet,
        "aim": targets.aims(mine, wanted.period)[0],
        "duties": told,
        "topics": _bars(mix.topics(mine, year)),
        "months": month_choices(wanted),
        "followed_at": state.followed_at if state else None,
    }
    return render(request, "monitoring/office.html", context)
