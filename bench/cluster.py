"""Folding with the database: entries a second on one core, as the store grows; and precision and recall.

Fills a database of its own with STORED older entries (their keys only where the window can still meet them),
then clusters FRESH new ones in batches as the worker does: four in ten are copies of a story that up to
thirty offices carry, three are forms that many offices fill in, the rest stands alone. Beside it stands a
floor, measured just before and after: only to read the same texts and make their keys, without a database.
The ratio of the two is what grows if look-ups do, whatever else the machine is doing.

    .venv/bin/python bench/cluster.py [--stored 10000 100000 1000000] [--fresh 4000]
    .venv/bin/python bench/cluster.py --network 553      # the demonstration network against its truth
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.demo.posts import Post

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
YEARS = 3  # over which the stored entries lie
KEYS = 22  # an entry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--stored", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--fresh", type=int, default=4_000)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--network", type=int, metavar="OFFICES")
    options = parser.parse_args()
    if options.network:
        with tempfile.TemporaryDirectory() as folder:
            os.environ |= {"DATA_DIR": folder, "DEMO": "1"}
            network(options.network)
        return
    if options.one is not None:
        run(options.one, options.fresh)
        return
    quality()
    for stored in options.stored:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                [sys.executable, __file__, "--one", str(stored), "--fresh", str(options.fresh)],
                env=os.environ | {"DATA_DIR": folder, "DEMO": "1"},
                check=True,
            )


def ready() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()


def quality() -> None:
    os.environ.setdefault("DEMO", "1")
    ready()
    from aggregator.cluster import keys_of, same_story
    from tests.story_pairs import labelled_pairs

    counts: Counter[tuple[bool, bool]] = Counter()
    for pair in labelled_pairs(each=400, seed=99):
        met = not set(keys_of(pair.one)).isdisjoint(keys_of(pair.two))
        counts[pair.same, met and same_story(pair.one, pair.two)] += 1
    right = counts[True, True]
    print(
        f"{counts.total()} labelled pairs: precision {right / (right + counts[False, True]):.4f},"
        f" recall {right / (right + counts[True, False]):.4f}"
    )


def run(stored: int, fresh: int) -> None:
    ready()
    from django.core.management import call_command

    from aggregator.cluster import cluster_new
    from aggregator.models import Entry, Signature

    call_command("migrate", verbosity=0)
    call_command("load_registry", stdout=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    rng = random.Random(7)
    fill(stored, rng)
    made = posts(fresh, rng)
    publish(made)
    keys = Signature.objects.count()
    floor = reading(made)
    used = time.process_time()
    done = 0
    while touched := cluster_new(NOW):
        done += touched
    used = time.process_time() - used
    floor = (floor + reading(made)) / 2
    folded = Entry.objects.filter(story__isnull=False).count()
    print(
        f"{stored:>9,} stored ({keys:,} keys): {done:,} entries in {used:.1f} s of CPU, {done / used:,.0f} a"
        f" second, {used / floor:.2f} times the floor ({len(made) / floor:,.0f} a second); {folded:,} folded",
        flush=True,
    )


def reading(made: list[tuple[str, str]]) -> float:
    """Seconds of CPU to read these texts and make their keys."""
    from aggregator.cluster import Told, keys_of

    start = time.process_time()
    for title, text in made:
        keys_of(Told(title, text))
    return time.process_time() - start


def network(count: int) -> None:
    """Cluster what the sites of the demonstration network show, and compare with what the generator knows."""
    ready()
    from django.core.management import call_command

    from aggregator.cluster import cluster_new
    from aggregator.demo.posts import World
    from aggregator.models import Entry

    call_command("migrate", verbosity=0)
    call_command("load_registry", stdout=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    world = World(seed=3)
    shown = [
        post
        for code in list(world.offices)[:count]
        for post in world.posts(code, NOW, 8 if code != "0" else 40)
    ]
    truth = store_shown(shown)
    while cluster_new(NOW):
        pass
    true, found = pairs(truth), pairs(dict(Entry.objects.values_list("id", "story")))
    right = len(true & found)
    print(
        f"{len(shown):,} posts of {count} offices, {len(true):,} true pairs:"
        f" precision {right / len(found):.4f}, recall {right / len(true):.4f}"
    )


def store_shown(shown: list[Post]) -> dict[int, str]:
    """Entry → the story it belongs to."""
    from aggregator.models import Entry, Feed, Revision, Satker

    satker = {s.code: s for s in Satker.objects.all()}
    feeds = {c: Feed.objects.create(satker=s, url=f"https://{c}.example/feed") for c, s in satker.items()}
    truth = {}
    for post in shown:
        at = post.published_at
        entry = Entry.objects.create(
            satker=satker[post.code],
            province_id=satker[post.code].province_id,
            feed=feeds[post.code],
            guid=post.key,
            content_sha256="x",
            published_at=at,
            first_seen_at=at,
            last_seen_at=at,
            state="public",
        )
        text = Revision.objects.create(
            entry=entry, title=post.title, text=post.text, content_sha256="x", state="public"
        )
        Entry.objects.filter(pk=entry.pk).update(public_revision=text)
        truth[entry.pk] = post.story_key
    return truth


def pairs(stories: Mapping[int, object]) -> set[tuple[int, int]]:
    members = defaultdict(list)
    for entry, story in stories.items():
        if story is not None:
            members[story].append(entry)
    return {pair for entries in members.values() for pair in combinations(sorted(entries), 2)}


def posts(count: int, rng: random.Random) -> list[tuple[str, str]]:
    """Titles and texts of a busy week, in any order."""
    from tests.story_pairs import TOPICS, article, carried, facts

    made: list[tuple[str, str]] = []
    while len(made) < count:
        kind = rng.random()
        known = facts(rng)
        if kind < 0.04:
            post = article("central", known)
            made += [
                carried(*post, rng, edits=rng.choice((0.0, 0.05, 0.1))) for _ in range(rng.randrange(2, 20))
            ]
        elif kind < 0.5:
            made += [article("pdpb", facts(rng)), article("apel", facts(rng))][: rng.randrange(1, 3)]
        else:
            title, text = article(rng.choice(list(TOPICS)), known)
            words = text.split(" ")
            rng.shuffle(words)
            made.append((title, " ".join(words)))
    rng.shuffle(made)
    return made[:count]


def publish(made: list[tuple[str, str]]) -> None:
    from django.db import transaction
    from django.db.models import OuterRef, Subquery

    from aggregator import bulk
    from aggregator.models import Entry, Feed, Revision, Satker

    satker = list(Satker.objects.order_by("id"))
    feeds = {s.pk: Feed.objects.create(satker=s, url=f"https://{s.hostname}/feed").pk for s in satker}
    with transaction.atomic():
        ids = bulk.new_ids(Entry, len(made))
        rows = []
        for number, pk in enumerate(ids):
            s = satker[number * 7 % len(satker)]
            at = NOW - timedelta(minutes=number)
            rows.append((pk, s.pk, s.province_id, feeds[s.pk], f"g{pk}", "x", at, at, at, "public"))
        columns = ("id", "satker_id", "province_id", "feed_id", "guid", "content_sha256", "published_at")
        bulk.insert(Entry, (*columns, "first_seen_at", "last_seen_at", "state"), rows)
        bulk.insert(
            Revision,
            ("entry_id", "number", "state", "title", "text", "content_sha256"),
            [(pk, 1, "public", title, text, "x") for pk, (title, text) in zip(ids, made, strict=True)],
        )
        public = Revision.objects.filter(entry=OuterRef("pk")).values("id")[:1]
        Entry.objects.filter(id__in=ids).update(public_revision_id=Subquery(public))


def fill(stored: int, rng: random.Random) -> None:
    """Older entries, spread evenly over YEARS, clustered already."""
    from django.db import transaction

    from aggregator import bulk
    from aggregator.cluster.work import KEPT
    from aggregator.models import Entry, Feed, Satker, Signature

    satker = Satker.objects.order_by("id")[0]
    feed = Feed.objects.create(satker=satker, url="https://stored.example/feed")
    span = timedelta(days=365 * YEARS)
    for start in range(0, stored, 20_000):
        count = min(20_000, stored - start)
        with transaction.atomic():
            ids = bulk.new_ids(Entry, count)
            times = [NOW - span * ((start + n) / stored) for n in range(count)]
            columns = (
                "id",
                "satker_id",
                "feed_id",
                "guid",
                "content_sha256",
                "published_at",
                "first_seen_at",
                "last_seen_at",
                "state",
                "clustered_at",
                "classified_at",
            )
            bulk.insert(
                Entry,
                columns,
                [
                    (pk, satker.pk, feed.pk, f"s{pk}", "x", at, at, at, "public", NOW, NOW)
                    for pk, at in zip(ids, times, strict=True)
                ],
            )
            rows = [
                (pk, rng.getrandbits(64) - 2**63, at)
                for pk, at in zip(ids, times, strict=True)
                if at > NOW - KEPT
                for _ in range(KEYS)
            ]
            bulk.insert(Signature, ("entry_id", "key", "published_at"), sorted(rows, key=itemgetter(1)))


if __name__ == "__main__":
    main()
