"""From what people call provinces, satker, topics and stages to their slugs and codes, and back."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import date

from django.conf import settings
from django.utils.translation import gettext as _

from aggregator.models import Province, Satker, Stage, Topic
from aggregator.search.analysis import tokens
from aggregator.search.filters import NON_STAGE, month_days, month_label, origin_label
from aggregator.search.query import Days, In, Node
from aggregator.search.results import FACETS, FacetValue
from aggregator.search.synonyms import synonyms

NAMES_KEPT = 30.0
_NAMED = {
    "provinsi": (Province, "slug"),
    "satker": (Satker, "code"),
    "topik": (Topic, "slug"),
    "tahapan": (Stage, "slug"),
}


def resolve(field: str, value: str) -> Node | None:
    """The node for `field:value` of the query language; None when the value names nothing."""
    if field in ("dari", "sampai"):
        return _days(field, value.strip())
    if field == "tahapan" and value.strip().lower() in (NON_STAGE, "nontahapan", "non-tahapan"):
        return In("tahapan", (NON_STAGE,))
    names = all_names(field)
    asked = value.strip().lower()
    if asked in names:
        return In(field, (asked,))
    values = tuple(key for key, name in names.items() if _is_named(value, name))
    return In(field, values) if values else None


def facet_values(counts: Mapping[str, Mapping[str, int]]) -> dict[str, list[FacetValue]]:
    """The counts of an engine with names; most frequent first, months newest first."""
    found = {}
    for facet in FACETS:
        counted = counts.get(facet, {})
        labels = _labels(facet, counted)
        values = [FacetValue(value, labels[value], n) for value, n in counted.items() if value in labels]
        if facet == "bulan":
            values.sort(key=lambda one: one.value, reverse=True)
        else:
            values.sort(key=lambda one: (-one.count, one.label))
        found[facet] = values
    return found


def _labels(facet: str, values: Mapping[str, int]) -> dict[str, str]:
    if facet == "asal":
        return {value: origin_label(value) for value in values}
    if facet == "bulan":
        return {value: month_label(value) for value in values}
    labels = all_names(facet)
    if not labels.keys() >= values.keys() - {NON_STAGE}:
        _kept.pop((settings.DATA_DIR, facet), None)  # a name is new
        labels = all_names(facet)
    if facet in ("topik", "tahapan"):
        labels = {value: _(labels[value]) for value in values if value in labels}
    return {NON_STAGE: _("Di luar tahapan"), **labels} if facet == "tahapan" else labels


_kept: dict[tuple[object, str], tuple[float, dict[str, str]]] = {}


def all_names(field: str) -> dict[str, str]:
    """The names of all provinces, satker, topics or stages by slug or code; as they were at most
    NAMES_KEPT seconds ago."""
    key, now = (settings.DATA_DIR, field), time.monotonic()
    kept = _kept.get(key)
    if kept is None or kept[0] < now:
        model, column = _NAMED[field]
        names = dict(model._default_manager.values_list(column, "name"))
        kept = _kept[key] = (now + NAMES_KEPT, names)
    return kept[1]


def _is_named(asked: str, name: str) -> bool:
    """Whether a name has all the words asked for, short forms such as "Lobar" spelled out."""
    there = {token.form for token in tokens(name)}
    ways = [[token.form for token in tokens(asked)]]
    if len(ways[0]) == 1:
        for stems, others in synonyms().get(ways[0][0], ()):
            if stems == (ways[0][0],):
                ways += [[word for word, _stem in form] for form in others]
    return any(way and there.issuperset(way) for way in ways)


def _days(field: str, value: str) -> Node | None:
    """2025, 2025-10, 2025-10-31, or 31/10/2025 or 31-10-2025 as it is written in Indonesia."""
    if match := re.fullmatch(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})", value):
        value = f"{match[3]}-{int(match[2]):02}-{int(match[1]):02}"
    try:
        if re.fullmatch(r"[0-9]{4}", value):
            first, last = date(int(value), 1, 1), date(int(value), 12, 31)
        elif re.fullmatch(r"[0-9]{4}-[0-9]{2}", value):
            first, last = month_days(value)
        elif re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            first = last = date.fromisoformat(value)
        else:
            return None
    except ValueError:
        return None
    return Days(first, None) if field == "dari" else Days(None, last)
