"""The choices beside search results and figures: what can be narrowed, how much is behind each choice,
and what is chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aggregator.clocks import HOURS, WEEKDAYS
from aggregator.models import Satker
from aggregator.search import FacetValue, Filters
from aggregator.search.filters import hour_label, weekday_label
from portal import atlas, stages

MOST_SATKER = 30  # offered when no province is chosen


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    chosen: bool
    count: int | None = None  # None: not counted


@dataclass(frozen=True, slots=True)
class Group:
    """One parameter. `single` allows one value at most."""

    name: str
    label: str
    options: list[Option]
    single: bool = False
    hint: str = ""

    @property
    def active(self) -> int:
        return sum(option.chosen for option in self.options if option.value)


@dataclass(frozen=True, slots=True)
class Year:
    number: int
    posts: int
    query: str
    chosen: bool


def groups(filters: Filters, facets: Mapping[str, list[FacetValue]]) -> list[Group]:
    """The groups in the order of the parameters."""
    provinces, topics, named = _named()
    found = [
        Group("provinsi", _("Provinsi"), _options(provinces, filters.provinces, facets.get("provinsi"))),
        _satker_group(filters, facets.get("satker")),
        Group("topik", _("Topik"), _options(topics, filters.topics, facets.get("topik"))),
        Group("tahapan", _("Tahapan"), _options(named, filters.stages, facets.get("tahapan"))),
        Group("asal", _("Asal"), _options(_origins(), (filters.origin,), facets.get("asal")), single=True),
    ]
    if months := facets.get("bulan"):
        pairs = [
            ("", _("semua")),
            *((month.value, month.label) for month in sorted(months, key=_newest)[:36]),
        ]
        found.append(Group("bulan", _("Bulan"), _options(pairs, (filters.month,), months), single=True))
    days = [(str(day), weekday_label(day)) for day in WEEKDAYS]
    hours = [(str(hour), hour_label(hour)) for hour in HOURS]
    found.append(Group("hari", _("Hari"), _options(days, _strings(filters.weekdays), None)))
    found.append(Group("jam", _("Jam setempat"), _options(hours, _strings(filters.hours), None)))
    return found


def _strings(numbers: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(str(number) for number in numbers)


def years(filters: Filters, months: list[FacetValue]) -> list[Year]:
    """The years with posts, newest first, each as a search of its days."""
    counts: Counter[int] = Counter()
    for month in months:
        counts[int(month.value[:4])] += month.count
    return [_year(filters, number, posts) for number, posts in sorted(counts.items(), reverse=True)]


def _year(filters: Filters, number: int, posts: int) -> Year:
    first, last = date(number, 1, 1), date(number, 12, 31)
    query = filters.query_string(month="", date_from=first, date_to=last)
    return Year(number, posts, query, (filters.date_from, filters.date_to) == (first, last))


def _newest(month: FacetValue) -> tuple[int, ...]:
    return tuple(-int(part) for part in month.value.split("-"))


def _options(
    pairs: list[tuple[str, str]],
    chosen: tuple[str, ...],
    facet: list[FacetValue] | None,
    empty_too: bool = False,
) -> list[Option]:
    """What is worth choosing; with `empty_too` also what would find nothing, in a list known to be whole."""
    counts = None if facet is None else {value.value: value.count for value in facet}
    options = [
        Option(value, label, value in chosen, counts.get(value, 0) if counts is not None and value else None)
        for value, label in pairs
    ]
    offered = [option for option in options if option.chosen or option.count != 0 or empty_too]
    return sorted(offered, key=lambda option: not option.chosen)  # what is chosen stays in sight


def _satker_group(filters: Filters, facet: list[FacetValue] | None) -> Group:
    """The offices of the chosen provinces; without a province those with most posts, and any chosen."""
    if filters.provinces:
        pairs = [(office.code, office.name) for office in atlas.current().offices_in(filters.provinces)]
        hint = ""
    else:
        pairs = [(value.value, value.label) for value in (facet or [])[:MOST_SATKER]]
        hint = _("Pilih provinsi untuk melihat semua kantornya.")
    known = {code for code, _name in pairs}
    missing = [code for code in filters.satker if code not in known]
    if missing:
        named = Satker.objects.filter(code__in=missing).order_by("code").values_list("code", "name")
        pairs = [*named, *pairs]
    return Group("satker", _("Kantor KPU"), _options(pairs, filters.satker, facet, empty_too=True), hint=hint)


Pairs = list[tuple[str, str]]


def _named() -> tuple[Pairs, Pairs, Pairs]:
    """Provinces, topics and stages by their names in the reader's language."""
    there = atlas.current()
    return there.once(("menu", get_language()), lambda: _names(there))


def _names(there: atlas.Atlas) -> tuple[Pairs, Pairs, Pairs]:
    return (
        [(place.slug, place.name) for place in there.named_provinces],
        [(topic.slug, _(topic.name)) for topic in there.topics],
        [
            ("non", _("Di luar tahapan")),
            *(
                (stage.slug, f"{_(stage.name)} ({stages.election_name(stage.election)})")
                for stage in there.stages
            ),
        ],
    )


def _origins() -> list[tuple[str, str]]:
    return [("", _("semua")), ("sendiri", _("Berita sendiri")), ("muat-ulang", _("Muat ulang"))]
