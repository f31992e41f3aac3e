"""New entries, and new revisions of known ones."""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.bulk import insert, new_ids
from aggregator.models import Entry, EntryKey, Revision, Satker
from aggregator.records import CleanEntry, DateStatus
from aggregator.store.links import has_moved, relink
from aggregator.store.reading import Counts, Reading, StorePolicy
from aggregator.store.recognise import Known, Match, candidates

CHURN_LIMIT = 10  # revisions of one entry within CHURN_SPAN; later versions wait until it has passed
CHURN_SPAN = timedelta(hours=24)
FUTURE_WAIT = timedelta(days=7)  # a date further ahead is taken for a mistake
WATCHED_LEAST = timedelta(hours=1)
SEEN_STEP = timedelta(hours=6)  # last_seen_at need not be finer than this


def store_entries(
    readings: list[Reading], counts: dict[int, Counts], now: datetime, policy: StorePolicy
) -> None:
    """Insert what is new and add revisions to what changed. A satker comes once in `readings`."""
    matches = {r.feed.satker_id: candidates(r) for r in readings if r.entries}
    if not matches:
        return
    known = Known.load(matches)
    fresh: list[tuple[Reading, Match]] = []
    again: list[tuple[Reading, Match, Entry]] = []
    for reading in readings:
        satker = reading.feed.satker_id
        for match in known.recognise(satker, matches.get(satker, []), counts[reading.feed.pk]):
            if match.existing is None:
                fresh.append((reading, match))
            else:
                again.append((reading, match, known.entries[match.existing]))
    _insert(fresh, counts, now, policy)
    _update(again, known, counts, now)


def delay_of(trust: str, delay: timedelta) -> timedelta:
    """None for trusted satker; for watched ones four times as long, an hour at least."""
    if trust == Satker.Trust.TRUSTED:
        return timedelta(0)
    return max(4 * delay, WATCHED_LEAST) if trust == Satker.Trust.WATCHED else delay


def _publish_after(
    reading: Reading, published: datetime, now: datetime, policy: StorePolicy
) -> datetime | None:
    delay = delay_of(reading.feed.satker.trust, policy.publish_delay)
    waits = [now + delay] if delay else []
    if published > now:
        waits.append(published)
    return max(waits, default=None)


def effective_date(clean: CleanEntry, now: datetime) -> tuple[datetime, str]:
    """The date an entry is ordered by: the site's claim, or `now` where the claim is missing, impossible
    or more than a week ahead. A claim a little ahead (wrong zone, wrong clock) becomes `now`."""
    claimed = clean.published_at
    if claimed is None:
        return now, clean.date_status if clean.date_status != DateStatus.OK else DateStatus.MISSING
    if clean.date_status == DateStatus.FUTURE:
        return (claimed, DateStatus.FUTURE) if claimed - now <= FUTURE_WAIT else (now, DateStatus.IMPOSSIBLE)
    return min(claimed, now), clean.date_status


ENTRY = (
    *("id", "satker_id", "province_id", "feed_id", "guid", "url", "content_sha256", "published_at"),
    *("date_status", "first_seen_at", "last_seen_at", "publish_after", "is_import"),
)
REVISION = (
    *("entry_id", "number", "seen_at", "url", "title", "author", "summary", "content_html", "text"),
    *("categories", "enclosures", "image_url", "language", "published_claimed", "updated_claimed_at"),
    *("content_sha256", "signals"),
)
KEY = ("satker_id", "entry_id", "kind", "key")
Row = tuple[object, ...]


def _insert(
    fresh: list[tuple[Reading, Match]], counts: dict[int, Counts], now: datetime, policy: StorePolicy
) -> None:
    if not fresh:
        return
    ids = new_ids(Entry, len(fresh))
    numbered = list(zip(ids, fresh, strict=True))
    undated = _undated_imports(fresh, now)
    insert(Entry, ENTRY, [_entry_row(pk, r, m.entry, undated, now, policy) for pk, (r, m) in numbered])
    insert(Revision, REVISION, [_revision_row(pk, 1, m.entry, now) for pk, (_, m) in numbered])
    keys = [(r.feed.satker_id, pk, k, v) for pk, (r, m) in numbered for k, v in m.keys.items()]
    insert(EntryKey, KEY, keys)
    for pk, (reading, _) in numbered:
        tally = counts[reading.feed.pk]
        tally.new += 1
        tally.first_new_id = tally.first_new_id or pk


def _undated_imports(fresh: list[tuple[Reading, Match]], now: datetime) -> dict[int, datetime]:
    """Where an imported post without a usable date belongs: beside its neighbour in the feed, not at the
    time of import, which would show an old post as today's. By id() of the incoming entry."""
    places: dict[int, datetime] = {}
    for reading in {id(r): r for r, _ in fresh}.values():
        if not _is_import(reading, None):
            continue
        dates = [effective_date(e, now)[0] if e.published_at else None for e in reading.entries]
        near = next((date for date in dates if date), None)
        for entry, date in zip(reading.entries, dates, strict=True):
            near = date or near
            if date is None and near is not None:
                places[id(entry)] = near
    return places


def _is_import(reading: Reading, published: datetime | None) -> bool:
    """First imports and archives are no news. What a feed that replaces another brings is, if it was
    published since the other was last read."""
    feed = reading.feed
    if reading.is_archive:
        return True
    if feed.first_success_at is not None:
        return False
    read_until = feed.replaces.last_success_at if feed.replaces else None
    return not (published and read_until and published > read_until)


def _entry_row(
    pk: int,
    reading: Reading,
    clean: CleanEntry,
    undated: dict[int, datetime],
    now: datetime,
    policy: StorePolicy,
) -> Row:
    feed = reading.feed
    published, status = effective_date(clean, now)
    published = undated.get(id(clean), published)
    return (
        *(pk, feed.satker_id, feed.satker.province_id, feed.pk, clean.guid[:1000], clean.url[:2000]),
        *(clean.content_sha256, published, status, now, now),
        _publish_after(reading, published, now, policy),
        _is_import(reading, clean.published_at),
    )


def _revision_row(entry_id: int, number: int, clean: CleanEntry, now: datetime) -> Row:
    enclosures = [{"url": e.url, "media_type": e.media_type, "length": e.length} for e in clean.enclosures]
    return (
        *(entry_id, number, now, clean.url[:2000], clean.title[:500], clean.author[:200], clean.summary),
        *(clean.content_html, clean.text, list(clean.categories), enclosures, clean.image_url[:2000]),
        *(clean.language[:12], clean.published_claimed[:100], clean.updated_at, clean.content_sha256),
        list(clean.signals),
    )


def _update(
    again: list[tuple[Reading, Match, Entry]], known: Known, counts: dict[int, Counts], now: datetime
) -> None:
    """Entries met again: new keys, new text as a new revision, and that they are still there."""
    keys, revisions, changed, seen, elsewhere = [], [], [], [], []
    for reading, match, entry in again:
        counts[reading.feed.pk].known_ids.add(entry.pk)
        unknown = [(k, v) for k, v in match.keys.items() if (entry.satker_id, k, v) not in known.by_key]
        keys += [(entry.satker_id, entry.pk, k, v) for k, v in unknown]
        if now - entry.last_seen_at > SEEN_STEP:
            seen.append(entry.pk)
        if entry.content_sha256 == match.entry.content_sha256 or _churns(entry, now):
            counts[reading.feed.pk].unchanged += 1
            if entry.content_sha256 == match.entry.content_sha256 and has_moved(entry, match, unknown):
                elsewhere.append((entry, match.entry))
            continue
        counts[reading.feed.pk].changed += 1
        entry.revisions_count += 1
        entry.content_sha256 = match.entry.content_sha256
        entry.url, entry.guid = match.entry.url[:2000], match.entry.guid[:1000]
        revisions.append(_revision_row(entry.pk, entry.revisions_count, match.entry, now))
        changed.append(entry)
    insert(EntryKey, KEY, keys)
    insert(Revision, REVISION, revisions)
    for entry in changed:
        entry.save(update_fields=["revisions_count", "content_sha256", "url", "guid"])
    relink(elsewhere)
    Entry.objects.filter(id__in=seen).update(last_seen_at=now)


def _churns(entry: Entry, now: datetime) -> bool:
    """Rotating advertisements and counters would make a revision at every fetch."""
    if entry.revisions_count < CHURN_LIMIT:
        return False
    recent = entry.revisions.filter(seen_at__gt=now - CHURN_SPAN).count()
    return recent >= CHURN_LIMIT
