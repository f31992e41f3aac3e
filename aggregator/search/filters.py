"""What a reader narrows the posts down by: one frozen value behind pages, feeds, alerts and the API.

`read_filters` is the only way in from a query string, `Filters.query_string` the only way back, so that
an address, its feed and its saved search always mean the same.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.http import QueryDict
from django.utils.dates import MONTHS
from django.utils.dates import WEEKDAYS as WEEKDAY_NAMES
from django.utils.translation import gettext as _

from aggregator.clocks import HOURS, WEEKDAYS
from aggregator.errors import BadParameter, UnknownValue
from aggregator.models import Entry, Province, Satker, Stage, Topic

MAX_WORDS = 500  # characters of `q`; longer is no question of a person
MAX_VALUES = 100  # of one repeated parameter
SORTS = ("terbaru", "terlama", "relevan")
ORIGINS = ("sendiri", "muat-ulang")
NON_STAGE = "non"

# (parameter, field, what holds the known values, column with the value)
REGISTERED: tuple[tuple[str, str, type[Model], str], ...] = (
    ("provinsi", "provinces", Province, "slug"),
    ("satker", "satker", Satker, "code"),
    ("topik", "topics", Topic, "slug"),
    ("tahapan", "stages", Stage, "slug"),
)


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in force, and the query string of the address without it."""

    label: str
    name: str
    value: str
    query_string: str


@dataclass(frozen=True)
class Filters:
    """Values within a field are alternatives; fields narrow each other."""

    q: str = ""
    provinces: tuple[str, ...] = ()  # slugs
    satker: tuple[str, ...] = ()  # codes
    topics: tuple[str, ...] = ()  # slugs
    stages: tuple[str, ...] = ()  # slugs, or "non"
    origin: str = ""  # "sendiri" or "muat-ulang"
    month: str = ""  # YYYY-MM, WIB
    weekdays: tuple[int, ...] = ()  # 1 (Monday) to 7, on the clocks of each office
    hours: tuple[int, ...] = ()  # 0 to 23, likewise
    date_from: date | None = None  # whole days, WIB
    date_to: date | None = None
    sort: str = ""  # one of SORTS; "": relevan with words, terbaru without
    include_all: bool = False  # carriers too, not folded by story
    labels: Mapping[tuple[str, str], str] = field(default_factory=dict, compare=False, repr=False)
    keys: Mapping[tuple[str, str], int] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_empty(self) -> bool:
        """Nothing narrows; order and folding do not count."""
        return not self._pairs(with_view=False)

    @property
    def order(self) -> str:
        """The sort in force: terbaru, terlama or relevan."""
        if self.sort and (self.sort != "relevan" or self.q):
            return self.sort
        return "relevan" if self.q else "terbaru"

    def query_string(self, *, sebelum: str = "", **changes: Any) -> str:
        """Canonical, without "?": stable order, nothing that is default. `changes` replace fields;
        `sebelum` adds a paging anchor."""
        pairs = replace(self, **changes)._pairs()
        return urlencode([*pairs, ("sebelum", sebelum)] if sebelum else pairs)

    def title(self) -> str:
        """Words that name the filters: "PSU – Papua – 1–31 Oktober 2025"."""
        named = [chip.label for chip in self.chips()]
        return " – ".join(named) or _("Semua berita")

    def chips(self) -> list[Chip]:
        """One for each value in force, in the order of the parameters; a period is one chip."""
        labels = self._all_labels()
        chips = [self._chip(self.q, "q", self.q, q="")] if self.q else []
        for parameter, name, _model, _column in REGISTERED:
            values: tuple[str, ...] = getattr(self, name)
            for value in values:
                rest = tuple(other for other in values if other != value)
                label = labels.get((parameter, value), value)
                chips.append(self._chip(label, parameter, value, **{name: rest}))
        if self.origin:
            chips.append(self._chip(origin_label(self.origin), "asal", self.origin, origin=""))
        if self.month:
            chips.append(self._chip(month_label(self.month), "bulan", self.month, month=""))
        for name, parameter, label_of in (
            ("weekdays", "hari", weekday_label),
            ("hours", "jam", hour_label),
        ):
            numbers: tuple[int, ...] = getattr(self, name)
            for number in numbers:
                others = tuple(other for other in numbers if other != number)
                chips.append(self._chip(label_of(number), parameter, str(number), **{name: others}))
        if self.date_from or self.date_to:
            period = period_label(self.date_from, self.date_to)
            chips.append(self._chip(period, "dari", period, date_from=None, date_to=None))
        return chips

    def _chip(self, label: str, name: str, value: str, **without: Any) -> Chip:
        return Chip(label, name, value, self.query_string(**without))

    def _pairs(self, *, with_view: bool = True) -> list[tuple[str, str]]:
        pairs = [("q", self.q)]
        for parameter, name, _model, _column in REGISTERED:
            pairs += [(parameter, value) for value in getattr(self, name)]
        pairs += [("asal", self.origin), ("bulan", self.month)]
        pairs += [("hari", str(day)) for day in self.weekdays] + [("jam", str(hour)) for hour in self.hours]
        pairs += [("dari", _iso(self.date_from)), ("sampai", _iso(self.date_to))]
        if with_view:
            pairs += [("urut", self.sort), ("semua", "1" if self.include_all else "")]
        return [(name, value) for name, value in pairs if value]

    def keys_of(self, parameter: str) -> list[int]:
        """The primary keys of what a registered parameter names; asked of the database only for those that
        `read_filters` did not see. A database that knows them finds its way better than by names."""
        name, model, column = next(row[1:] for row in REGISTERED if row[0] == parameter)
        values = [value for value in getattr(self, name) if (parameter, value) != ("tahapan", NON_STAGE)]
        missing = [value for value in values if (parameter, value) not in self.keys]
        asked = _registered(parameter, model, column, missing)[1] if missing else {}
        found = {**self.keys, **asked}
        return [found[parameter, value] for value in values if (parameter, value) in found]

    def _all_labels(self) -> dict[tuple[str, str], str]:
        """Names of the values in force; asked of the database only for those `read_filters` did not see."""
        labels = {("tahapan", NON_STAGE): _("Di luar tahapan"), **self.labels}
        for parameter, name, model, column in REGISTERED:
            if missing := [value for value in getattr(self, name) if (parameter, value) not in labels]:
                labels |= _registered(parameter, model, column, missing)[0]
        return labels


def filters_for(found: Province | Stage, first: date | None = None, last: date | None = None) -> Filters:
    """Those of one province or one stage that is at hand, and of a period."""
    parameter = "provinsi" if isinstance(found, Province) else "tahapan"
    whole = Filters(date_from=first, date_to=last, keys={(parameter, found.slug): found.pk})
    if isinstance(found, Province):
        return replace(whole, provinces=(found.slug,))
    return replace(whole, stages=(found.slug,))


def read_filters(params: QueryDict) -> Filters:
    """The filters of a query string; parameters of other names are left alone.

    Raises BadParameter (400) for what cannot be read and UnknownValue (404) for a province, satker,
    topic or stage that does not exist. Nothing else.
    """
    found: dict[str, Any] = {}
    labels: dict[tuple[str, str], str] = {}
    keys: dict[tuple[str, str], int] = {}
    for parameter, name, model, column in REGISTERED:
        values = _values(params, parameter)
        named, numbered = _known(parameter, model, column, values)
        labels |= named
        keys |= numbered
        found[name] = values
    filters = Filters(
        q=read_words(params.get("q", "")),
        origin=_choice(params, "asal", ORIGINS),
        month=_month(params.get("bulan", "").strip()),
        weekdays=_numbers(params, "hari", WEEKDAYS),
        hours=_numbers(params, "jam", HOURS),
        date_from=_date(params, "dari"),
        date_to=_date(params, "sampai"),
        sort=_choice(params, "urut", SORTS),
        include_all=_choice(params, "semua", ("0", "1")) == "1",
        labels=labels,
        keys=keys,
        **found,
    )
    if filters.date_from and filters.date_to and filters.date_from > filters.date_to:
        raise BadParameter("dari", _("Tanggal pada ‘dari’ lebih akhir daripada tanggal pada ‘sampai’."))
    return filters


def read_words(raw: str) -> str:
    """What was typed, on one line, without characters no text has (controls, lone surrogates)."""
    if len(raw) > MAX_WORDS:
        raise BadParameter(
            "q", _("Kata pencarian pada ‘q’ terlalu panjang: paling banyak %d karakter.") % MAX_WORDS
        )
    text = raw.encode("utf-8", "ignore").decode()
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def origin_label(value: str) -> str:
    return _("Berita sendiri") if value == "sendiri" else _("Muat ulang")


def origins(value: str) -> tuple[str, ...]:
    """The stored origins that "sendiri" and "muat-ulang" stand for; "not decided" is neither."""
    own = Entry.Origin.OWN
    if value == "sendiri":
        return (own,)
    return tuple(origin for origin in Entry.Origin.values if origin not in ("", own))


def month_label(value: str) -> str:
    """ "Oktober 2025" for 2025-10."""
    year, month = value.split("-")
    return f"{MONTHS[int(month)]} {int(year)}"


def weekday_label(number: int) -> str:
    """ "Senin" for 1."""
    return str(WEEKDAY_NAMES[number - 1])


def hour_label(hour: int) -> str:
    return _("pukul %(hour)02d.00–%(hour)02d.59") % {"hour": hour}


def period_label(start: date | None, end: date | None) -> str:
    """ "1–31 Oktober 2025", "sejak 1 Oktober 2025" …"""
    if start is None:
        return _("sampai %s") % _day(end) if end else ""
    if end is None:
        return _("sejak %s") % _day(start)
    if start == end:
        return _day(start)
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}–{_day(end)}"
    if start.year == end.year:
        return f"{start.day} {MONTHS[start.month]}–{_day(end)}"
    return f"{_day(start)}–{_day(end)}"


def month_days(value: str) -> tuple[date, date]:
    """First and last day of YYYY-MM."""
    year, month = (int(part) for part in value.split("-"))
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def _day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month]} {day.year}"


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _values(params: QueryDict, parameter: str) -> tuple[str, ...]:
    """Each value once, in the order given; blanks (an empty form field) count as absent."""
    given = params.getlist(parameter)
    if len(given) > MAX_VALUES:
        raise BadParameter(parameter, _("‘%(name)s’ disebut terlalu sering.") % {"name": parameter})
    return tuple(dict.fromkeys(value.strip() for value in given if value.strip()))


def _known(
    parameter: str, model: type[Model], column: str, values: tuple[str, ...]
) -> tuple[dict[tuple[str, str], str], dict[tuple[str, str], int]]:
    asked = [value for value in values if (parameter, value) != ("tahapan", NON_STAGE)]
    if not asked:
        return {}, {}
    labels, keys = _registered(parameter, model, column, [value for value in asked if _is_plain(value)])
    for value in asked:
        if (parameter, value) not in labels:
            raise UnknownValue(
                parameter,
                _("Tidak ada %(name)s ‘%(value)s’.") % {"name": parameter, "value": value[:60]},
            )
    return labels, keys


def _registered(
    parameter: str, model: type[Model], column: str, values: list[str]
) -> tuple[dict[tuple[str, str], str], dict[tuple[str, str], int]]:
    """The names and the primary keys of these values."""
    found = model._default_manager.filter(**{f"{column}__in": values})
    rows = list(found.values_list(column, "name", "pk"))
    translated = model in (Topic, Stage)
    labels = {(parameter, value): _(name) if translated else name for value, name, _pk in rows}
    return labels, {(parameter, value): pk for value, _name, pk in rows}


def _is_plain(value: str) -> bool:
    """Codes and slugs are; anything else need not be asked of a database, which may not take NUL."""
    return re.fullmatch(r"[a-zA-Z0-9_-]{1,120}", value) is not None


def _choice(params: QueryDict, parameter: str, allowed: tuple[str, ...]) -> str:
    value = params.get(parameter, "").strip()
    if value and value not in allowed:
        raise BadParameter(
            parameter,
            _("‘%(name)s’ hanya menerima %(values)s.") % {"name": parameter, "values": ", ".join(allowed)},
        )
    return value


def _numbers(params: QueryDict, parameter: str, allowed: range) -> tuple[int, ...]:
    """Each once, in the order given; "07" is 7."""
    values = _values(params, parameter)
    if not all(re.fullmatch(r"[0-9]{1,2}", value) and int(value) in allowed for value in values):
        raise BadParameter(
            parameter,
            _("‘%(name)s’ hanya menerima angka %(first)d sampai %(last)d.")
            % {"name": parameter, "first": allowed[0], "last": allowed[-1]},
        )
    return tuple(dict.fromkeys(int(value) for value in values))


def _date(params: QueryDict, parameter: str) -> date | None:
    value = params.get(parameter, "").strip()
    if not value:
        return None
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError:
        raise BadParameter(
            parameter,
            _("‘%(name)s’ harus tanggal yang ada, ditulis TTTT-BB-HH, misalnya 2025-10-31.")
            % {"name": parameter},
        ) from None


def _month(value: str) -> str:
    if value and not (re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", value) and value[:4] != "0000"):
        raise BadParameter("bulan", _("‘bulan’ harus ditulis TTTT-BB, misalnya 2025-10."))
    return value
