"""The day of the event that a post tells of, where its text states one: "Jum'at (20/08/2021)",
"Selasa, 3 September 2024", "Senin (3/9)", "Wates, 16 Juli 2025"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

LOOK_AT = 1500  # characters from the beginning: later dates are of other things
OLDEST = timedelta(days=400)  # before the post; an older date is history, not the event
AHEAD = timedelta(days=1)  # a wrong clock; what lies further ahead is an announcement

_WEEKDAYS = {
    **dict.fromkeys(("senin",), 0),
    **dict.fromkeys(("selasa",), 1),
    **dict.fromkeys(("rabu",), 2),
    **dict.fromkeys(("kamis",), 3),
    **dict.fromkeys(("jumat", "jum'at", "jum`at"), 4),
    **dict.fromkeys(("sabtu",), 5),
    **dict.fromkeys(("minggu", "ahad"), 6),
}
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("januari", "jan"),
            ("februari", "pebruari", "feb"),
            ("maret", "mar"),
            ("april", "apr"),
            ("mei",),
            ("juni", "jun"),
            ("juli", "jul"),
            ("agustus", "agt", "agu", "ags"),
            ("september", "sept", "sep"),
            ("oktober", "okt"),
            ("november", "nopember", "nov"),
            ("desember", "des"),
        ),
        1,
    )
    for name in names
}
_DAY = "|".join(map(re.escape, _WEEKDAYS))
# Digits first, and only then whether a weekday stands before them: there are few of them to look at.
_WRITTEN = re.compile(
    rf"(?P<day>\d(?<!\w.)\d?)\s+(?P<month>{'|'.join(_MONTHS)})\b\.?(?:\s+(?P<year>\d{{4}}))?",
)
_NUMBERS = re.compile(
    r"(?P<day>\d(?<!\w.)\d?)\s?[/.-]\s?(?P<month>\d{1,2})(?:\s?[/.-]\s?(?P<year>\d{4}|\d{2}))?(?!\d)",
)
_BEFORE_WRITTEN = re.compile(rf"\b(?P<weekday>{_DAY})\b[\s,(]{{1,4}}(?:tanggal\s+)?\Z")
_BEFORE_NUMBERS = re.compile(rf"\b(?P<weekday>{_DAY})\b[\s,(]{{1,4}}\Z")
_FAR = 60  # characters before a date in which its weekday stands


def event_on(title: str, text: str, posted: date) -> date | None:
    """The first usable day that title or text state. `posted`: the day of the post, local.

    A missing year is the one that brings the date nearest before `posted`. A date that does not exist, or
    whose weekday is another, or that lies after the post or long before it, is refused.
    """
    passage = f"{title}\n{text[:LOOK_AT]}".lower().replace("’", "'").replace("‘", "'")
    found = sorted(_dates(passage, posted), key=lambda item: (not item[0], item[1]))
    return found[0][2] if found else None


def _dates(passage: str, posted: date) -> Iterator[tuple[bool, int, date]]:
    """(with a weekday, where, day): a weekday marks the day of an event, no deadline or law."""
    for match in _NUMBERS.finditer(passage):
        if before := _BEFORE_NUMBERS.search(passage, max(0, match.start() - _FAR), match.start()):
            yield from _dated(match, before, int(match["month"]), posted)
    for match in _WRITTEN.finditer(passage):
        before = _BEFORE_WRITTEN.search(passage, max(0, match.start() - _FAR), match.start())
        yield from _dated(match, before, _MONTHS[match["month"]], posted)


def _dated(
    match: re.Match[str], before: re.Match[str] | None, month: int, posted: date
) -> Iterator[tuple[bool, int, date]]:
    weekday = _WEEKDAYS[before["weekday"]] if before else None
    if day := _resolve(int(match["day"]), month, match["year"], weekday, posted):
        yield weekday is not None, (before or match).start(), day


def _resolve(day: int, month: int, year: str | None, weekday: int | None, posted: date) -> date | None:
    years = [int(year) + (2000 if len(year) == 2 else 0)] if year else [posted.year, posted.year - 1]
    for candidate in years:
        found = _date(candidate, month, day)
        if found is None or not posted - OLDEST <= found <= posted + AHEAD:
            continue
        if weekday is None or found.weekday() == weekday:
            return found
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
