"""Decide which pending revisions become public and which are held.

`judge` gives points to one version of a post (pure); `screen_pending` works off what is pending: it
publishes, holds, or lets wait, one transaction a batch, safe to kill, repeat and run twice at once.
"""

from aggregator.screen.again import RescreenReport, rescreen, rescreened
from aggregator.screen.judge import HOLD_ENTRY, HOLD_SATKER, Post, Signal, Verdict, judge
from aggregator.screen.publish import BY_STAFF, FORMER, SCREENER, ScreenReport, screen_pending

__all__ = [
    "BY_STAFF",
    "FORMER",
    "HOLD_ENTRY",
    "HOLD_SATKER",
    "SCREENER",
    "Post",
    "RescreenReport",
    "ScreenReport",
    "Signal",
    "Verdict",
    "judge",
    "rescreen",
    "rescreened",
    "screen_pending",
]
