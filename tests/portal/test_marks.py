"""Marks and rows that are written without templates: right links, escaped names, the reader's notation."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils.translation import override

from aggregator.models import Province, Satker, Topic
from portal import charts, menu
from portal.activity import TopicCount
from portal.charts import marks
from portal.ranking import Rank

SEARCH = "/cari?q=rapat&topik=a"
NASTY = """Nusa "Tenggara" <b>'&"""
FIRST, LAST = date(2026, 1, 1), date(2026, 2, 3)


def links(markup):
    found = re.findall(r'href="([^"]*)"', markup)
    return [parse_qs(urlsplit(unescape(link)).query) for link in found]


def place(**more):
    return Province(pk=1, code="52", name=NASTY, slug="ntb", abbr="<i>", tile_col=1, tile_row=1, **more)


def rank(posts=1234):
    return Rank(1, place(), 3, 4, 5, 6, posts, 7, 8, 9)


def template(text, **context):
    page = Template("{% load bagan %}" + text)
    request = RequestFactory().get("/aktivitas?provinsi=bali&topik=logistik&sebelum=1")
    return page.render(Context({"request": request, **context}))


def test_each_day_of_a_calendar_leads_to_its_search():
    month = charts.calendar_of({FIRST: 1200}, FIRST, LAST).months[0]
    found = marks.squares(month, SEARCH)
    assert links(found)[0] == {
        "q": ["rapat"],
        "topik": ["a"],
        "dari": ["2026-01-01"],
        "sampai": ["2026-01-01"],
    }
    assert len(links(found)) == 31
    assert 'aria-label="1 Januari 2026: 1.200 berita" tabindex="0"' in found


def test_days_of_which_nothing_is_known_say_so_and_a_search_keeps_its_signs():
    month = charts.calendar_of({FIRST: 3}, FIRST, LAST, {FIRST, date(2026, 1, 2)}).months[0]
    found = marks.squares(month, "/cari?q=100%25+%s")
    assert 'aria-label="1 Januari 2026: 3 berita" tabindex="0"><rect class="cell s5" x="42"' in found
    assert (
        'aria-label="2 Januari 2026: tidak diketahui" tabindex="-1"><rect class="cell unread" x="56"' in found
    )
    assert found.count("/cari?q=100%25+%s&amp;dari=") == 31


def test_days_and_numbers_are_in_the_readers_language_though_they_are_kept():
    month = charts.calendar_of({FIRST: 1200}, FIRST, LAST).months[0]
    marks.squares(month, SEARCH)
    with override("en"):
        assert "1 January 2026: 1,200" in marks.squares(month, SEARCH)


def test_each_hour_with_posts_leads_to_its_search():
    grid = [[0] * 24 for _day in range(7)]
    grid[2][8] = 1200
    markup = marks.weekday_rows(charts.week_of(grid), SEARCH)
    assert links(markup) == [{"q": ["rapat"], "topik": ["a"], "hari": ["3"], "jam": ["8"]}]
    assert '<th scope="row">Rabu</th>' in markup
    assert ">1.200</a></td>" in markup


def test_each_span_of_a_line_leads_to_its_search_and_stands_in_the_table():
    line = charts.line_of({FIRST: 3}, FIRST, LAST)
    assert [link["dari"] for link in links(marks.hits(line, SEARCH))][:2] == [["2026-01-01"], ["2026-01-02"]]
    assert marks.point_rows(line).count("<tr>") == len(line.points)
    assert '<th scope="row">1 Januari 2026</th><td class="n">3</td>' in marks.point_rows(line)


def test_a_bar_of_tahapan_asks_for_its_stages_and_one_outside_for_none():
    mix = charts.mix_of({FIRST: (2, 1)}, FIRST, LAST, {FIRST: [7, 9]})
    for markup in (
        marks.mix_bars(mix, SEARCH, {7: "kampanye", 9: "dana"}),
        marks.mix_rows(mix, SEARCH, {7: "kampanye", 9: "dana"}),
    ):
        asked = {tuple(link["tahapan"]) for link in links(markup)}
        assert asked == {("non",), ("kampanye", "dana")}
        assert links(markup)[0]["sampai"] == ["2026-01-31"]


def test_names_cannot_break_out_of_any_mark():
    map_ = charts.map_of([(place(), 2)], 'q="><script>')
    counts = {(1, "2026-01"): 2}
    matrix = charts.matrix_of([TopicCount(Topic(pk=1, name=NASTY, slug="a"), 2)], counts, FIRST, LAST)
    office = Satker(pk=1, code="5201", name=NASTY, level="regency")
    group = menu.Group("satker", "Kantor", [menu.Option('"><script>', NASTY, True, 3)])
    written = [
        marks.tiles(map_.regions, "/cari"),
        marks.outlines(map_.regions, "/cari"),
        marks.region_rows(map_.regions, "/cari"),
        marks.topic_rows(matrix, '/cari?q="><script>'),
        template("{% place_links regions %}", regions=map_.regions),
        template("{% rank_rows ranks '/cari' query %}", ranks=[rank()], query='q="><script>'),
        template("{% office_items offices %}", offices=[office]),
        template("{% picks group %}", group=group),
    ]
    for markup in written:
        assert "<script>" not in markup
        assert "<b>" not in markup
        assert 'Nusa "' not in markup
        assert "Nusa &quot;Tenggara&quot; &lt;b&gt;&#x27;&amp;" in markup


def test_a_ranked_province_leads_to_its_offices_with_the_views_other_filters():
    markup = template("{% rank_rows ranks '/cari' query %}", ranks=[rank()], query="topik=logistik")
    to_offices, to_posts = links(markup)
    assert to_offices == {"topik": ["logistik"], "provinsi": ["ntb"]}
    assert to_posts == {"provinsi": ["ntb"], "topik": ["logistik"]}
    assert ">1.234</a>" in markup


def test_rows_of_offices_keep_the_readers_language():
    office = Satker(pk=1, code="5201", name="KPU Kabupaten Lombok Barat", level="regency")
    with override("en"):
        assert f'href="/en{office.get_absolute_url()}"' in template("{% office_items o %}", o=[office])
    assert f'href="{office.get_absolute_url()}"' in template("{% office_items o %}", o=[office])


@pytest.mark.parametrize(("single", "kind"), [(True, "radio"), (False, "checkbox")])
def test_an_option_says_whether_it_is_chosen_and_how_much_is_behind_it(single, kind):
    options = [menu.Option("a", "A", True, 1500), menu.Option("b", "B", False)]
    markup = template("{% picks group %}", group=menu.Group("topik", "Topik", options, single=single))
    assert (
        f'<input type="{kind}" name="topik" value="a" checked><span>A</span><span class="count">1.500<'
        in markup
    )
    assert f'<input type="{kind}" name="topik" value="b"><span>B</span></label>' in markup
