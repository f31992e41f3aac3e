"""Telling an external hub (WEBSUB_HUB_URL) which feeds have changed; it asks for them itself.

The step along the change sequence is taken when the hub has answered, so nothing is lost while it is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.utils import timezone

from aggregator.errors import FetchError
from aggregator.models import Entry, EntryTopic
from aggregator.outbound import Outbound
from aggregator.records import FetchPolicy
from feeds import addresses, following
from feeds.documents import MEDIA_TYPES
from feeds.hub import dispatch

MOST_ADDRESSES = 200  # in one request


def announce(policy: FetchPolicy, now: datetime | None = None) -> int:
    """Take one step; returns how many feed addresses the hub was told.

    Raises FetchError when it cannot be reached or refuses; the step is then still to be taken.
    """
    now = now or timezone.now()
    step = following.look(dispatch.NAME, now)
    if step is None:
        return 0
    changed = sorted(set(_addresses(dispatch.unknown(step.ready), dispatch.unknown(step.gone))))
    if changed:
        asyncio.run(_tell(policy, changed))
    dispatch.take(step, lambda: 0)
    return len(changed)


async def _tell(policy: FetchPolicy, changed: list[str]) -> None:
    async with Outbound(policy) as outbound:
        for start in range(0, len(changed), MOST_ADDRESSES):
            form = [("hub.mode", "publish")]
            form += [("hub.url", address) for address in changed[start : start + MOST_ADDRESSES]]
            answer = await outbound.post(
                settings.WEBSUB_HUB_URL,
                urlencode(form).encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
            if not 200 <= answer.status < 300:
                raise FetchError(f"Hub menjawab {answer.status}.", code=f"http_{answer.status}")


def _addresses(fresh: list[int], recalled: list[int]) -> Iterator[str]:
    for path in {*_paths(fresh), *(["ditarik"] if recalled else [])}:
        for ending in MEDIA_TYPES:
            yield addresses.absolute(f"/feeds/{path}.{ending}")


def _paths(entry_ids: Iterable[int]) -> Iterator[str]:
    """The channels of these entries. Searches are not told: only their readers know them."""
    ids = list(entry_ids)
    rows = Entry.objects.filter(id__in=ids).values_list("satker__code", "province__slug", "stage__slug")
    for code, province, stage in rows:
        yield "nasional"
        yield f"satker/{code}"
        yield f"tahapan/{stage or 'non'}"
        if province:
            yield f"provinsi/{province}"
    topics = EntryTopic.objects.filter(entry__in=ids, removed=False).values_list("topic__slug", flat=True)
    yield from (f"topik/{slug}" for slug in topics.distinct())
