"""What sites write as the date of a post → aware UTC, with a verdict on its worth.

RFC 822, RFC 3339 and ISO 8601 take a fast path; the rest is read by parts, as Indonesian sites write:
"Sen, 20 Agustus 2021 09:00 WIB", "Jum'at, 20/08/2021 pukul 09.00". A time without a zone is the satker's
own. Days stand before months, unless only the other order is possible. No exception is used to decide.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from aggregator.records import DateStatus

EARLIEST_YEAR = 1995  # no election office had a site before; null dates of databases lie earlier
FUTURE_AFTER = timedelta(days=1)  # a clock or zone may be wrong by hours

_MONTH_NAMES = (
    ("jan", "januari", "january"),
    ("feb", "peb", "februari", "pebruari", "february"),
    ("mar", "mrt", "maret", "march"),
    ("apr", "april"),
    ("mei", "may"),
    ("jun", "juni", "june"),
    ("jul", "juli", "july"),
    ("agu", "agt", "ags", "agus", "agust", "agustus", "aug", "august"),
    ("sep", "sept", "september"),
    ("okt", "oktober", "oct", "october"),
    ("nov", "nop", "november", "nopember"),
    ("des", "desember", "dec", "december"),
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names}
_HOURS = {"wib": 7, "wita": 8, "wit": 9, "gmt": 0, "utc": 0, "ut": 0, "z": 0}
_HOURS |= {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_ZONES: dict[str, tzinfo] = {name: timezone(timedelta(hours=hours)) for name, hours in _HOURS.items()}

_RFC822 = re.compile(
    r"(?:[A-Za-z]{3,9},? )?(\d{1,2}) ([A-Za-z]{3,9}) (\d{4})"
    r" (\d\d):(\d\d)(?::(\d\d))? ?([+-]\d{4}|[A-Za-z]{1,4})?",
    re.ASCII,
)
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)? ?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII
)
_DAY, _MONTH, _YEAR = r"(?P<d>\d{1,2})", r"(?P<m>\d{1,2})", r"(?P<y>\d{4})"
_NAME = "(?P<m>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + ")"
_SHAPES = tuple(
    re.compile(shape, re.ASCII)
    for shape in (
        rf"(?<!\d){_YEAR}[-/.]{_MONTH}[-/.]{_DAY}(?!\d)",  # 2021-08-20
        rf"(?<!\d){_DAY}[-/.]{_MONTH}[-/.](?P<y>\d{{4}}|\d\d)(?!\d)",  # 20/08/2021
        rf"(?<!\d){_DAY}[\s/-]*{_NAME}[\s/-]*(?P<y>\d{{4}}|\d\d)(?!\d)",  # 20 Agustus 2021, 20-Agu-21
        rf"\b{_NAME}\s*{_DAY}(?:st|nd|rd|th)?\s+{_YEAR}(?!\d)",  # August 20th, 2021
        rf"\b{_NAME}\s+{_DAY}\s+(?=\d\d:).*?\b{_YEAR}\b",  # Fri Aug 20 09:00:00 2021
        r"(?<!\d)(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?!\d)",  # 20210820
    )
)
_CLOCK = re.compile(
    r"(?<![\d:.+-])(\d{1,2})[:.](\d\d)(?:[:.](\d\d))?(?:\.\d+)?(?![\d:])\s*(am|pm)?|t(\d\d)(\d\d)(\d\d)?",
    re.ASCII,
)
_OFFSET = re.compile(r"(?:gmt|utc)?\s*([+-])(\d{1,2}):?(\d\d)?\)?\s*$", re.ASCII)
_LOOSE_MARKS = re.compile(r",|(?<=[a-z])\.")
_ZONE_NAME = re.compile(r"(?<![a-z])(" + "|".join(sorted(_ZONES, key=len, reverse=True)) + r")(?![a-z])")


def read_date(text: str, *, timezone: str, now: datetime) -> tuple[datetime | None, DateStatus]:
    """When `text` says a post was published, in UTC.

    `timezone`: IANA name of the satker's zone, for times without one; `now`: aware. None for MISSING and
    IMPOSSIBLE; a date more than a day ahead of `now` is kept and is FUTURE."""
    text = text.strip()
    if not text:
        return None, DateStatus.MISSING
    moment = _strict(text, timezone) or _loose(text[:200], timezone)
    if moment is None:
        return None, DateStatus.IMPOSSIBLE
    return moment, DateStatus.FUTURE if moment - now > FUTURE_AFTER else DateStatus.OK


def _strict(text: str, zone: str) -> datetime | None:
    if match := _RFC822.fullmatch(text):
        day, name, year, hour, minute, second, offset = match.groups()
        month = _MONTHS.get(name.lower(), 0)
    elif match := _RFC3339.fullmatch(text):
        year, number, day, hour, minute, second, offset = match.groups()
        month = int(number)
    else:
        return None
    place = _place(offset, zone)
    if place is None:
        return None
    return _moment(int(year), month, int(day), (int(hour), int(minute), int(second or 0)), place)


def _loose(text: str, zone: str) -> datetime | None:
    text = " ".join(_LOOSE_MARKS.sub(" ", text.lower()).split())
    match = next(filter(None, (shape.search(text) for shape in _SHAPES)), None)
    if match is None:
        return None
    rest = _rest(text, match)
    named, offset = _ZONE_NAME.search(rest), _OFFSET.search(rest)
    place = _offset(offset) if offset else _ZONES[named[1]] if named else _zone(zone)
    return _moment(*_numbers(match), _clock(rest[: offset.start()] if offset else rest), place)


def _numbers(match: re.Match[str]) -> tuple[int, int, int]:
    year, day = int(match["y"]), int(match["d"])
    month = _MONTHS.get(match["m"]) or int(match["m"])
    if len(match["y"]) == 2:
        year += 2000 if year < 70 else 1900
    if month > 12 >= day and match.start("d") < match.start("m"):  # 08/20/2021
        day, month = month, day
    return year, month, day


def _rest(text: str, match: re.Match[str]) -> str:
    """What stands around the date; of a ctime date, also what stands between its parts."""
    inside = text[match.end("d") : match.start("y")] if match.end("d") < match.start("y") else ""
    return f"{text[: match.start()]} {inside if ':' in inside else ''} {text[match.end() :]}"


def _clock(text: str) -> tuple[int, int, int]:
    match = _CLOCK.search(text)
    if match is None:
        return 0, 0, 0
    first = 1 if match[1] else 5
    hour, minute, second = (int(match[n] or 0) for n in range(first, first + 3))
    if match[4] == "pm" and hour < 12:
        hour += 12
    elif match[4] == "am" and hour == 12:
        hour = 0
    return hour, minute, second


def _moment(year: int, month: int, day: int, clock: tuple[int, int, int], place: tzinfo) -> datetime | None:
    """The moment in UTC, or None when no calendar or clock shows it."""
    hour, minute, second = clock
    if not (EARLIEST_YEAR <= year <= 9998 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]):
        return None
    if hour == 24 and minute == second == 0:  # ISO 8601: the end of the day
        return datetime(year, month, day, tzinfo=place).astimezone(UTC) + timedelta(days=1)
    if hour > 23 or minute > 59 or second > 60:
        return None
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=place).astimezone(UTC)


def _place(offset: str | None, zone: str) -> tzinfo | None:
    """The zone of a strict date; None when it is named and not known."""
    if offset is None:
        return _zone(zone)
    if offset[0] in "+-":
        return _fixed(offset[0], offset[1:3], offset[-2:])
    return _ZONES.get(offset.lower())


def _offset(match: re.Match[str]) -> tzinfo:
    return _fixed(match[1], match[2], match[3] or "0")


@lru_cache(maxsize=256)
def _fixed(sign: str, hours: str, minutes: str) -> tzinfo:
    away = timedelta(hours=min(int(hours), 14), minutes=min(int(minutes), 59))
    return timezone(-away if sign == "-" else away)


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    return _ZONES.get(name.lower()) or ZoneInfo(name)
