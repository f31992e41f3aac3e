"""Geometry of the charts: numbers in, places and colour classes out. Templates draw; CSS colours."""

from portal.charts.calendars import Calendar, Week, calendar_of, week_of
from portal.charts.lines import Line, MonthMix, line_of, mix_of, span
from portal.charts.maps import MEASURES, Map, map_of, outlines
from portal.charts.matrix import Matrix, matrix_of
from portal.charts.places import CloseUp, close_up_of
from portal.charts.scale import Scale, scale_of
from portal.wording import number

__all__ = [
    "MEASURES",
    "Calendar",
    "CloseUp",
    "Line",
    "Map",
    "Matrix",
    "MonthMix",
    "Scale",
    "Week",
    "calendar_of",
    "close_up_of",
    "line_of",
    "map_of",
    "matrix_of",
    "mix_of",
    "number",
    "outlines",
    "scale_of",
    "span",
    "week_of",
]
