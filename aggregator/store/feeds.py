"""The feed's own state after an attempt, the fetch log, raw bodies and host pauses."""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from datetime import datetime, timedelta

from aggregator.bulk import insert, update
from aggregator.errors import FeedError
from aggregator.links import absolute, host
from aggregator.models import Feed, FetchLog, HostPause, RawFeed
from aggregator.records import CleanFeed, FetchResult, Outcome
from aggregator.store.reading import Counts, Reading, StorePolicy

PLAN = ("interval", "next_check_at", "lease", "last_checked_at")


def store_feeds(
    readings: list[Reading], counts: dict[int, Counts], now: datetime, policy: StorePolicy
) -> None:
    """Write every feed's new state; feeds of which the same columns change go in one statement."""
    rows: dict[tuple[str, ...], list[tuple[object, ...]]] = defaultdict(list)
    for reading in readings:
        feed, tally = reading.feed, counts[reading.feed.pk]
        fields = _failure(reading, reading.error) if reading.error else _success(reading, tally, now)
        after = policy.next_check(reading, tally)
        if reading.result.retry_after:
            _pause_host(reading, now)
        if after.stop:
            fields["state"] = Feed.State.STOPPED
        fields |= dict(zip(PLAN, (after.interval, after.at, "", now), strict=True))
        if "url" in fields:  # at once, for the next one that may want to move to the same address
            Feed.objects.filter(pk=feed.pk).update(**fields)
        else:
            rows[tuple(fields)].append((*fields.values(), feed.pk))
    for names, values in rows.items():
        update(Feed, names, values)


def _failure(reading: Reading, error: FeedError) -> dict[str, object]:
    return {
        "failures": reading.feed.failures + (error.code != "outage"),  # that is no fault of the feed's
        "last_status": reading.result.status,
        "error_code": error.code[:40],
        "error_message": error.message[:500],
    }


def _success(reading: Reading, tally: Counts, now: datetime) -> dict[str, object]:
    feed, result = reading.feed, reading.result
    fields: dict[str, object] = {
        "failures": 0,
        "last_status": result.status,
        "error_code": "",
        "error_message": "",
        "last_success_at": now,
    }
    if result.outcome is not Outcome.NOT_MODIFIED:  # a 200 replaces both validators, present or not
        fields |= {"etag": (result.etag or "")[:1000], "last_modified": (result.last_modified or "")[:200]}
    else:
        fields |= {k: v for k in ("etag", "last_modified") if (v := getattr(result, k))}
    if reading.clean:
        parsed = reading.clean.feed
        fields |= {
            "body_sha256": result.body_sha256,
            "media_type": result.media_type[:100],
            "title": parsed.title[:300],
            "generator": parsed.generator[:200],
            "hub_url": _address(next(iter(result.hub_links + parsed.hub_links), "")),
            "hub_topic": _address(parsed.self_link),
            "wishes": _wishes(reading.clean),
        }
        if (
            _software(parsed.generator) != (former := _software(feed.generator))
            and parsed.generator
            and former
        ):
            fields["generator_changed_at"] = now
        if feed.first_success_at is None:
            fields["first_success_at"] = now
        if tally.new:
            fields["last_new_at"] = now
        if feed.identity == Feed.Identity.GUID:
            fields |= _judged_guids(feed, tally)
    return fields | _moved(feed, result)


def _software(generator: str) -> str:
    """The first telling word: "https://wordpress.org/?v=6.8" and "WordPress 6.9" are one."""
    words = re.findall(r"[a-z]{3,}", generator.lower())
    return next((word for word in words if word not in ("http", "https", "www", "the")), "")


def _address(url: str) -> str:
    """Absolute and whole, or none: a shortened address is another one."""
    url = absolute(url)
    return url if len(url) <= 1000 else ""


def _judged_guids(feed: Feed, tally: Counts) -> dict[str, object]:
    """Guids that are made anew again and again, or that came back on other posts, tell nothing."""
    resets = feed.guid_resets + _is_migration(tally)
    if tally.reused >= 2 or resets >= 2:
        return {"identity": Feed.Identity.LINK, "guid_resets": 0}
    return {"guid_resets": resets} if resets != feed.guid_resets else {}


def _is_migration(tally: Counts) -> bool:
    """Most posts were known, but under identifiers never seen before."""
    return tally.relinked >= 3 and tally.relinked * 2 > tally.changed + tally.unchanged


def _wishes(clean: CleanFeed) -> dict[str, object]:
    feed = clean.feed
    seconds = max((feed.ttl or 0) * 60, feed.update_seconds or 0)
    wishes: dict[str, object] = {"ttl": seconds} if seconds else {}
    if feed.skip_hours:
        wishes["skip_hours"] = list(feed.skip_hours)
    if feed.skip_days:
        wishes["skip_days"] = list(feed.skip_days)
    return wishes


MOVED_STABLE = 3  # a permanent redirect seen so often in a row moves the feed


def _moved(feed: Feed, result: FetchResult) -> dict[str, object]:
    """Count how often in a row a 301/308 led to the same address (RFC 9110, 15.4.2); then move."""
    target = result.permanent_url[:1000]
    if not target or target == feed.url:
        return {"moved_to": "", "moved_seen": 0} if feed.moved_to else {}
    seen = feed.moved_seen + 1 if feed.moved_to == target else 1
    if seen >= MOVED_STABLE and not Feed.objects.filter(url=target).exists():
        return {"url": target, "moved_to": "", "moved_seen": 0}
    return {"moved_to": target, "moved_seen": seen}


def _pause_host(reading: Reading, now: datetime) -> None:
    until = now + timedelta(seconds=reading.result.retry_after or 0)
    name = host(reading.result.final_url or reading.feed.url)
    HostPause.ask(name, until, reading.error.code if reading.error else "")


LOG = (
    *("feed_id", "started_at", "duration_ms", "outcome", "status", "bytes", "new", "changed", "unchanged"),
    *("rejected", "error_code", "message", "final_url"),
)


def write_logs(readings: list[Reading], counts: dict[int, Counts]) -> None:
    insert(FetchLog, LOG, [_log_row(r, counts[r.feed.pk]) for r in readings])


def _log_row(reading: Reading, tally: Counts) -> tuple[object, ...]:
    result, error = reading.result, reading.error
    return (
        *(reading.feed.pk, result.started_at, result.duration_ms),
        *(Outcome.FAILED if error else result.outcome, result.status, result.wire_bytes),
        *(tally.new, tally.changed, tally.unchanged, tally.rejected),
        *(error.code[:40] if error else "", _message(reading, tally)[:500]),
        result.final_url[:1000] if result.final_url != reading.feed.url else "",
    )


def _message(reading: Reading, tally: Counts) -> str:
    """What staff should know of this attempt, in words."""
    if reading.error:
        return reading.error.message
    told = []
    if tally.has_gap:
        told.append("Celah: jendela umpan sudah bergeser melewati semua berita yang kita kenal.")
    if (target := reading.result.permanent_url) and target != reading.feed.url:
        told.append(f"Situs menyatakan umpan pindah ke {target}.")
    if _is_migration(tally):
        told.append(f"Migrasi situs: {tally.relinked} berita dikenali kembali dengan pengenal baru.")
    if tally.reused:
        told.append(f"{tally.reused} pengenal (guid) dipakai ulang untuk berita lain.")
    if reading.clean:
        told += reading.clean.feed.warnings
        told += [rejected.message for rejected in reading.clean.rejected[:3]]
    return " ".join(told)


def keep_raw(readings: list[Reading]) -> None:
    RawFeed.objects.bulk_create(
        [
            RawFeed(
                feed_id=r.feed.pk,
                received_at=r.result.started_at,
                sha256=r.result.body_sha256,
                media_type=r.result.media_type[:100],
                charset=r.result.charset[:40],
                final_url=(r.result.final_url or r.feed.url)[:1000],
                body=zlib.compress(r.result.body, 1),
            )
            for r in readings
            if r.result.body
        ],
        ignore_conflicts=True,
    )
