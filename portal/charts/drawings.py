"""The charts as drawings that stand alone: for download, print and slides.

Colours are attributes and those of the light theme, because an SVG that leaves the portal takes no style
sheet along. Every drawing says what it shows, for which period, as of when, and where it came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.charts import lines
from portal.charts.calendars import Calendar, Week
from portal.charts.lines import Line, MonthMix
from portal.charts.maps import Map, outlines
from portal.charts.matrix import Matrix
from portal.charts.places import CloseUp
from portal.charts.scale import Scale
from portal.wording import number

WIDTH, MARGIN = 1048, 24
PAPER, RAISED, INK, MUTED, LINE = "#ffffff", "#f6f4f2", "#1a1a1a", "#595652", "#d9d5d0"
STEPS = (PAPER, "#fce1de", "#f7afa8", "#e97970", "#c3302c", "#80070d")
FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif"
HATCH = (
    '<defs><pattern id="u" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="#fff"/><path d="M0 0V6" stroke="#8c8680" stroke-width="1.5"/></pattern>'
    '<pattern id="d" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect width="6" height="6" fill="#fff"/><circle cx="3" cy="3" r="1" fill="#8c8680"/></pattern></defs>'
)


@dataclass(frozen=True, slots=True)
class Caption:
    """What stands around a drawing."""

    title: str
    period: str  # and filters, in words
    source: str  # address and "data per"


@dataclass(frozen=True, slots=True)
class Body:
    """A drawing without its frame."""

    height: float
    marks: SafeString


def sheet(caption: Caption, body: Body) -> str:
    """The whole SVG document."""
    height = round(body.height) + 136
    return HEAD % {
        "width": WIDTH,
        "height": height,
        "font": FONT,
        "ink": INK,
        "hatch": HATCH,
        "title": format_html("{}", caption.title),
        "period": format_html("{}", caption.period),
        "source": format_html("{}", caption.source),
        "marks": body.marks,
        "foot": height - 20,
        "inner": WIDTH - 2 * MARGIN,
        "muted": MUTED,
    }


HEAD = """<svg xmlns="http://www.w3.org/2000/svg" width="%(width)s" height="%(height)s" \
viewBox="0 0 %(width)s %(height)s" role="img" aria-labelledby="judul uraian" \
font-family="%(font)s" fill="%(ink)s">
<title id="judul">%(title)s</title><desc id="uraian">%(period)s. %(source)s</desc>%(hatch)s
<rect width="100%%" height="100%%" fill="#fff"/>
<text x="24" y="40" font-size="22" font-weight="600">%(title)s</text>
<text x="24" y="64" font-size="14" fill="%(muted)s">%(period)s</text>
<g transform="translate(24 88)">%(marks)s</g>
<text x="24" y="%(foot)s" font-size="12" fill="%(muted)s">%(source)s</text>
</svg>
"""


def tiles(map_: Map) -> Body:
    """Each province a square: abbreviation and number."""
    marks = format_html_join(
        "\n",
        '<g transform="translate({} {})"><title>{}</title>'
        '<rect width="{}" height="{}" rx="3" fill="{}" stroke="{}"/>'
        '<text x="31" y="28" text-anchor="middle" font-size="17" font-weight="600" fill="{}">{}</text>'
        '<text x="31" y="49" text-anchor="middle" font-size="15" fill="{}">{}</text></g>',
        (
            (
                region.province.tile_col * 66,
                region.province.tile_row * 66,
                region.label,
                62,
                62,
                _fill(region.step),
                LINE,
                _on(region.step),
                region.province.abbr,
                _on(region.step),
                region.shown,
            )
            for region in map_.regions
        ),
    )
    return _with_legend(7 * 66, marks, map_.scale)


def regions(map_: Map) -> Body:
    """Indonesia in outlines."""
    drawing = outlines()
    shrunk = (WIDTH - 2 * MARGIN) / drawing.width
    marks = format_html_join(
        "\n",
        '<path d="{}" fill="{}" stroke="{}"><title>{}</title></path>',
        ((region.outline, _fill(region.step), "#8c8680", region.label) for region in map_.regions),
    )
    return _with_legend(
        drawing.height * shrunk,
        format_html('<g transform="scale({})">{}</g>', f"{shrunk:.3f}", marks),
        map_.scale,
    )


def close_up(drawing: CloseUp) -> Body:
    """One province and its offices, named on the right, most posts first."""
    outline = format_html('<path d="{}" fill="{}" stroke="{}"/>', drawing.path, RAISED, "#8c8680")
    spots = format_html_join(
        "\n",
        '<circle cx="{}" cy="{}" r="{}" fill="{}" stroke="{}"><title>{}</title></circle>',
        ((s.x, s.y, s.radius, _fill(s.step), INK, s.label) for s in drawing.spots),
    )
    names = format_html_join(
        "\n",
        '<text x="520" y="{}" font-size="13">{}</text>',
        (
            (14 + 20 * place, spot.label)
            for place, spot in enumerate(sorted(drawing.spots, key=lambda spot: -spot.row.posts))
        ),
    )
    height = max(drawing.height, 20 * len(drawing.spots) + 8)
    return _with_legend(height, format_html("{}{}{}", outline, spots, names), drawing.scale)


def line(chart: Line) -> Body:
    """Steps over time, stages as bands behind them, named below."""
    bands = format_html_join(
        "",
        '<rect x="{}" width="{}" height="200" fill="{}"/>',
        ((f"{band.x:.1f}", f"{band.width:.1f}", RAISED) for band in chart.bands),
    )
    names = format_html_join(
        "",
        '<text x="{}" y="{}" font-size="12" fill="{}">{}</text>',
        (
            (f"{min(band.x, 700):.0f}", 246 + 18 * n, MUTED, band.stage.label)
            for n, band in enumerate(chart.bands)
        ),
    )
    ends = _ends(chart.points[0].first, chart.points[-1].last) if chart.points else SafeString()
    marks = format_html(
        '{}<path d="{}" fill="{}"/><path d="{}" fill="none" stroke="#8b1014" stroke-width="2"/>'
        '<path d="M0 200H1000" stroke="{}"/><text y="-6" font-size="12" fill="{}">{}</text>{}{}',
        bands, chart.area, STEPS[1], chart.path, LINE, MUTED, number(chart.top), ends, names,
    )  # fmt: skip
    return Body(236 + 18 * len(chart.bands), marks)


def calendar(chart: Calendar) -> Body:
    """Months of squares, six in a row."""
    across, down, scale = 168, 150, 1.4
    months = []
    for place, month in enumerate(chart.months):
        squares = format_html_join(
            "",
            '<rect x="{}" y="{}" width="12" height="12" fill="{}" stroke="{}"><title>{}: {}</title></rect>',
            (
                (day.x, day.y, _fill(day.step), LINE, date_format(day.day, "j F Y"), number(day.posts))
                for day in month.days
            ),
        )
        months.append(
            format_html(
                '<g transform="translate({} {})"><text font-size="13" y="8">{}</text>'
                '<g transform="translate(0 16) scale({})">{}</g></g>',
                place % 6 * across, place // 6 * down, date_format(month.first, "M Y"), scale, squares,
            )
        )  # fmt: skip
    height = (len(chart.months) + 5) // 6 * down
    return _with_legend(height, format_html_join("\n", "{}", ((month,) for month in months)), chart.scale)


def week(chart: Week) -> Body:
    """Weekdays by hours."""
    side = 38
    heads = ((f"{hour:02}", 88 + hour * side + side / 2) for hour in range(24))
    marks = [
        format_html_join("", '<text x="{1}" y="12" font-size="12" text-anchor="middle">{0}</text>', heads)
    ]
    for row, day in enumerate(chart.days):
        marks.append(format_html('<text y="{}" font-size="13">{}</text>', 42 + row * side, day.name))
        marks.append(_cells(((hour.step, hour.posts) for hour in day.hours), 88, 20 + row * side, side, side))
    return _with_legend(20 + 7 * side + 8, _joined(marks), chart.scale)


def matrix(chart: Matrix) -> Body:
    """Topics by months."""
    left, height = 250, 30
    width = (WIDTH - 2 * MARGIN - left) / max(1, len(chart.columns))
    heads = ((column.label, left + n * width + width / 2) for n, column in enumerate(chart.columns))
    marks = [
        format_html_join("", '<text x="{1}" y="12" font-size="11" text-anchor="middle">{0}</text>', heads)
    ]
    for place, row in enumerate(chart.rows):
        marks.append(
            format_html('<text y="{}" font-size="13">{}</text>', 40 + place * height, row.topic.label)
        )
        cells = ((cell.step, cell.posts) for cell in row.cells)
        marks.append(_cells(cells, left, 20 + place * height, width, height))
    return _with_legend(20 + len(chart.rows) * height + 8, _joined(marks), chart.scale)


def bars(rows: Sequence[tuple[str, int, str]]) -> Body:
    """(label, value, value in words), as horizontal bars."""
    most = max((value for _label, value, _words in rows), default=0) or 1
    marks = format_html_join(
        "\n",
        '<text y="{0}" font-size="14">{1}</text>'
        '<rect x="300" y="{2}" width="{3}" height="14" fill="#c3302c"/>'
        '<text x="{4}" y="{0}" font-size="13">{5}</text>',
        (
            (
                14 + 26 * n,
                label,
                3 + 26 * n,
                f"{560 * value / most:.1f}",
                f"{308 + 560 * value / most:.0f}",
                words,
            )
            for n, (label, value, words) in enumerate(rows)
        ),
    )
    return Body(26 * len(rows), marks)


def mix(chart: Sequence[MonthMix]) -> Body:
    """Within a stage and outside of any, by month."""
    marks = format_html_join(
        "\n",
        '<g><title>{0}</title><rect x="{1}" y="{2}" width="{3}" height="{4}" fill="#f7afa8"/>'
        '<rect x="{1}" y="{5}" width="{3}" height="{6}" fill="#c3302c"/></g>',
        (
            (
                bar.label,
                *(
                    f"{value:.1f}"
                    for value in (
                        bar.x, bar.outside_y, bar.width, bar.outside_height, bar.within_y, bar.within_height,
                    )
                ),
            )
            for bar in chart
        ),
    )  # fmt: skip
    key = format_html(
        '<rect y="232" width="14" height="14" fill="#c3302c"/><text x="22" y="244" font-size="13">{}</text>'
        '<rect x="120" y="232" width="14" height="14" fill="#f7afa8"/>'
        '<text x="142" y="244" font-size="13">{}</text>',
        _("tahapan"), _("non-tahapan"),
    )  # fmt: skip
    return Body(252, format_html("{}{}{}", marks, _ends(chart[0].first, chart[-1].last), key))


def _cells(
    cells: Iterable[tuple[int, int]], left: float, top: float, width: float, height: float
) -> SafeString:
    return format_html_join(
        "",
        '<rect x="{0}" y="{1}" width="{2}" height="{3}" fill="{4}" stroke="{5}"/>'
        '<text x="{6}" y="{7}" font-size="11" text-anchor="middle" fill="{8}">{9}</text>',
        (
            (
                f"{left + n * width:.1f}", top, f"{width:.1f}", height, _fill(step), LINE,
                f"{left + (n + 0.5) * width:.1f}", f"{top + height / 2 + 4:.0f}", _on(step), number(posts),
            )
            for n, (step, posts) in enumerate(cells)
        ),
    )  # fmt: skip


def _ends(first: date, last: date) -> SafeString:
    return format_html(
        '<text y="218" font-size="12" fill="{0}">{1}</text>'
        '<text x="{3}" y="218" font-size="12" fill="{0}" text-anchor="end">{2}</text>',
        MUTED, date_format(first, "j M Y"), date_format(last, "j M Y"), lines.WIDTH,
    )  # fmt: skip


def _with_legend(height: float, marks: SafeString, scale: Scale) -> Body:
    entries = [(PAPER, "0"), *((STEPS[step], words) for step, words in scale.ranges)]
    entries += [("url(#u)", _("tidak diketahui"))] if "url(#u)" in marks else []
    entries += [("url(#d)", _("berkurang"))] if "url(#d)" in marks else []
    key = format_html_join(
        "",
        '<rect x="{0}" y="{1}" width="16" height="16" fill="{2}" stroke="#8c8680"/>'
        '<text x="{3}" y="{4}" font-size="13">{5}</text>',
        (
            (n * 130, round(height) + 8, fill, n * 130 + 24, round(height) + 21, words)
            for n, (fill, words) in enumerate(entries)
        ),
    )
    return Body(height + 32, format_html("{}{}", marks, key))


def _joined(marks: Iterable[SafeString]) -> SafeString:
    return format_html_join("\n", "{}", ((mark,) for mark in marks))


def _fill(step: int | str) -> str:
    if step == "x":
        return RAISED
    return STEPS[step] if isinstance(step, int) else f"url(#{step})"


def _on(step: int | str) -> str:
    """The colour of text on a cell."""
    return PAPER if isinstance(step, int) and step >= 4 else INK
