"""What syndication keeps, by what it is for."""

from feeds.models.addresses import FormerAddress
from feeds.models.alerts import Alert, Asked, Letter, Noticed, Watched
from feeds.models.following import Follower
from feeds.models.hub import Intent, Lease, Pushed

__all__ = [
    "Alert",
    "Asked",
    "Follower",
    "FormerAddress",
    "Intent",
    "Lease",
    "Letter",
    "Noticed",
    "Pushed",
    "Watched",
]
