"""What staff decide: about posts, satker, stories, and the place of a post. Each function is one transaction
that keeps who, when and why, marks the entries for index, caches, feeds and hub, and raises
`DecisionRefused` with a sentence for staff when it cannot be done. None of them is undone by a site's edit,
by reading a feed again, or by `rescreen`, `recluster` and `reclassify`.
"""

from aggregator.decide.corrections import correct_origin, correct_stage, correct_topics, undo_correction
from aggregator.decide.entries import (
    hold_version,
    quarantine_entry,
    reject_entry,
    release_entry,
    withdraw_entry,
)
from aggregator.decide.record import DecisionRefused
from aggregator.decide.reports import Toll, mark_reported, toll_of
from aggregator.decide.satker import hidden_entries, hold_satker, release_satker
from aggregator.decide.stories import join_stories, split_story

__all__ = [
    "DecisionRefused",
    "Toll",
    "correct_origin",
    "correct_stage",
    "correct_topics",
    "hidden_entries",
    "hold_satker",
    "hold_version",
    "join_stories",
    "mark_reported",
    "quarantine_entry",
    "reject_entry",
    "release_entry",
    "release_satker",
    "split_story",
    "toll_of",
    "undo_correction",
    "withdraw_entry",
]
