"""Numbers and days in the reader's words. Kept, because a page says the same ones hundreds of times and
Django's formats cost some 30 µs each."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format, time_format
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aggregator.models.registry import Zone

_ZONE_LABELS = dict(Zone.choices)  # an enumeration makes its choices anew each time it is asked


def number(value: float, *, signed: bool = False) -> str:
    """In the reader's notation: whole numbers grouped, others with one decimal; a true minus sign."""
    if not signed and type(value) is int and 0 <= value < 1000:  # most are: the same in every language
        return str(value)
    return _number(value, signed, get_language())


def day(on: date, pattern: str) -> str:
    """A day (or a moment's day on its own clocks) by one of Django's formats for days."""
    return _day(on.year, on.month, on.day, pattern, get_language())


def moment(at: datetime, pattern: str) -> str:
    """A moment on its own clocks, by one of Django's formats that say no seconds."""
    return _moment(at.year, at.month, at.day, at.hour, at.minute, pattern, get_language())


def clock(hour: int, minute: int) -> str:
    """ "09.05"."""
    return _clock(hour, minute, get_language())


def address(name: str, *arguments: str) -> str:
    """Of one of our pages, in the reader's language. Kept, because a page asks for the same ones again and
    again; not for pages of posts, which are many."""
    return _address(name, arguments, get_language())


def local(at: datetime, zone: str) -> datetime:
    """The same instant on the clocks of `zone`."""
    return at.astimezone(ZoneInfo(zone))


def zone_label(zone: str) -> str:
    """WIB, WITA or WIT; the zone's own name if it is none of ours."""
    return _ZONE_LABELS.get(zone, zone)


def ago(at: datetime) -> str:
    """A relative time as an addition to the absolute one: "3 hari lalu"; nothing beyond a month."""
    seconds = int((timezone.now() - at).total_seconds())
    for size, words in ((86400, _("%d hari lalu")), (3600, _("%d jam lalu")), (60, _("%d menit lalu"))):
        if seconds >= size:
            count = seconds // size
            return words % count if size < 86400 or count <= 31 else ""
    return _("baru saja") if seconds >= 0 else ""


def cut(text: str, most: int) -> str:
    """Text of so many characters at most, as `truncatechars` cuts it."""
    if len(text) <= most and text.isascii():
        return text
    return Truncator(text).chars(most)


@lru_cache(maxsize=1024)
def _address(name: str, arguments: tuple[str, ...], language: str | None) -> str:
    return reverse(name, args=arguments)


@lru_cache(maxsize=8192)
def _number(value: float, signed: bool, language: str | None) -> str:
    text = number_format(abs(value), 0 if value == int(value) else 1, force_grouping=True)
    sign = "−" if value < 0 else "+" if signed and value > 0 else ""
    return sign + text


@lru_cache(maxsize=8192)
def _day(year: int, month: int, number: int, pattern: str, language: str | None) -> str:
    return date_format(date(year, month, number), pattern)


@lru_cache(maxsize=4096)
def _moment(
    year: int, month: int, number: int, hour: int, minute: int, pattern: str, language: str | None
) -> str:
    return date_format(datetime(year, month, number, hour, minute), pattern)  # noqa: DTZ001 - only written


@lru_cache(maxsize=4096)
def _clock(hour: int, minute: int, language: str | None) -> str:
    return time_format(time(hour, minute), "TIME_FORMAT")
