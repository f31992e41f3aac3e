"""New entries, new revisions of known ones, and gaps between two fetches."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from aggregator.models import Entry, EntryKey, Gap, Revision
from aggregator.records import CleanEntry, DateStatus
from aggregator.store.reading import Counts, Reading, StorePolicy
from aggregator.store.recognise import Known, Match, candidates

CHURN_LIMIT = 10  # revisions of one entry within CHURN_SPAN; later versions wait until it has passed
CHURN_SPAN = timedelta(hours=24)
FUTURE_WAIT = timedelta(days=7)  # a date further ahead is taken for a mistake
SEEN_STEP = timedelta(hours=6)  # last_seen_at need not be finer than this


def store_entries(
    readings: list[Reading], counts: dict[int, Counts], now: datetime, policy: StorePolicy
) -> None:
    """Insert what is new and add revisions to what changed. A satker comes once in `readings`."""
    matches = {r.feed.satker_id: candidates(r) for r in readings if r.entries}
    if not matches:
        return
    known = Known.load(matches)
    fresh: list[tuple[Reading, Match, Entry]] = []
    again: list[tuple[Reading, Match, Entry]] = []
    for reading in readings:
        satker = reading.feed.satker_id
        for match in known.recognise(satker, matches.get(satker, []), counts[reading.feed.pk]):
            if match.existing is None:
                fresh.append((reading, match, _new_entry(reading, match.entry, now, policy)))
            else:
                again.append((reading, match, known.entries[match.existing]))
    _insert(fresh, counts, now)
    _update(again, known, counts, now)


def _new_entry(reading: Reading, clean: CleanEntry, now: datetime, policy: StorePolicy) -> Entry:
    feed = reading.feed
    published, status = effective_date(clean, now)
    waits = [now + policy.publish_delay] if policy.publish_delay and feed.satker.trust == "normal" else []
    if published > now:
        waits.append(published)
    return Entry(
        satker_id=feed.satker_id,
        province_id=feed.satker.province_id,
        feed_id=feed.pk,
        guid=clean.guid[:1000],
        url=clean.url[:2000],
        content_sha256=clean.content_sha256,
        published_at=published,
        date_status=status,
        first_seen_at=now,
        last_seen_at=now,
        publish_after=max(waits) if waits else None,
        is_import=feed.first_success_at is None,
    )


def effective_date(clean: CleanEntry, now: datetime) -> tuple[datetime, str]:
    """The date an entry is ordered by: the site's claim, or `now` where the claim is missing, impossible
    or more than a week ahead. A claim a little ahead (wrong zone, wrong clock) becomes `now`."""
    claimed = clean.published_at
    if claimed is None:
        return now, clean.date_status if clean.date_status != DateStatus.OK else DateStatus.MISSING
    if clean.date_status == DateStatus.FUTURE:
        return (claimed, DateStatus.FUTURE) if claimed - now <= FUTURE_WAIT else (now, DateStatus.IMPOSSIBLE)
    return min(claimed, now), clean.date_status


def _insert(fresh: list[tuple[Reading, Match, Entry]], counts: dict[int, Counts], now: datetime) -> None:
    if not fresh:
        return
    Entry.objects.bulk_create([entry for _, _, entry in fresh])
    Revision.objects.bulk_create([_revision(entry.pk, 1, m.entry, now) for _, m, entry in fresh])
    EntryKey.objects.bulk_create(
        [key for _, match, entry in fresh for key in _keys(entry, match.keys.items())]
    )
    for reading, _, _ in fresh:
        counts[reading.feed.pk].new += 1


def _keys(entry: Entry, keys: Iterable[tuple[str, str]]) -> list[EntryKey]:
    return [EntryKey(satker_id=entry.satker_id, entry_id=entry.pk, kind=kind, key=key) for kind, key in keys]


def _revision(entry_id: int, number: int, clean: CleanEntry, now: datetime) -> Revision:
    return Revision(
        entry_id=entry_id,
        number=number,
        seen_at=now,
        url=clean.url[:2000],
        title=clean.title[:500],
        author=clean.author[:200],
        summary=clean.summary,
        content_html=clean.content_html,
        text=clean.text,
        categories=list(clean.categories),
        enclosures=[{"url": e.url, "media_type": e.media_type, "length": e.length} for e in clean.enclosures],
        image_url=clean.image_url[:2000],
        language=clean.language[:12],
        published_claimed=clean.published_claimed[:100],
        updated_claimed_at=clean.updated_at,
        content_sha256=clean.content_sha256,
        signals=list(clean.signals),
    )


def _update(
    again: list[tuple[Reading, Match, Entry]], known: Known, counts: dict[int, Counts], now: datetime
) -> None:
    """Entries met again: new keys, new text as a new revision, and that they are still there."""
    keys, revisions, changed, seen = [], [], [], []
    for reading, match, entry in again:
        unknown = [(k, v) for k, v in match.keys.items() if (entry.satker_id, k, v) not in known.by_key]
        keys += _keys(entry, unknown)
        if now - entry.last_seen_at > SEEN_STEP:
            seen.append(entry.pk)
        if entry.content_sha256 == match.entry.content_sha256 or _churns(entry, now):
            counts[reading.feed.pk].unchanged += 1
            continue
        counts[reading.feed.pk].changed += 1
        entry.revisions_count += 1
        entry.content_sha256 = match.entry.content_sha256
        entry.url, entry.guid = match.entry.url[:2000], match.entry.guid[:1000]
        revisions.append(_revision(entry.pk, entry.revisions_count, match.entry, now))
        changed.append(entry)
    EntryKey.objects.bulk_create(keys)
    Revision.objects.bulk_create(revisions)
    for entry in changed:
        entry.save(update_fields=["revisions_count", "content_sha256", "url", "guid"])
    Entry.objects.filter(id__in=seen).update(last_seen_at=now)


def _churns(entry: Entry, now: datetime) -> bool:
    """Rotating advertisements and counters would make a revision at every fetch."""
    if entry.revisions_count < CHURN_LIMIT:
        return False
    recent = entry.revisions.filter(seen_at__gt=now - CHURN_SPAN).count()
    return recent >= CHURN_LIMIT


def note_gaps(readings: list[Reading], counts: dict[int, Counts], now: datetime) -> None:
    """A window in which nothing was known before means that posts passed through it unseen."""
    for reading in readings:
        feed, tally = reading.feed, counts[reading.feed.pk]
        if feed.last_new_at is None or tally.new < 3 or tally.unchanged + tally.changed:
            continue
        dates = [e.published_at for e in reading.entries if e.published_at]
        from_at = feed.last_success_at or feed.last_new_at
        to_at = min(dates, default=now)
        if to_at > from_at:
            Gap.objects.create(feed=feed, from_at=from_at, to_at=to_at, found_at=now)
