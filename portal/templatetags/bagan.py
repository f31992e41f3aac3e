"""Charts: their marks, the rows of their tables, and long lists beside them (see portal/charts/marks.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from aggregator.models import Province, Satker
from portal.activity import TopicCount
from portal.board import Board
from portal.charts import marks
from portal.charts.calendars import Calendar, Week
from portal.charts.lines import Line, MonthMix
from portal.charts.maps import Region
from portal.charts.matrix import Matrix
from portal.days import Period
from portal.menu import Group
from portal.ranking import OfficeCount, Rank
from portal.templatetags.berita import clock, query_with, short_day
from portal.wording import address, day, number

register = template.Library()
register.simple_tag(marks.point_rows)
register.simple_tag(marks.tiles)
register.simple_tag(marks.outlines)
register.simple_tag(marks.region_rows)
register.simple_tag(marks.spots)


@register.simple_tag
def months(calendar: Calendar, search: str, query: str) -> SafeString:
    return marks.months(calendar.months, f"{search}?{query}")


@register.simple_tag
def bars(topics: Sequence[TopicCount], search: str, query: str) -> SafeString:
    return marks.bars(topics, f"{search}?{query}")


@register.simple_tag
def month_rows(calendar: Calendar, search: str, query: str) -> SafeString:
    return marks.month_rows(calendar.months, f"{search}?{query}")


@register.simple_tag
def weekday_rows(week: Week, search: str, query: str) -> SafeString:
    return marks.weekday_rows(week, f"{search}?{query}")


@register.simple_tag
def topic_rows(matrix: Matrix, search: str, query: str) -> SafeString:
    return marks.topic_rows(matrix, f"{search}?{query}")


@register.simple_tag
def hits(line: Line, search: str, query: str) -> SafeString:
    return marks.hits(line, f"{search}?{query}")


@register.simple_tag
def mix_bars(mix: Sequence[MonthMix], search: str, query: str, slugs: Mapping[int, str]) -> SafeString:
    return marks.mix_bars(mix, f"{search}?{query}", slugs)


@register.simple_tag
def mix_rows(mix: Sequence[MonthMix], search: str, query: str, slugs: Mapping[int, str]) -> SafeString:
    return marks.mix_rows(mix, f"{search}?{query}", slugs)


@register.simple_tag(takes_context=True)
def downloads(
    context: template.Context, name: str, span: Period | None = None, undrawn: bool = False
) -> SafeString:
    """Under a chart: its period, as of when, how counted, and the chart to take along; `undrawn` ones as a
    table only."""
    span, asked = span or context["board"].period, context["request"].GET.urlencode()
    query = f"?{escape(asked)}" if asked else ""
    forms = [("CSV", "activity_table")] + ([] if undrawn else [("SVG", "activity_drawing")])
    links = ", ".join(f'<a href="{address(page, name)}{query}">{form}</a>' for form, page in forms)
    return SafeString(
        f'<p class="fine">{day(span.first, "j M Y")} – {day(span.last, "j M Y")} · {_("Data per")} '
        f'{clock(context["read_at"])} · <a href="{address("method")}#angka">{_("Cara menghitung")}</a> · '
        f"{_('Unduh')} {links}</p>"
    )


@register.simple_tag(takes_context=True)
def place_links(context: template.Context, regions: Iterable[Region]) -> SafeString:
    """Provinces as items of a list, each leading to its offices in this view."""
    link = _to_offices(context)
    return SafeString("".join(f"<li>{link(region.province)}</li>" for region in regions))


@register.simple_tag(takes_context=True)
def rank_rows(context: template.Context, ranks: Iterable[Rank], search: str, query: str) -> SafeString:
    """The ranking of provinces as rows of a table."""
    link, query = _to_offices(context), escape(query)
    return SafeString(
        "".join(
            f'<tr><td class="n">{number(row.place or 0)}</td><th scope="row">{link(row.province)}</th>'
            f'<td class="n">{number(row.on_topic)}</td><td class="n">{number(row.active_days)}</td>'
            f'<td class="n">{number(row.own)}</td><td class="n">{number(row.reposts)}</td>'
            f'<td class="n"><a href="{search}?provinsi={row.province.slug}&amp;{query}">'
            f"{number(row.posts)}</a></td>"
            f'<td class="n">{number(row.silent)} / {number(row.read)}</td></tr>'
            for row in ranks
        )
    )


def _to_offices(context: template.Context) -> Links:
    return Links(escape(query_with(context, provinsi=None)))


class Links:
    """A province as the way to its offices, the other filters of the view kept."""

    def __init__(self, query: str) -> None:
        self.start = query if query == "?" else f"{query}&amp;"

    def __call__(self, place: Province) -> str:
        return f'<a href="{self.start}provinsi={place.slug}#kantor">{escape(place.name)}</a>'


@register.simple_tag
def office_rows(board: Board, search: str, query: str) -> SafeString:
    """Offices and what they published, as rows of a table; with a place where that is public."""
    query, prefix, unknown = escape(query), address("home").rstrip("/"), _("tidak diketahui")

    def figures(row: OfficeCount) -> str:
        if not row.posts and row.office.pk not in board.read_offices:
            return f'<td colspan="4" class="muted">{unknown}</td>'
        last = short_day(row.last_at, row.office.timezone) if row.last_at else "–"
        return (
            f'<td class="n"><a href="{search}?satker={row.office.code}&amp;{query}">'
            f"{number(row.posts)}</a></td>"
            f'<td class="n">{number(row.own)}</td><td class="n">{number(row.active_days)}</td><td>{last}</td>'
        )

    def place(row: OfficeCount) -> str:
        if not board.ranks_offices:
            return ""
        return f'<td class="n">{"–" if row.place is None else number(row.place)}</td>'

    return SafeString(
        "".join(
            f'<tr>{place(row)}<th scope="row">{_office(row.office, prefix)}</th>{figures(row)}</tr>'
            for row in board.offices
        )
    )


def _office(office: Satker, prefix: str) -> str:
    return f'<a href="{prefix}{office.get_absolute_url()}">{escape(office.name)}</a>'


@register.simple_tag
def office_items(offices: Iterable[Satker]) -> SafeString:
    """Offices as items of a list, with the day of their last post (`last_post_at`)."""
    prefix, none = address("home").rstrip("/"), _("belum ada berita")
    items = []
    for office in offices:
        at = getattr(office, "last_post_at", None)
        last = short_day(at, office.timezone) if at else none
        items.append(f'<li>{_office(office, prefix)}<span class="muted count">{last}</span></li>')
    return SafeString("".join(items))


@register.simple_tag
def picks(group: Group) -> SafeString:
    """The options of a filter as items of a list."""
    start = f'<li><label><input type="{"radio" if group.single else "checkbox"}" name="{group.name}" value="'
    return SafeString(
        "".join(
            f'{start}{escape(option.value)}"{" checked" if option.chosen else ""}>'
            f"<span>{escape(option.label)}</span>"
            + ("" if option.count is None else f'<span class="count">{number(option.count)}</span>')
            + "</label></li>"
            for option in group.options
        )
    )
