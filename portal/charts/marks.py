"""The marks of charts and the rows of their tables, as markup. Written here and not in templates: a page
holds them by the hundred, and a template takes ten times as long.

`search` is the address of the search with a query, to which a mark adds what it stands for. Everything that
is not ours (names, queries) is escaped once, here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from html import escape
from urllib.parse import urlencode

from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.activity import TopicCount
from portal.charts.calendars import Hour, Month, Week
from portal.charts.lines import Line, MonthMix, span
from portal.charts.maps import Region
from portal.charts.matrix import Matrix
from portal.charts.places import Spot
from portal.wording import day, number


def months(found: Iterable[Month], search: str) -> SafeString:
    """The months of a calendar, each a drawing of its days."""
    return _joined(
        f'<figure class="month"><figcaption>{day(month.first, "M Y")}</figcaption>'
        '<svg class="chart" viewBox="0 0 98 84" role="group" '
        f'aria-label="{day(month.first, "F Y")}">{squares(month, search)}</svg></figure>'
        for month in found
    )


def squares(month: Month, search: str) -> SafeString:
    """The days of a calendar's month as links to the search of each."""
    frame = _frame(tuple((one.day, one.x, one.y, one.unread) for one in month.days), get_language())
    filled = frame % tuple(
        value for one in month.days for value in (number(one.posts), 0 if one.posts else -1, one.step)
    )
    return SafeString(filled.replace(ADDRESS, escape(search)))


ADDRESS = "\0"  # stands for the search's address in a frame


@lru_cache(maxsize=1024)
def _frame(days: tuple[tuple[date, int, int, bool], ...], language: str | None) -> str:
    """Squares of these days, with places for the search and for the posts, tab index and step of each: a
    calendar says most of it to everyone."""
    name = day(days[0][0], "F Y")
    words, unread = _("%(day)s: %(posts)s berita"), _("%(day)s: tidak diketahui")

    def label(on: date, is_unread: bool) -> str:
        said = {"day": f"{on.day} {name}", "posts": ADDRESS}
        text = escape((unread if is_unread else words) % said).replace("%", "%%")
        return f"{text}%.0s" if is_unread else text.replace(ADDRESS, "%s")

    return "".join(
        f'<a href="{ADDRESS}&amp;dari={on.isoformat()}&amp;sampai={on.isoformat()}" '
        f'aria-label="{label(on, is_unread)}" tabindex="%s">'
        f'<rect class="cell {"unread%.0s" if is_unread else "s%s"}" x="{x}" y="{y}" '
        'width="12" height="12"/></a>'
        for on, x, y, is_unread in days
    )


def month_rows(months: Iterable[Month], search: str) -> SafeString:
    """The months of a calendar as rows of a table."""
    search = escape(search)
    return _joined(
        f'<tr><th scope="row"><a href="{search}&amp;dari={month.first.isoformat()}'
        f'&amp;sampai={month.last.isoformat()}">{day(month.first, "F Y")}</a></th>'
        f'<td class="n">{number(month.posts)}</td></tr>'
        for month in months
    )


def weekday_rows(week: Week, search: str) -> SafeString:
    """Weekdays as rows of a table whose cells, where there are posts, lead to the search of the hour."""
    search = escape(search)

    def cell(weekday: int, hour: Hour) -> str:
        if not hour.posts:
            return f'<td class="b{hour.step}">0</td>'
        link = f"{search}&amp;hari={weekday}&amp;jam={hour.hour}"
        return f'<td class="b{hour.step}"><a href="{link}">{number(hour.posts)}</a></td>'

    return _joined(
        f'<tr><th scope="row">{day.name}</th>{"".join(cell(place, hour) for hour in day.hours)}</tr>'
        for place, day in enumerate(week.days, start=1)
    )


def bars(topics: Sequence[TopicCount], search: str) -> SafeString:
    """Topics as items of a list, each with a bar as long as its posts are many."""
    search = escape(search)
    return _joined(
        f'<li><a href="{search}&amp;topik={row.topic.slug}">{escape(row.topic.label)}</a>'
        f'<span class="count">{number(row.posts)}</span>'
        f'<svg class="chart stretch thin" viewBox="0 0 {topics[0].posts} 10" preserveAspectRatio="none" '
        f'aria-hidden="true"><rect class="bar-a" width="{row.posts}" height="10"/></svg></li>'
        for row in topics
    )


def topic_rows(matrix: Matrix, search: str) -> SafeString:
    """Topics as rows of a table whose cells link to the search of topic and month."""
    search = escape(search)
    return _joined(
        f'<tr><th scope="row">{escape(row.topic.label)}</th>'
        + "".join(
            f'<td class="b{cell.step}"><a href="{search}&amp;topik={row.topic.slug}'
            f"&amp;dari={cell.column.first.isoformat()}&amp;sampai={cell.column.last.isoformat()}"
            f'">{number(cell.posts)}</a></td>'
            for cell in row.cells
        )
        + "</tr>"
        for row in matrix.rows
    )


def hits(line: Line, search: str) -> SafeString:
    """What is pointed at on a line: each span of time, named, as a link to its search."""
    search, words = escape(search), _("%(span)s: %(posts)s berita")
    return _joined(
        f'<a href="{search}&amp;dari={point.first.isoformat()}&amp;sampai={point.last.isoformat()}" '
        f'aria-label="{escape(words % {"span": point.span, "posts": number(point.posts)})}">'
        f'<rect class="hit" x="{point.x:.1f}" y="0" width="{point.width:.1f}" height="200"/></a>'
        for point in line.points
    )


def point_rows(line: Line) -> SafeString:
    """The line as rows of a table."""
    return _joined(
        f'<tr><th scope="row">{span(point.first, point.last)}</th>'
        f'<td class="n">{number(point.posts)}</td></tr>'
        for point in line.points
    )


def tiles(regions: Iterable[Region], search: str) -> SafeString:
    """Provinces as squares with abbreviation and number."""
    return _joined(
        f"{_region(one, search)}"
        f'<rect class="cell s{one.step}" x="{one.x}" y="{one.y}" width="42" height="42" rx="2" '
        f'transform="translate(1 1)"/><text class="l{one.step}" x="{one.x}" y="{one.y}" dx="22" dy="20" '
        f'text-anchor="middle" font-size="13" font-weight="600">{escape(one.province.abbr)}</text>'
        f'<text class="l{one.step}" x="{one.x}" y="{one.y}" dx="22" dy="35" '
        f'text-anchor="middle" font-size="12">{one.shown}</text></a>\n'
        for one in regions
    )


def outlines(regions: Iterable[Region], search: str) -> SafeString:
    """Provinces in their true shape."""
    return _joined(
        f'{_region(one, search)}<path class="cell s{one.step}" d="{one.outline}"/></a>\n' for one in regions
    )


def _region(one: Region, search: str) -> str:
    fresh = ' class="fresh"' if one.fresh else ""
    return (
        f'<a{fresh} data-tempat="{one.province.slug}" href="{escape(f"{search}?{one.query}")}" '
        f'aria-label="{escape(one.label)}">'
    )


def region_rows(regions: Iterable[Region], search: str) -> SafeString:
    """The map as rows of a table."""
    unknown = _("tidak diketahui")
    return _joined(
        f'<tr><th scope="row"><a href="{escape(f"{search}?{one.query}")}">{escape(one.province.name)}'
        "</a></th>"
        f'<td class="n">{unknown if one.step == "u" else one.shown}</td></tr>'
        for one in regions
    )


def spots(found: Iterable[Spot], search: str) -> SafeString:
    """Offices as circles where they stand."""
    return _joined(
        f'<a href="{escape(f"{search}?{one.query}")}" aria-label="{escape(one.label)}">'
        f'<circle class="cell s{one.step}" cx="{one.x}" cy="{one.y}" r="{one.radius}"/></a>\n'
        for one in found
    )


def mix_bars(mix: Sequence[MonthMix], search: str, slugs: Mapping[int, str]) -> SafeString:
    """Months as bars of two parts, each a link to the search of its posts; `slugs` are those of stages."""
    search, words = escape(search), MonthMix.words()
    return _joined(
        f'<a href="{search}&amp;{part}{_days(bar)}" aria-label="{escape(bar.labelled(words))}">'
        f'<rect class="{shade}" x="{bar.x:.1f}" y="{y:.1f}" width="{bar.width:.1f}" '
        f'height="{height:.1f}"/></a>'
        for bar in mix
        for posts, shade, y, height, part in (
            (bar.outside, "bar-b", bar.outside_y, bar.outside_height, "tahapan=non"),
            (bar.within, "bar-a", bar.within_y, bar.within_height, stages_query(bar.stages, slugs)),
        )
        if posts
    )


def mix_rows(mix: Sequence[MonthMix], search: str, slugs: Mapping[int, str]) -> SafeString:
    """The same months as rows of a table."""
    search = escape(search)

    def linked(posts: int, part: str, bar: MonthMix) -> str:
        return f'<a href="{search}&amp;{part}{_days(bar)}">{number(posts)}</a>'

    return _joined(
        f'<tr><th scope="row">{day(bar.first, "F Y")}</th>'
        f'<td class="n">{linked(bar.within, stages_query(bar.stages, slugs), bar) if bar.within else 0}</td>'
        f'<td class="n">{linked(bar.outside, "tahapan=non", bar)}</td></tr>'
        for bar in mix
    )


def stages_query(stages: Iterable[int], slugs: Mapping[int, str]) -> str:
    """The part of a query string that asks for any of these stages, escaped."""
    return escape(urlencode([("tahapan", slugs[pk]) for pk in stages if pk in slugs]))


def _days(bar: MonthMix) -> str:
    return f"&amp;dari={bar.first.isoformat()}&amp;sampai={bar.last.isoformat()}"


def _joined(parts: Iterable[str]) -> SafeString:
    return SafeString("".join(parts))
