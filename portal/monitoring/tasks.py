"""What django-q2 runs for the staff pages. Plain arguments, safe to run twice."""

from __future__ import annotations

from typing import Any

from aggregator import archive, pipeline
from aggregator.models import Feed, RawFeed
from portal.models import User
from portal.monitoring import audit, letters, sessions, sites, throttle

SCHEDULES = {"tidy": 24 * 60, "check_sites": 15}  # minutes between two runs
Outcome = dict[str, Any]
SECONDS = 80.0  # of a task, which ends itself before its two minutes


def send_reset(email: str) -> None:
    """The letter for a new password, if one active account has this address."""
    for user in User.objects.filter(email__iexact=email, is_active=True)[:1]:
        audit.record(audit.Action.PASSWORD_ASKED, user.get_username(), thing=user)
        letters.send(user, letters.RESET)


def send_invitation(user_id: int, by: str) -> None:
    """The letter of invitation, unless a password was set meanwhile."""
    for user in User.objects.filter(pk=user_id, is_active=True):
        letters.send(user, letters.INVITATION, by)


def fetch_now(feed_id: int) -> dict[str, float]:
    """One feed at once, whatever its schedule; what it brings is put in its place right away."""
    totals = pipeline.refresh_feeds([feed_id])
    pipeline.derive(seconds=20)
    return totals.as_dict()


def replay(feed_id: int, raw_id: int | None = None) -> Outcome:
    """The kept bodies of a feed, or one of them, again through the pipeline."""
    feeds = Feed.objects.filter(pk=feed_id).select_related("satker")
    if raw_id is None:
        total = archive.replay(feeds)
    else:
        kept = RawFeed.objects.select_related("feed__satker").filter(feed=feed_id)
        total = archive.replay_one(kept.get(pk=raw_id))
    pipeline.derive(seconds=20)
    return _outcome(total)


def backfill(feed_id: int) -> Outcome:
    """Older pages of a feed, as far as a task's time allows; where it stopped is kept on the feed."""
    feed = Feed.objects.select_related("satker").get(pk=feed_id)
    return _outcome(archive.backfill(feed, seconds=SECONDS))


def _outcome(total: archive.Sum) -> Outcome:
    """As django-q2 keeps it, for whoever asked."""
    return {
        "pages": total.pages,
        "new": total.new,
        "changed": total.changed,
        "unchanged": total.unchanged,
        "failed": total.failed,
        "notes": total.notes[:3],
    }


def check_sites() -> int:
    """Look at the hosts that were not looked at for longest: answer, generator, certificate."""
    return sites.check_oldest(seconds=SECONDS)


def tidy() -> None:
    """Drop sessions and locks that have run out."""
    sessions.tidy()
    throttle.tidy()


def check_site(satker_id: int) -> int:
    """Look at the hosts of one satker now."""
    return sites.check_now(satker_id)
