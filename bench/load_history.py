"""Years of history in one portal: 5,530 feeds and a million posts, and what that does to an answer.

Fills the database of the environment (DATABASE_URL, DATA_DIR; a throw-away SQLite without them) in steps and
times, after each, the answers readers ask most and the queries a worker asks all the time. Shown is the time
at each size, also as a multiple of that at the first: a curve that stays flat is what is wanted. With a
DATA_DIR or DATABASE_URL that is kept a later run goes on where the former ended.

    .venv/bin/python bench/load_history.py [--feeds 5530] [--entries 10000 100000 1000000] [--only-fill]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
BATCH = 5000
TITLES = ROOT / "tests/data/kpu_titles.jsonl"
PAGES = (
    "/",
    "/satker",
    "/provinsi/bali",
    "/aktivitas",
    "/feeds/nasional.rss",
    "/sitemap.xml",
    "/sitemap/0.xml",
)


def start(folder: Path) -> None:
    os.environ.setdefault("DATA_DIR", str(folder))
    os.environ |= {"DEMO": "1", "DJANGO_SETTINGS_MODULE": "portal.settings", "LOG_LEVEL": "ERROR"}
    os.environ |= {"PAGE_CACHE_SECONDS": "0", "PREPARED_HOURS": "0"}
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("load_registry", stdout=sys.stderr)


def fill_feeds(count: int) -> None:
    from django.db import transaction
    from django.utils import timezone

    from aggregator.bulk import insert
    from aggregator.models import Feed, Satker

    offices = list(Satker.objects.order_by("pk").values_list("pk", flat=True))
    there = Feed.objects.count()
    now = timezone.now()
    names = ("satker_id", "url", "next_check_at", "last_success_at", "first_success_at", "last_checked_at")
    rows = (
        (
            offices[n % len(offices)],
            f"https://umpan{n}.example/feed",
            now + timedelta(seconds=n % 3600),
            now,
            now,
            now,
        )
        for n in range(there, count)
    )
    with transaction.atomic():
        insert(Feed, names, rows)


def fill_entries(count: int) -> None:
    """Public posts with one version each, two thousand a day back from now, up to `count`."""
    from django.db import transaction
    from django.db.models import Max
    from django.utils import timezone

    from aggregator.bulk import insert
    from aggregator.models import Entry, EntryTopic, Feed, Revision, Topic

    topics = list(Topic.objects.order_by("pk").values_list("pk", flat=True))
    titles = [json.loads(line)["title"] for line in TITLES.read_text(encoding="utf-8").splitlines()]
    feeds = list(Feed.objects.order_by("pk").values_list("pk", "satker_id", "satker__province_id"))
    last = Entry.objects.aggregate(last=Max("pk"))["last"] or 0
    last_revision = Revision.objects.aggregate(last=Max("pk"))["last"] or 0
    now = timezone.now()
    entry_names = (
        *("id", "satker_id", "province_id", "feed_id", "guid", "url", "content_sha256", "state"),
        *("published_at", "first_seen_at", "last_seen_at", "released_at", "classified_at", "clustered_at"),
        *("public_revision_id", "origin"),
    )
    revision_names = (
        *("id", "entry_id", "state", "seen_at", "public_at", "url", "title", "summary", "text"),
        "content_sha256",
    )
    topic_names = ("entry_id", "topic_id", "score")
    for first in range(Entry.objects.count(), count, BATCH):
        entries, revisions, about = [], [], []
        for n in range(first, min(first + BATCH, count)):
            pk, revision = last + 1 + n, last_revision + 1 + n
            feed, satker, province = feeds[n * 7919 % len(feeds)]
            at = now - timedelta(seconds=n * 43.2 + 3600)
            title = f"{titles[n % len(titles)]} {n}"
            digest = hashlib.sha256(title.encode()).hexdigest()
            url = f"https://umpan{feed}.example/{n}"
            origin = "own" if n % 10 < 7 else "central"
            times = (at, at, at, at, at, at)
            entry = (pk, satker, province, feed, f"urn:h:{n}", url, digest, "public", *times, None, origin)
            entries.append(entry)
            revisions.append((revision, pk, "public", at, at, url, title, title, f"{title}. " * 12, digest))
            about.append((pk, topics[n * 31 % len(topics)], 1.0))
        with transaction.atomic():
            insert(Entry, entry_names, entries)
            insert(Revision, revision_names, revisions)
            insert(EntryTopic, topic_names, about)
            _link(last + 1 + first, last + first + len(entries), last_revision - last)
    _tidy()


def _link(first: int, last: int, apart: int) -> None:
    from django.db.models import F

    from aggregator.models import Entry

    Entry.objects.filter(pk__range=(first, last)).update(public_revision_id=F("pk") + apart)


def _tidy() -> None:
    """Sequences beyond what was numbered by hand, fresh statistics for the planner, and the daily counts
    that a worker would have kept."""
    from django.db import connection

    from portal import daily

    daily.rebuild()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in ("aggregator_entry", "aggregator_revision"):
                sequence = f"pg_get_serial_sequence('{table}', 'id')"
                cursor.execute(f"SELECT setval({sequence}, max(id)) FROM {table}")  # noqa: S608
        cursor.execute("ANALYZE")


def measures() -> dict[str, Callable[[], object]]:
    from django.test import Client
    from django.utils import timezone

    from aggregator.models import Entry, Feed
    from aggregator.schedule import count_due
    from feeds import caching
    from portal import figures

    client = Client(headers={"host": "localhost"})
    entry = Entry.objects.public().order_by("-published_at").first()
    assert entry
    office = entry.satker.get_absolute_url()

    def page(path: str) -> Callable[[], object]:
        def get() -> None:
            caching.forget()
            response = client.get(path)
            assert response.status_code == 200, (path, response.status_code)
            b"".join(response) if response.streaming else response.content

        return get

    pages = {path: page(path) for path in PAGES}
    pages["one post"] = page(entry.get_absolute_url())
    pages["one office"] = page(office)
    return pages | {
        "who is due": lambda: count_due(timezone.now()),
        "200 feeds by due time": lambda: list(Feed.objects.due(timezone.now())[:200]),
        "figures for /metrics": lambda: list(figures._figures()),
    }


def timed(work: Callable[[], object]) -> float:
    """Median milliseconds; as often as two seconds allow, at least three times."""
    work()
    took: list[float] = []
    while len(took) < 3 or (sum(took) < 2 and len(took) < 15):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--feeds", type=int, default=5530)
    parser.add_argument("--entries", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--only-fill", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-history-") as folder:
        start(Path(folder))
        fill_feeds(options.feeds)
        found: list[dict[str, float]] = []
        for count in options.entries:
            began = time.perf_counter()
            fill_entries(count)
            print(f"{count:,} posts, filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)
            if not options.only_fill:
                found.append({name: timed(work) for name, work in measures().items()})
        if found:
            table(options.entries, found)


def table(sizes: list[int], found: list[dict[str, float]]) -> None:
    heads = [f"{sizes[0]:,} posts (ms)", *(f"{size:,} (×)" for size in sizes[1:])]
    print("| | " + " | ".join(heads) + " |")
    print("|---|" + "---|" * len(heads))
    for name, first in found[0].items():
        cells = [f"{first:.1f}", *(f"{row[name]:.1f} ({row[name] / first:.2f})" for row in found[1:])]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
