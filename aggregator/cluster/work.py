"""From marks in the database to stories: candidates by shared keys, verified on their texts.

Only a few members of a story keep their keys (Signature): a release that five hundred offices carry is met
through five of them, and look-ups stay as cheap as before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from operator import itemgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q

from aggregator import bulk
from aggregator.cluster.keys import facts_key, keys_of
from aggregator.cluster.same import same_story
from aggregator.cluster.stories import refresh
from aggregator.cluster.told import Told
from aggregator.models import Entry, Signature, Story, StoryDecision

WINDOW = timedelta(days=60)  # two posts further apart are not compared
KEPT = timedelta(days=150)  # older keys meet nothing that is still to come
PER_KEY = 15  # newest holders of one key that are looked at: forms that everybody fills in have hundreds
COMPARED = 3  # candidates whose texts are compared
LEAST_SHARED = 2  # keys
SAME_FACTS = 8  # so many more keys weighs it that two posts have the same facts
KEEPERS = 5  # members of a story that keep their keys
LOCK = 4_000_004  # advisory lock (PostgreSQL): one clusterer at a time, or two would found a story twice


@dataclass(slots=True)
class _Post:
    pk: int
    satker: int
    story: int | None
    revision: int
    published_at: datetime
    told: Told
    keys: list[int] = field(default_factory=list)
    exact: int | None = None  # the key of its facts
    was_in: int | None = None  # the story before this run


@dataclass(slots=True)
class _Batch:
    posts: list[_Post]
    known: dict[int, _Post] = field(default_factory=dict)  # by entry: of the batch and candidates
    shared: dict[int, Counter[int]] = field(default_factory=dict)  # post → candidate → keys in common
    holders: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))  # key → of the batch
    same: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    different: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    touched: set[int] = field(default_factory=set)  # stories to refresh
    moved: set[int] = field(default_factory=set)  # entries whose story is another now


def cluster_new(now: datetime, limit: int = 500) -> int:
    """Find the stories of public entries that wait for it; returns how many were looked at."""
    posts = [_post(row) for row in _waiting(limit)]
    for post in posts:
        post.keys, post.exact = keys_of(post.told), facts_key(post.told)
    if not posts:
        return 0
    with transaction.atomic():
        if not _alone():
            return 0
        batch = _Batch(_still_waiting(posts))
        if batch.posts:
            _find_candidates(batch)
            _load_decisions(batch)
            for post in batch.posts:
                _place(post, batch)
            _store(batch, now)
    return len(posts)


_COLUMNS = (
    *("id", "satker_id", "story_id", "public_revision_id", "published_at"),
    *("public_revision__title", "public_revision__text"),
)


def _waiting(limit: int) -> list[tuple[object, ...]]:
    waiting = Entry.objects.public_of(clustered_at__isnull=True, public_revision__isnull=False)
    return list(waiting.order_by("id").values_list(*_COLUMNS)[:limit])


def _post(row: tuple[object, ...]) -> _Post:
    pk, satker, story, revision, published_at, title, text = row
    return _Post(pk, satker, story, revision, published_at, Told(title, text), was_in=story)  # type: ignore[arg-type]


def _alone() -> bool:
    if connection.vendor != "postgresql":
        return True  # SQLite has one writer
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        row = cursor.fetchone()
        return bool(row and row[0])


def _still_waiting(posts: list[_Post]) -> list[_Post]:
    """Their keys were made before the transaction began: what changed since is left for the next batch."""
    ids = [post.pk for post in posts]
    waiting = Entry.objects.public_of(id__among=ids, clustered_at__isnull=True)
    if connection.features.has_select_for_update:
        waiting = waiting.select_for_update(of=("self",), no_key=True).order_by("id")
    revisions = {
        pk: (revision, story)
        for pk, revision, story in waiting.values_list("id", "public_revision_id", "story_id")
    }
    kept = [post for post in posts if post.pk in revisions and revisions[post.pk][0] == post.revision]
    for post in kept:
        post.story = post.was_in = revisions[post.pk][1]
    return kept


# --- candidates -------------------------------------------------------------------------------------


def _find_candidates(batch: _Batch) -> None:
    by_key: dict[int, list[int]] = defaultdict(list)
    for key, entry in _holders_in_database(batch):
        by_key[key].append(entry)
    for post in batch.posts:
        counts = Counter(chain.from_iterable(by_key[key] for key in post.keys if key in by_key))
        _favour(counts, by_key.get(post.exact, ()) if post.exact is not None else ())
        counts.pop(post.pk, None)
        batch.shared[post.pk] = counts
    batch.known = {post.pk: post for post in batch.posts}
    wanted = {pk for post in batch.posts for pk, _ in _likely(post, batch.shared[post.pk])}
    _load(batch, wanted - batch.known.keys())


def _favour(counts: Counter[int], entries: Iterable[int]) -> None:
    """What has the very same facts is compared before what has the same words."""
    for entry in entries:
        counts[entry] += SAME_FACTS


def _likely(post: _Post, counts: Counter[int]) -> list[tuple[int, int]]:
    """The candidates that share most keys; one key in common is chance, unless there is hardly a text."""
    least = LEAST_SHARED if len(post.keys) > LEAST_SHARED else 1
    return [(pk, count) for pk, count in counts.most_common(COMPARED) if count >= least]


def _load(batch: _Batch, ids: set[int]) -> None:
    for row in Entry.objects.public_of(id__among=ids).values_list(*_COLUMNS):
        post = _post(row)
        batch.known[post.pk] = post


def _holders_in_database(batch: _Batch) -> list[tuple[int, int]]:
    """(key, entry) of stored keys within the window, the newest PER_KEY of each."""
    keys = sorted({key for post in batch.posts for key in post.keys})
    dates = [post.published_at for post in batch.posts]
    adapt = connection.ops.adapt_datetimefield_value
    span = (adapt(min(dates) - WINDOW), adapt(max(dates) + WINDOW))
    if connection.vendor == "postgresql":
        source, given = "unnest(%s::bigint[]) AS k(value)", keys
    else:
        source, given = "json_each(%s) AS k", f"[{','.join(map(str, keys))}]"  # type: ignore[assignment]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT k.value, s.entry_id FROM {source} JOIN aggregator_signature s ON s.id IN ("  # noqa: S608
            " SELECT id FROM aggregator_signature WHERE key = k.value AND published_at BETWEEN %s AND %s"
            " ORDER BY published_at DESC LIMIT %s)",
            [given, *span, PER_KEY],
        )
        return list(cursor.fetchall())


def _load_decisions(batch: _Batch) -> None:
    ids = [post.pk for post in batch.posts]
    decisions = StoryDecision.objects.filter(Q(low__among=ids) | Q(high__among=ids))
    for low, high, verdict in decisions.values_list("low_id", "high_id", "verdict"):
        side = batch.same if verdict == StoryDecision.Verdict.SAME else batch.different
        side[low].add(high)
        side[high].add(low)
    others = {pk for table in (batch.same, batch.different) for pks in table.values() for pk in pks}
    _load(batch, others - batch.known.keys())


# --- one post ---------------------------------------------------------------------------------------


def _place(post: _Post, batch: _Batch) -> None:
    """Put a post into the story of the candidate that tells the same, or leave it alone."""
    if match := _match(post, batch):
        _join(post, match, batch)
    elif post.story is not None:
        batch.touched.add(post.story)
        _move(post, None, batch)
    for key in post.keys:
        batch.holders[key].append(post.pk)


def _match(post: _Post, batch: _Batch) -> _Post | None:
    for pk in sorted(batch.same[post.pk]):
        if pk in batch.known:
            return batch.known[pk]
    barred = batch.different[post.pk]
    barred_stories = {batch.known[pk].story for pk in barred if pk in batch.known} - {None}
    counts = batch.shared[post.pk]
    met = [batch.holders[key][-PER_KEY:] for key in post.keys if key in batch.holders]
    counts.update(chain.from_iterable(met))
    _favour(counts, batch.holders.get(post.exact, ())[-PER_KEY:] if post.exact is not None else ())
    for pk, _ in _likely(post, counts):
        other = batch.known.get(pk)
        if other is None or pk in barred or other.story in barred_stories:
            continue
        if abs(other.published_at - post.published_at) <= WINDOW and same_story(post.told, other.told):
            return other
    return None


def _join(post: _Post, other: _Post, batch: _Batch) -> None:
    if other.story is None:
        again = post.was_in if post.was_in is not None and post.was_in == other.was_in else None
        _move(other, again or Story.objects.create().pk, batch)
    if post.story is not None and post.story != other.story:
        batch.touched.add(post.story)
    _move(post, other.story, batch)


def _move(post: _Post, story: int | None, batch: _Batch) -> None:
    if story is not None:
        batch.touched.add(story)
    if post.story != story:
        post.story = story
        batch.moved.add(post.pk)


# --- writing ----------------------------------------------------------------------------------------


def _store(batch: _Batch, now: datetime) -> None:
    moved = [batch.known[pk] for pk in sorted(batch.moved)]
    bulk.update(Entry, ("story_id",), [(post.story, post.pk) for post in moved])
    _store_keys(batch)
    refresh(batch.touched, [post.pk for post in batch.posts], now)


def _store_keys(batch: _Batch) -> None:
    Signature.objects.filter(entry__among=[post.pk for post in batch.posts]).delete()
    keepers: Counter[int] = Counter()
    held = Signature.objects.filter(entry__story__among=batch.touched).values("entry__story").order_by()
    for row in held.annotate(keepers=Count("entry", distinct=True)):
        keepers[row["entry__story"]] = row["keepers"]
    rows: list[Sequence[Any]] = []
    for post in batch.posts:
        if post.story is not None:
            keepers[post.story] += 1
            if keepers[post.story] > KEEPERS:
                continue
        published_at = connection.ops.adapt_datetimefield_value(post.published_at)
        rows += [(post.pk, key, published_at) for key in post.keys]
    rows.sort(key=itemgetter(1))  # in the order of the index, so that neighbours share its pages
    # 22 rows an entry: times are turned once an entry, not once a row.
    bulk.insert_ready(Signature, ("entry_id", "key", "published_at"), rows)


def forget_old_keys(now: datetime) -> int:
    """Drop keys of posts so old that nothing still to come can match them; returns how many."""
    return Signature.objects.filter(
        published_at__lt=now - KEPT, entry__first_seen_at__lt=now - KEPT
    ).delete()[0]
