"""What the database holds, by subject: registry, feeds, entries, changes, stories, decisions,
moves of sites, pictures, pushes of hubs, searches."""

from aggregator import among  # noqa: F401 - registers the lookup
from aggregator.models.changes import Change, Duty, PortalState
from aggregator.models.decisions import Correction, Quarantine, SatkerHold
from aggregator.models.entries import Entry, EntryKey, EntryTopic, Revision
from aggregator.models.feeds import Feed, FetchLog, Gap, HostPause, RawFeed
from aggregator.models.moves import SatkerMove
from aggregator.models.pictures import Picture
from aggregator.models.pushes import HubSubscription, PushedBody
from aggregator.models.registry import Province, Satker, SatkerHost, Stage, Topic
from aggregator.models.searches import SearchDay, Synonym, Unanswered
from aggregator.models.stories import Signature, Story, StoryDecision

__all__ = [
    "Change",
    "Correction",
    "Duty",
    "Entry",
    "EntryKey",
    "EntryTopic",
    "Feed",
    "FetchLog",
    "Gap",
    "HostPause",
    "HubSubscription",
    "Picture",
    "PortalState",
    "Province",
    "PushedBody",
    "Quarantine",
    "RawFeed",
    "Revision",
    "Satker",
    "SatkerHold",
    "SatkerHost",
    "SatkerMove",
    "SearchDay",
    "Signature",
    "Stage",
    "Story",
    "StoryDecision",
    "Synonym",
    "Topic",
    "Unanswered",
]
