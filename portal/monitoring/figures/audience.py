"""Who reads our feeds: requests and distinct programs, never anything of a person."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Max, Sum

from feeds.models import Lease
from portal.days import Period
from portal.monitoring.models import FeedRead


@dataclass(frozen=True, slots=True)
class Audience:
    """`subscribers`: the most that reading services said they read for, added up. `leases`: WebSub."""

    channel: str
    requests: int
    unmodified: int
    agents: int
    subscribers: int
    leases: int


def audience(period: Period) -> list[Audience]:
    """Every feed that was asked for in the period, most requests first."""
    rows = FeedRead.objects.filter(day__range=(period.first, period.last)).order_by()
    told: dict[str, int] = {}
    most = rows.values("channel", "agent").annotate(most=Max("subscribers"))
    for channel, number in most.values_list("channel", "most"):
        told[channel] = told.get(channel, 0) + number
    leases = _leases()
    summed = rows.values("channel").annotate(
        n=Sum("requests"), same=Sum("unmodified"), agents=Count("agent", distinct=True)
    )
    found = [
        Audience(channel, n, same, agents, told.get(channel, 0), leases.get(channel, 0))
        for channel, n, same, agents in summed.values_list("channel", "n", "same", "agents")
    ]
    return sorted(found, key=lambda row: (-row.requests, row.channel))


def programs(period: Period, most: int = 20) -> list[tuple[str, int]]:
    """The programs that ask most."""
    rows = FeedRead.objects.filter(day__range=(period.first, period.last)).order_by()
    return list(
        rows.values("agent")
        .annotate(n=Sum("requests"))
        .order_by("-n", "agent")
        .values_list("agent", "n")[:most]
    )


def _leases() -> dict[str, int]:
    """Confirmed subscriptions by the path of their feed without its ending."""
    found: dict[str, int] = {}
    for topic, number in (
        Lease.objects.order_by().values("topic").annotate(n=Count("*")).values_list("topic", "n")
    ):
        path = "/feeds/" + topic.partition("/feeds/")[2].partition("?")[0].rpartition(".")[0]
        found[path] = found.get(path, 0) + number
    return found
