"""The same things in two offices: one that scoped accounts see, one that they do not."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date

from aggregator.models import (
    Correction,
    Entry,
    Feed,
    FetchLog,
    Gap,
    Quarantine,
    RawFeed,
    Revision,
    Satker,
    SatkerHold,
    SatkerHost,
    SatkerMove,
    Story,
    StoryDecision,
)
from portal.models import ErrorReport
from portal.monitoring import audit
from portal.monitoring.figures import months, polls
from portal.monitoring.models import Contact, Exemption, FeedDay, FollowUp, MigrationChange, SiteCheck
from tests.factories import SEEN, make_entry, make_feed


@dataclass(frozen=True)
class Office:
    """One office with a row of every kind that staff pages show."""

    satker: Satker
    feed: Feed
    entry: Entry
    case: Quarantine
    host: SatkerHost
    move: SatkerMove
    story: Story
    report: ErrorReport


def make_office(satker: Satker) -> Office:
    feed = make_feed(satker=satker, last_success_at=SEEN, error_code="dns", failures=2)
    story = Story.objects.create()
    entry = make_entry(f"Kabar {satker.name}", feed=feed, story=story, carriers=1, text="Isi kabar kantor.")
    make_entry(f"Kabar ulang {satker.name}", feed=feed, story=story, is_lead=False)
    FetchLog.objects.create(
        feed=feed, started_at=SEEN, outcome="failed", error_code="dns", message=satker.name
    )
    return Office(
        satker=satker,
        feed=feed,
        entry=entry,
        case=hold(make_entry(f"Judi {satker.name}", feed=feed, public=False, state="held")),
        host=SatkerHost.objects.create(satker=satker, hostname=f"baru-{satker.hostname}", state="proposed"),
        move=SatkerMove.objects.create(
            satker=satker, hostname=f"pindah-{satker.hostname}", announced_by="ani", calm_until=SEEN
        ),
        story=story,
        report=ErrorReport.objects.create(entry=entry, message=f"Salah di {satker.name}"),
    )


def fill(office: Office) -> Office:
    """With a row in every further list that its pages show."""
    satker, feed, entry = office.satker, office.feed, office.entry
    Gap.objects.create(feed=feed, from_at=SEEN, to_at=SEEN)
    RawFeed.objects.create(
        feed=feed,
        received_at=SEEN,
        sha256=satker.code * 16,
        final_url=feed.url,
        body=zlib.compress(b"<rss/>"),
    )
    make_feed(satker=satker, state="candidate", replaces=feed)
    Feed.objects.filter(pk=feed.pk).update(moved_to=f"https://{satker.hostname}/baru")
    SatkerHold.objects.create(
        satker=satker, reason=f"periksa {satker.name}", started_by="ani", started_at=SEEN, ended_at=SEEN
    )
    other = Entry.objects.exclude(pk=entry.pk).get(story=office.story)
    StoryDecision.objects.create(low=entry, high=other, verdict="same", reason="-", decided_by="ani")
    Correction.objects.create(entry=entry, kind="stage", reason=satker.name, decided_by="ani")
    Exemption.objects.create(
        kind="other", first=SEEN, last=SEEN, satker=satker, reason=satker.name, created_by="ani"
    )
    MigrationChange.objects.create(satker=satker, by="ani", field="note", after=satker.name)
    SiteCheck.objects.create(satker=satker, hostname=satker.hostname, title=satker.name)
    Contact.objects.create(satker=satker, name=f"Humas {satker.name}", phone="1", changed_by="ani")
    FollowUp.objects.create(satker=satker, by="ani", note=satker.name)
    audit.record("entry.release", "ani", thing=entry, reason=satker.name)
    return office


def make_feed_day(feed: Feed, day: date, **counts: object) -> None:
    """A day of polls, and its month added up."""
    FeedDay.objects.create(feed=feed, day=day, **counts)
    polls.add_up({(feed.pk, months.number(day))})


def hold(entry: Entry, points: float = 9, **fields: object) -> Quarantine:
    """As the screener leaves a suspect post that never was public."""
    entry.revisions.update(state=Revision.State.HELD)
    signals = [{"code": "term_strong_title", "points": points, "detail": "slot gacor"}]
    return Quarantine.objects.create(
        entry=entry, revision=entry.revisions.get(), points=points, signals=signals, **fields
    )
