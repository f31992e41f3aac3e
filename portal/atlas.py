"""The provinces, topics and stages there are. Whoever makes a page asks one of these, so that each list is
read once, in whatever order and for whatever part of the page."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from aggregator.models import Stage, Topic
from portal import activity


class Atlas:
    @cached_property
    def provinces(self) -> list[Any]:
        """In the order of their codes, with the number of their `offices` and of those `read`."""
        return list(activity.provinces_with_offices())

    @cached_property
    def topics(self) -> list[Topic]:
        return list(Topic.objects.all())

    @cached_property
    def stages(self) -> list[Stage]:
        return list(Stage.objects.all())
