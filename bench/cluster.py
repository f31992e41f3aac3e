"""Folding with the database: entries a second on one core, as the store grows; and precision and recall.

Fills a database of its own with STORED older entries (their keys only where the window can still meet them),
then clusters FRESH new ones in batches as the worker does: four in ten are copies of a story that up to
thirty offices carry, three are forms that many offices fill in, the rest stands alone.

    .venv/bin/python bench/cluster.py [--stored 10000 100000 1000000] [--fresh 4000]
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
YEARS = 3  # over which the stored entries lie
KEYS = 37  # an entry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--stored", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--fresh", type=int, default=4_000)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
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
    publish(posts(fresh, rng))
    keys = Signature.objects.count()
    wall, used = time.perf_counter(), time.process_time()
    done = 0
    while touched := cluster_new(NOW):
        done += touched
    wall, used = time.perf_counter() - wall, time.process_time() - used
    folded = Entry.objects.filter(story__isnull=False).count()
    print(
        f"{stored:>9,} stored ({keys:,} keys): {done:,} entries in {wall:.1f} s, CPU {used:.1f} s:"
        f" {done / used:,.0f} entries/s; {folded:,} in stories",
        flush=True,
    )


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
