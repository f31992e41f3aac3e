"""How soon a post is found after it became public, by whoever searches for it.

  python bench/findable.py [--engine whoosh] [--posts 20000] [--per-minute 50] [--minutes 3] [--folder DIR]

Posts become public at random moments, so many a minute on average, each in a transaction of its own with a
word that no other has. `follow_index` runs beside in a process of its own, as it does in `work`. This
process searches for each word until it is found: the time from the commit to there, by the clock on the wall.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
LOOK = 0.05  # seconds between two searches
PATIENCE = 60.0  # seconds after the last post


def publish(post: Any, number: int, word: str) -> float:
    """Make a post public, as the last of its steps does; the moment of its commit."""
    from django.db import transaction
    from django.utils import timezone

    from aggregator.models import Change, Entry, Feed, Revision

    now = timezone.now()
    feed = Feed.objects.select_related("satker").order_by("id")[post.satker]
    with transaction.atomic():
        entry = Entry.objects.create(
            feed=feed, satker=feed.satker, province_id=feed.satker.province_id, guid=f"urn:new:{number}",
            content_sha256="0" * 64, state="public", published_at=now, released_at=now,
            first_seen_at=now, last_seen_at=now,
        )  # fmt: skip
        entry.public_revision = Revision.objects.create(
            entry=entry, title=f"{post.title} {word}", text=post.text, state="public", content_sha256="0" * 64
        )
        entry.save(update_fields=["public_revision"])
        Change.objects.mark([entry.pk])
    return time.perf_counter()


def watch(per_minute: float, minutes: float) -> list[float]:
    """Seconds from commit to find, of each post."""
    from aggregator.search import Filters, search
    from bench.corpus import posts

    chance = random.Random(time.time())
    batch = f"{time.time_ns():x}"[-8:]
    source = posts(10**6, seed=2)
    waiting: dict[str, float] = {}
    taken: list[float] = []
    end = time.perf_counter() + minutes * 60
    due, number = time.perf_counter(), 0
    while time.perf_counter() < end + PATIENCE and (waiting or time.perf_counter() < end):
        if due <= time.perf_counter() < end:
            number += 1
            word = f"temu{batch}{number}"
            waiting[word] = publish(next(source), number, f"{word}")
            due += chance.expovariate(per_minute / 60)
        for word, since in list(waiting.items()):
            if search(Filters(q=word), facets=False).total:
                taken.append(time.perf_counter() - since)
                del waiting[word]
        time.sleep(LOOK)
    if waiting:
        print(f"{len(waiting)} posts were not found within {PATIENCE:.0f} s", file=sys.stderr)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", choices=["whoosh", "tantivy"], default="whoosh")
    parser.add_argument("--posts", type=int, default=20_000, help="that are there before")
    parser.add_argument("--per-minute", type=float, default=50)
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument(
        "--folder", type=Path, help="go on with the posts and the index of bench/search.py there"
    )
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="bench-findable-"))
    try:
        run(folder, options)
    finally:
        if not options.folder:
            shutil.rmtree(folder)


def run(folder: Path, options: argparse.Namespace) -> None:
    from bench.search import percentiles
    from bench.search_store import fill, set_up

    os.environ["SEARCH_ENGINE"] = options.engine
    set_up(folder)
    from aggregator.search import follow

    fill(options.posts)
    follow(once=True)
    beside = subprocess.Popen([sys.executable, str(ROOT / "manage.py"), "follow_index"], cwd=ROOT)
    try:
        taken = watch(options.per_minute, options.minutes)
    finally:
        beside.terminate()
        beside.wait(timeout=60)
    p50, p95 = percentiles(taken)
    print(
        f"{options.engine}, {options.posts:,} posts, {len(taken)} new ones:"
        f" found after {p50:.1f} s (p50), {p95:.1f} s (p95), {max(taken):.1f} s at most"
    )


if __name__ == "__main__":
    main()
