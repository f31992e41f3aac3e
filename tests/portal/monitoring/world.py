"""The same things in two offices: one that scoped accounts see, one that they do not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from aggregator.models import (
    Entry,
    Feed,
    FetchLog,
    Quarantine,
    Revision,
    Satker,
    SatkerHost,
    SatkerMove,
    Story,
)
from portal.models import ErrorReport
from portal.monitoring.figures import months, polls
from portal.monitoring.models import FeedDay
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
