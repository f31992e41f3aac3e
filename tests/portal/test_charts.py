"""Geometry: scales, maps, calendars, lines."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.models import Province, Stage
from portal import charts

ANY_PACE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # of a busy machine
DAYS = st.dates(date(2015, 1, 1), date(2027, 12, 31))


@ANY_PACE
@given(st.lists(st.integers(-50, 10_000), max_size=60))
def test_each_value_is_in_the_class_the_legend_says(values):
    scale = charts.scale_of(values)
    assert len(scale.bounds) == len(scale.tops) <= 5
    for value in values:
        step = scale.step(value)
        assert (step == 0) == (value <= 0)
        if value > 0:
            index = step - (5 - len(scale.bounds)) - 1
            assert scale.bounds[index] <= value <= scale.tops[index]


@ANY_PACE
@given(st.lists(st.integers(1, 100), min_size=1, max_size=40))
def test_a_higher_value_is_never_paler(values):
    scale = charts.scale_of(values)
    steps = [scale.step(value) for value in sorted(values)]
    assert steps == sorted(steps)
    assert steps[-1] == 5


def test_one_crowded_province_does_not_make_all_others_pale():
    scale = charts.scale_of([*range(1, 38), 100_000])
    assert len({scale.step(value) for value in range(1, 38)}) == 5


def test_numbers_are_written_as_indonesians_do():
    assert charts.number(12345) == "12.345"
    assert charts.number(2.5) == "2,5"
    assert charts.number(-3, signed=True) == "−3"
    assert charts.number(3, signed=True) == "+3"


def province(code, column=0, row=0):
    return Province(pk=int(code), code=code, name=f"P{code}", slug=f"p{code}", tile_col=column, tile_row=row)


def test_unknown_differs_from_zero_and_comes_last():
    found = charts.map_of([(province("11"), 0), (province("12"), 0), (province("13"), 4)], "", known={12})
    assert [region.step for region in found.regions] == ["u", 0, 5]
    assert found.ranked[-1].province.code == "11"
    assert found.has_unknown


def test_the_map_parts_between_columns_seven_and_eight():
    found = charts.map_of([(province("11", column=7), 1), (province("12", column=8), 1)], "")
    assert [region.x for region in found.west] == [7 * 44]
    assert [region.x for region in found.east] == [0]


def test_a_province_links_to_its_search_with_the_other_filters():
    found = charts.map_of([(province("11"), 1)], "topik=logistik")
    assert found.regions[0].query == "provinsi=p11&topik=logistik"


def test_every_province_has_an_outline_within_the_drawing():
    drawing = charts.outlines()
    assert len(drawing.paths) == 38
    for path in drawing.paths.values():
        for x, y in re.findall(r"M(\d+) (\d+)l", path):
            assert 0 <= int(x) <= drawing.width
            assert 0 <= int(y) <= drawing.height


@ANY_PACE
@given(DAYS, st.integers(0, 900))
def test_a_calendar_holds_each_day_once_with_monday_first(first, length):
    last = first + timedelta(days=length)
    found = charts.calendar_of({first: 3}, first, last)
    days = [day for month in found.months for day in month.days]
    assert [day.day for day in days] == [first + timedelta(days=number) for number in range(length + 1)]
    assert all(day.x == day.day.weekday() * 14 for day in days)
    assert all(0 <= day.y <= 5 * 14 for day in days)
    assert sum(day.posts for day in days) == 3


@ANY_PACE
@given(DAYS, st.integers(0, 2500), st.integers(0, 2500))
def test_a_line_loses_no_post_whatever_its_unit(first, length, offset):
    last = first + timedelta(days=length)
    inside = first + timedelta(days=min(offset, length))
    line = charts.line_of({inside: 7, last + timedelta(days=1): 100}, first, last)
    assert sum(point.posts for point in line.points) == 7
    assert line.points[0].first == first
    assert line.points[-1].last == last
    assert line.peak.first <= inside <= line.peak.last
    assert line.points[-1].x + line.points[-1].width == pytest.approx(1000)


def test_weeks_of_a_line_begin_on_monday():
    line = charts.line_of({}, date(2026, 1, 1), date(2026, 12, 31))
    assert line.unit == "pekan"
    assert all(point.first.weekday() == 0 for point in line.points[1:])


def test_stages_lie_behind_the_days_they_cover():
    stage = Stage(name="Kampanye", start=date(2023, 11, 28), end=date(2024, 2, 10))
    line = charts.line_of({}, date(2024, 1, 1), date(2024, 4, 9), [stage])
    assert (line.bands[0].x, round(line.bands[0].width)) == (0, 410)
    assert charts.line_of({}, date(2025, 1, 1), date(2025, 2, 1), [stage]).bands == []


def test_a_month_without_posts_still_has_its_bar():
    bars = charts.mix_of({date(2026, 1, 1): (1, 2)}, date(2026, 1, 5), date(2026, 3, 9))
    assert [(bar.within, bar.outside) for bar in bars] == [(1, 2), (0, 0), (0, 0)]


def test_a_whole_month_is_named_as_such():
    assert charts.span(date(2026, 2, 1), date(2026, 2, 28)) == "Februari 2026"
    assert charts.span(date(2026, 2, 2), date(2026, 2, 8)) == "2–8 Februari 2026"
    assert charts.span(date(2026, 2, 2), date(2026, 2, 2)) == "2 Februari 2026"
