"""Geometry of the charts: numbers in, places and colour classes out. Templates draw; CSS colours."""

from portal.charts.calendars import Calendar, Week, calendar_of, week_of
from portal.charts.lines import Line, MonthMix, line_of, mix_of, span
from portal.charts.maps import MEASURES, Map, map_of, outlines
from portal.charts.scale import Scale, number, scale_of

__all__ = [
    "MEASURES",
    "Calendar",
    "Line",
    "Map",
    "MonthMix",
    "Scale",
    "Week",
    "calendar_of",
    "line_of",
    "map_of",
    "mix_of",
    "number",
    "outlines",
    "scale_of",
    "span",
    "week_of",
]
