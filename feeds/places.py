"""Channels by their place: the path of a channel's page with its parameters, such as `/feeds/cari?q=PSU`.

It is what subscriptions keep. Hundreds of places are held against a new post at once, so most of them are
ruled out without a query.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from django.http import QueryDict
from django.utils.translation import gettext as _

from aggregator.errors import RequestError, UnknownValue
from aggregator.models import Province, Satker, Stage, Topic
from aggregator.search import Few, Filters
from aggregator.search.filters import NON_STAGE
from feeds import channels, former
from feeds.channels import Channel

LONGEST_PLACE = 1000  # characters of a path with its parameters
NAMED = (("provinsi", "provinces"), ("satker", "satker"), ("topik", "topics"), ("tahapan", "stages"))
_COLUMNS: tuple[tuple[str, Any, str], ...] = (
    ("provinces", Province, "slug"),
    ("satker", Satker, "code"),
    ("topics", Topic, "slug"),
    ("stages", Stage, "slug"),
)


def at(place: str) -> Channel:
    """The channel at a place, by the names of today where it was renamed.

    Raises as `channels.find`, and UnknownValue for what is no channel's place.
    """
    kind, key, query = _parts(place)
    if len(place) > LONGEST_PLACE or (kind != "cari" and kind not in channels.CHANNELS):
        raise UnknownValue("umpan", _("Tidak ada umpan “%s”.") % place[:60])
    return find_today(kind, key, QueryDict(query))


def find_today(kind: str, key: str, params: QueryDict) -> Channel:
    """As `channels.find`, for whoever kept the names of channels: by those of today."""
    try:
        return channels.find(kind, key, params)
    except UnknownValue:
        if (now := former.renewed(kind, key, params)) is None:
            raise
    return channels.find(kind, *now)


def of(filters: Filters) -> Channel:
    """The plainest channel that holds what these filters ask for: that of a place or subject where they
    name one and nothing else."""
    values = [(kind, value) for kind, field in NAMED for value in getattr(filters, field)]
    plain = Filters(**{field: getattr(filters, field) for _kind, field in NAMED})
    if replace(filters, include_all=False, sort="") == plain:
        if not values:
            return channels.nation("", filters.include_all)
        if len(values) == 1:
            kind, value = values[0]
            return channels.CHANNELS[kind](value, filters.include_all)
    return channels.search(QueryDict(filters.query_string(sort="")))


@dataclass(frozen=True, slots=True)
class Held:
    """A channel that holds some of a few posts, or that is gone and may be asked no more."""

    place: str
    entry_ids: list[int]
    channel: Channel | None
    error: str = ""


def holding(places: Iterable[str], few: Few) -> Iterator[Held]:
    """Of the channels at these places, those that hold some of the posts. Queries only for those, and for
    the names of today."""
    if not few.entry_ids:
        return
    today = _names_of_today()
    for place in places:
        filters = sketch(place)
        is_known = all(today[field].issuperset(getattr(filters, field)) for _kind, field in NAMED)
        if is_known and not few.matching(filters):
            continue
        try:
            channel = at(place)
        except RequestError as error:
            yield Held(place, [], None, error.message)
            continue
        if found := members(channel, few):
            yield Held(place, found, channel)


def _names_of_today() -> dict[str, set[str]]:
    found = {
        field: set(model._default_manager.values_list(column, flat=True)) for field, model, column in _COLUMNS
    }
    found["stages"].add(NON_STAGE)
    return found


def members(channel: Channel, few: Few) -> list[int]:
    """Which of these posts are in the channel. A search by words is answered without the index, which
    learns of a post later than we do."""
    if channel.entries is None:
        return few.matching(channel.filters)
    return list(channel.entries.filter(id__in=few.entry_ids).values_list("id", flat=True))


@lru_cache(maxsize=4096)
def sketch(place: str) -> Filters:
    """What is at least true of the posts in the channel at a place, read from its canonical name alone: of a
    story every copy, for which of them stands for it is the channel's to say."""
    kind, key, query = _parts(place)
    fields: dict[str, Any] = {}
    if kind == "cari":
        params = QueryDict(query)
        fields = {field: tuple(params.getlist(name)) for name, field in NAMED} | {"q": params.get("q", "")}
    elif key:
        fields[dict(NAMED)[kind]] = (key,)
    return Filters(include_all=True, **fields)


def _parts(place: str) -> tuple[str, str, str]:
    """Kind, key and query string; no kind for what is not under /feeds/."""
    path, _mark, query = place.partition("?")
    kind, _slash, key = path.removeprefix("/feeds/").partition("/")
    return (kind if path.startswith("/feeds/") else "", unquote(key), query)
