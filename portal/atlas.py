"""The provinces, offices, topics and stages there are, as pages show them beside everything else. They change
a few times a year: a process reads them at most every SECONDS, and anew after it changed one itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Hashable
from functools import cached_property
from typing import Any, TypeVar

from django.db.models.signals import post_delete, post_save

from aggregator.models import Feed, Province, Satker, Stage, Topic
from portal import activity

T = TypeVar("T")
SECONDS = 30.0  # a kept page is as old at most


class Atlas:
    """Each list is read once, in whatever order and for whatever part of a page. Nobody may change a row."""

    def __init__(self) -> None:
        self._made: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is made of these lists alone, made once."""
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made

    @cached_property
    def provinces(self) -> list[Any]:
        """In the order of their codes, with the number of their `offices` and of those `read`."""
        return list(activity.provinces_with_offices())

    @cached_property
    def named_provinces(self) -> list[Any]:
        return sorted(self.provinces, key=lambda place: place.name)

    @cached_property
    def known(self) -> frozenset[int]:
        """Ids of the provinces of which at least one feed was ever read: silence elsewhere means nothing."""
        return frozenset(place.pk for place in self.provinces if place.read)

    @cached_property
    def offices(self) -> list[Satker]:
        """All, in the order of their codes."""
        return list(Satker.objects.order_by("code"))

    @cached_property
    def office_of(self) -> dict[int, Satker]:
        return {office.pk: office for office in self.offices}

    @cached_property
    def province_of(self) -> dict[int, Any]:
        return {place.pk: place for place in self.provinces}

    def offices_in(self, slugs: Collection[str]) -> list[Satker]:
        """Those of these provinces."""
        wanted = {place.pk for place in self.provinces if place.slug in slugs}
        return [office for office in self.offices if office.province_id in wanted]

    @cached_property
    def read_offices(self) -> frozenset[int]:
        """Ids of the offices of which a feed was ever read."""
        read = Feed.objects.filter(first_success_at__isnull=False)
        return frozenset(read.order_by().values_list("satker", flat=True))

    @cached_property
    def topics(self) -> list[Topic]:
        return list(Topic.objects.all())

    @cached_property
    def stages(self) -> list[Stage]:
        return list(Stage.objects.all())


_current: tuple[float, Atlas] | None = None


def current() -> Atlas:
    global _current
    now = time.monotonic()
    if _current is None or now - _current[0] > SECONDS:
        _current = (now, Atlas())
    return _current[1]


def forget(**_: Any) -> None:
    global _current
    _current = None


for model in (Province, Satker, Topic, Stage):
    for changed in (post_save, post_delete):
        changed.connect(forget, sender=model)
