"""The monthly report on paper: one province (or the account's whole scope), its figures and charts as PDF.

Drawn with fpdf2 and the PDF core fonts, so that nothing has to be installed; what Windows-1252 cannot
write becomes a question mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from portal.monitoring.asked import Asked, month_name
from portal.monitoring.figures import compare, mix
from portal.monitoring.figures.overview import Overview, overview
from portal.monitoring.reports import publishing, silence
from portal.monitoring.tables import Moment, Table, shown

RED, INK, GREY, PALE = (139, 16, 20), (26, 26, 26), (110, 105, 100), (235, 230, 226)
MARGIN, WIDTH = 16, 178  # of A4, millimetres
ROWS = 60  # of a table; the rest is in the files
TABLE = 64  # millimetres of its heading, notes, head and first rows


class Paper(FPDF):
    """A4 with a foot on every page."""

    def __init__(self, title: str, foot: str) -> None:
        super().__init__(format="A4")
        self.foot = foot
        self.core_fonts_encoding = "windows-1252"
        self.set_title(title)
        self.set_lang("id")
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, 18)
        self.add_page()

    def footer(self) -> None:
        self.set_y(-13)
        self._style(8, GREY)
        self.cell(WIDTH - 20, 5, written(self.foot))
        self.cell(20, 5, str(self.page_no()), align="R")

    def heading(self, text: str, size: int = 12, room: int = 40) -> None:
        """`room` is what must be left for it and the first of what follows, millimetres."""
        self.ln(4)
        if self.will_page_break(room):
            self.add_page()
        self._style(size, INK, "B")
        self._line(text, size * 0.5)

    def sentence(self, text: str, *, small: bool = False) -> None:
        self._style(8 if small else 10, GREY if small else INK)
        self._line(text, 3.8 if small else 5)
        self.ln(1)

    def bars(self, rows: Sequence[tuple[str, int]]) -> None:
        """A bar for each, with name and number: nothing is told by colour alone."""
        most = max((value for _name, value in rows), default=0) or 1
        for name, value in rows:
            if self.will_page_break(6):
                self.add_page()
            self._style(9, INK)
            self.cell(62, 5.2, written(name)[:42])
            self.set_fill_color(*RED)
            y = self.get_y() + 1
            self.rect(self.get_x(), y, 95 * value / most if value else 0.2, 3.2, style="F")
            self.set_x(MARGIN + 62 + 97)
            self.cell(19, 5.2, shown(value), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def columns(self, days: Sequence[tuple[date, int]]) -> None:
        """Posts of each day as columns; the highest is named."""
        if not days:
            return
        most, height, top = max(posts for _day, posts in days) or 1, 28.0, self.get_y() + 5
        step = WIDTH / len(days)
        self.set_fill_color(*RED)
        for number, (_day, posts) in enumerate(days):
            tall = height * posts / most
            self.rect(MARGIN + number * step + step * 0.15, top + height - tall, step * 0.7, tall, style="F")
        self.set_draw_color(*GREY)
        self.line(MARGIN, top + height, MARGIN + WIDTH, top + height)
        self._style(8, GREY)
        highest = max(range(len(days)), key=lambda number: days[number][1])
        self.set_xy(max(MARGIN, min(MARGIN + (highest + 0.5) * step - 10, MARGIN + WIDTH - 20)), top - 4.5)
        self.cell(20, 4, shown(days[highest][1]), align="C")
        self.set_xy(MARGIN, top + height + 1)
        self.cell(WIDTH / 2, 4, written(date_format(days[0][0], "j F Y")))
        self.cell(
            WIDTH / 2,
            4,
            written(date_format(days[-1][0], "j F Y")),
            align="R",
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )
        self.set_y(top + height + 6)

    def rows(self, table: Table, wanted: Sequence[int], widths: Sequence[int]) -> None:
        """Some columns of a table; heads are repeated on every page."""
        self._style(8, INK)
        self.set_draw_color(*PALE)
        self.set_fill_color(255)  # else the last bar's red fills the cells
        aligns = tuple("RIGHT" if table.columns[n].is_number else "LEFT" for n in wanted)
        head = FontFace(emphasis="BOLD", color=INK, fill_color=PALE)
        with self.table(
            width=WIDTH, col_widths=tuple(widths), text_align=aligns, headings_style=head, line_height=4.4
        ) as paper:
            line = paper.row()
            for number in wanted:
                line.cell(written(table.columns[number].label))
            for row in table.rows[:ROWS]:
                line = paper.row()
                for number in wanted:
                    line.cell(written(shown(row[number])))
        if (left := len(table.rows) - ROWS) > 0:
            self.sentence(_("dan %d baris lagi; seluruhnya ada dalam CSV dan XLSX.") % left, small=True)

    def _line(self, text: str, height: float) -> None:
        self.multi_cell(WIDTH, height, written(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _style(self, size: int, colour: tuple[int, int, int], style: str = "") -> None:
        self.set_font("helvetica", style, size)
        self.set_text_color(*colour)


def monthly(asked: Asked) -> bytes:
    """The report as PDF."""
    place = asked.filters[0]
    title = _("Laporan bulanan %(place)s, %(time)s") % {
        "place": place,
        "time": month_name(asked.period) if asked.is_month else asked.span,
    }
    paper = Paper(title, _("Pantauan Berita KPU · data per %s") % shown(Moment(asked.now)))
    paper.heading(title, 16)
    found = overview(asked.satker, asked.period, asked.now, drawn=asked.period.days, each=False)
    _publishing(paper, asked, found)
    _subjects(paper, asked)
    _ranking(paper, asked)
    _silence(paper, asked)
    return bytes(paper.output())


def _publishing(paper: Paper, asked: Asked, found: Overview) -> None:
    sums = found.sums
    share = (
        _("asal belum ditentukan")
        if sums.own_share is None
        else _("%s%% karya sendiri") % shown(sums.own_share)
    )
    words = _(
        "%(active)s dari %(all)s satker memuat %(posts)s berita (%(share)s). %(silent)s satker tanpa berita, "
        "%(unknown)s tidak diketahui karena umpannya tidak terbaca."
    )
    paper.sentence(
        words
        % {
            "active": shown(found.active),
            "all": shown(len(found.offices)),
            "posts": shown(sums.posts),
            "share": share,
            "silent": shown(found.silent),
            "unknown": shown(found.unknown),
        }
    )
    pairs = compare.offices(asked.satker, asked.before, asked.period)
    before = sum(pair.before.posts for pair in pairs)
    paper.sentence(_("Masa sebelumnya: %s berita.") % shown(before))
    paper.heading(_("Berita tiap hari"))
    counts = zip(*(place.days for place in found.places), strict=True)
    paper.columns([(day, sum(n or 0 for n in posts)) for day, posts in zip(found.days, counts, strict=True)])
    paper.heading(_("Asal berita"))
    paper.bars(
        [
            (_("karya sendiri"), sums.own),
            (_("muat ulang pusat"), sums.central),
            (_("muat ulang provinsi"), sums.provincial),
            (_("muat ulang satker lain"), sums.peer),
            (_("berita bawahan"), sums.child),
            (_("belum ditentukan"), sums.undecided),
        ]
    )


def _subjects(paper: Paper, asked: Asked) -> None:
    topics = mix.topics(asked.satker, asked.period)
    if topics:
        paper.heading(_("Topik"))
        paper.bars([(topic.name, posts) for topic, posts in topics])
        paper.sentence(_("Satu berita dapat mempunyai beberapa topik."), small=True)
    stages = publishing.stage_mix(asked)
    paper.heading(_("Tahapan dan non-tahapan"))
    paper.sentence(stages.summary)


def _ranking(paper: Paper, asked: Asked) -> None:
    table = publishing.monthly_ranking(asked)
    paper.heading(table.title, room=TABLE)
    paper.sentence(table.summary)
    paper.sentence(table.counted, small=True)
    paper.rows(table, (1, 3, 4, 5, 9, 10, 13, 14), (16, 49, 16, 14, 12, 18, 22, 36))


def _silence(paper: Paper, asked: Asked) -> None:
    for table, columns, widths in (
        (silence.silent_satker(asked), (1, 4, 5, 6, 8), (55, 22, 20, 26, 55)),
        (silence.duty_list(asked), (1, 3, 4, 5, 7), (70, 36, 26, 26, 20)),
    ):
        paper.heading(table.title, room=TABLE)
        paper.sentence(table.summary)
        paper.sentence(table.counted, small=True)  # behind the rows it would at times have a page of its own
        if table.rows:
            paper.rows(table, columns, widths)


def written(text: str) -> str:
    """As the core fonts can write it."""
    return text.encode("windows-1252", "replace").decode("windows-1252")
