"""Each chart of the activity view as a table (CSV) and as a drawing (SVG)."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import activity, charts, forms
from portal.board import Board
from portal.charts import drawings
from portal.monitoring.exports import plain
from portal.templatetags.berita import long_time
from portal.views.activity import SHAPES, read_board

Rows = Iterable[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Chart:
    title: Promise
    head: tuple[str, ...]
    rows: Callable[[Board], Rows]
    draw: Callable[[Board, HttpRequest], drawings.Body]


def table(request: HttpRequest, name: str) -> HttpResponse:
    """One chart's figures, with the period in the file's name."""
    chart, board = _chart(name), read_board(request)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    _name_file(response, f"{name}-{board.period.first}-{board.period.last}.csv")
    writer = csv.writer(response)
    writer.writerow(chart.head)
    for row in chart.rows(board):
        writer.writerow([plain(cell) if isinstance(cell, str) else cell for cell in row])
    return response


def drawing(request: HttpRequest, name: str) -> HttpResponse:
    """The chart itself; it says its filters, its period, as of when, and its address."""
    chart, board = _chart(name), read_board(request)
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    source = _("Data per %(at)s. Sumber: %(address)s") % {
        "at": long_time(timezone.now()),
        "address": f"{settings.BASE_URL}/aktivitas{query}",
    }
    caption = drawings.Caption(str(chart.title), board.title, source)
    svg = drawings.sheet(caption, chart.draw(board, request))
    response = HttpResponse(svg, content_type="image/svg+xml; charset=utf-8")
    _name_file(response, f"{name}-{board.period.first}-{board.period.last}.svg")
    return response


def _chart(name: str) -> Chart:
    if name not in CHARTS:
        raise Http404(_("Tidak ada tabel bernama “%s”.") % name)
    return CHARTS[name]


def _name_file(response: HttpResponse, name: str) -> None:
    response.headers["Content-Disposition"] = f'attachment; filename="aktivitas-{name}"'


def _province_rows(board: Board) -> Rows:
    counts, before = activity.per_province(board.places), activity.per_province(board.places_before)
    for place in board.atlas.provinces:
        yield place.code, place.name, counts[place.pk], place.offices, before[place.pk]


def _province_map(board: Board, request: HttpRequest) -> drawings.Body:
    outlined = forms.read_choice(request, "peta", SHAPES) == "wilayah"
    return drawings.regions(board.map) if outlined else drawings.tiles(board.map)


def _office_rows(board: Board) -> Rows:
    for row in board.offices:
        last = row.last_at.isoformat(timespec="seconds") if row.last_at else ""
        place = row.place or ""
        yield place, row.office.code, row.office.name, row.posts, row.own, row.on_topic, row.active_days, last


def _office_map(board: Board, request: HttpRequest) -> drawings.Body:
    if board.close_up is None:
        raise Http404(_("Pilih satu provinsi untuk menggambar kantor-kantornya."))
    return drawings.close_up(board.close_up)


def _day_rows(board: Board) -> Rows:
    counts = board.per_day
    return ((day.isoformat(), counts[day]) for day in sorted(counts))


def _hour_rows(board: Board) -> Rows:
    days = enumerate(board.week.days, start=1)
    return ((number, hour.hour, hour.posts) for number, day in days for hour in day.hours)


def _topic_rows(board: Board) -> Rows:
    return ((row.topic.label, row.posts) for row in board.topics)


def _topic_bars(board: Board, request: HttpRequest) -> drawings.Body:
    return drawings.bars([(row.topic.label, row.posts, charts.number(row.posts)) for row in board.topics])


def _topic_month_rows(board: Board) -> Rows:
    names = {row.topic.pk: row.topic.label for row in board.topics}
    months = sorted(board.topic_months.items(), key=lambda item: (item[0][1], names[item[0][0]]))
    return ((month, names[topic], posts) for (topic, month), posts in months)


def _month_rows(board: Board) -> Rows:
    return ((f"{bar.first:%Y-%m}", bar.within, bar.outside) for bar in board.mix)


def _rank_rows(board: Board) -> Rows:
    for row in board.ranks:
        place = "" if row.place is None else row.place
        counted = (row.on_topic, row.active_days, row.own, row.reposts, row.posts)
        yield place, row.province.name, *counted, row.offices, row.read, row.silent


def _rank_bars(board: Board, request: HttpRequest) -> drawings.Body:
    words = _("%(posts)s berita, %(days)s hari aktif")
    return drawings.bars(
        [
            (
                f"{row.place}. {row.province.name}",
                row.on_topic,
                words % {"posts": charts.number(row.on_topic), "days": row.active_days},
            )
            for row in board.placed
        ]
    )


CHARTS = {
    "provinsi": Chart(
        gettext_lazy("Berita KPU menurut provinsi"),
        ("code", "province", "posts", "offices", "posts_before"),
        _province_rows,
        _province_map,
    ),
    "kantor": Chart(
        gettext_lazy("Berita KPU menurut kantor"),
        ("place", "code", "office", "posts", "own", "own_on_topic", "active_days", "last_post_at"),
        _office_rows,
        _office_map,
    ),
    "hari": Chart(
        gettext_lazy("Berita KPU dari waktu ke waktu"),
        ("day", "posts"),
        _day_rows,
        lambda board, request: drawings.line(board.line),
    ),
    "kalender": Chart(
        gettext_lazy("Kalender berita KPU"),
        ("day", "posts"),
        _day_rows,
        lambda board, request: drawings.calendar(board.calendar),
    ),
    "jam": Chart(
        gettext_lazy("Berita KPU menurut hari dan jam"),
        ("weekday", "hour", "posts"),
        _hour_rows,
        lambda board, request: drawings.week(board.week),
    ),
    "topik": Chart(gettext_lazy("Berita KPU menurut topik"), ("topic", "posts"), _topic_rows, _topic_bars),
    "topik-bulanan": Chart(
        gettext_lazy("Topik berita KPU dari waktu ke waktu"),
        ("month", "topic", "posts"),
        _topic_month_rows,
        lambda board, request: drawings.matrix(board.matrix),
    ),
    "tahapan": Chart(
        gettext_lazy("Berita tahapan dan non-tahapan tiap bulan"),
        ("month", "within_stage", "outside"),
        _month_rows,
        lambda board, request: drawings.mix(board.mix),
    ),
    "peringkat": Chart(
        gettext_lazy("Peringkat provinsi menurut berita sendiri yang bertopik"),
        (
            "place", "province", "own_on_topic", "active_days", "own", "reposts", "posts", "offices",
            "offices_read", "silent",
        ),
        _rank_rows,
        _rank_bars,
    ),
}  # fmt: skip
