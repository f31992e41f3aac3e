"""A year of the nation's 553 satker: how long each staff page takes, of one account of KPU RI and one of a
province, against the floor of an empty staff page in the same run.

    python bench/monitoring.py [--posts 100000]

Prints one table; the pages are asked through Django's test client, in this process, without a browser.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
FOLDER = tempfile.mkdtemp(prefix="bench-monitoring-")
os.environ.update(
    DEMO="1", DATA_DIR=os.environ.get("BENCH_DIR", FOLDER), DJANGO_SETTINGS_MODULE="portal.settings"
)

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from aggregator import bulk  # noqa: E402
from aggregator.models import (  # noqa: E402
    Change,
    Entry,
    EntryTopic,
    Feed,
    Quarantine,
    Revision,
    Satker,
    Stage,
    Topic,
)
from portal import daily  # noqa: E402
from portal.models import User  # noqa: E402
from portal.monitoring.figures import follow, months, polls  # noqa: E402
from portal.monitoring.figures.today import today  # noqa: E402
from portal.monitoring.models import Alert, AuditRow, Digest, FeedDay  # noqa: E402

CHANCE = random.Random(1)
ORIGINS = ("own", "own", "own", "own", "central", "province", "child", "peer", "")
PAGES = (
    "/pantauan",
    "/pantauan/aktivitas",
    "/pantauan/aktivitas/banding",
    "/pantauan/aktivitas/kewajiban",
    "/pantauan/aktivitas/target",
    "/pantauan/aktivitas/satker/3571",
    *(f"/pantauan/laporan/{number}" for number in range(1, 11)),
    *(
        f"/pantauan/{name}"
        for name in ("peringatan", "ringkasan", "umpan", "umpan/{feed}", "migrasi", "duplikat")
    ),
    *(f"/pantauan/{name}" for name in ("karantina", "klasifikasi", "catatan")),
)
YEAR_PAGES = (
    "/pantauan/aktivitas",
    "/pantauan/aktivitas/banding",
    "/pantauan/aktivitas/target",
    *(f"/pantauan/laporan/{number}" for number in (1, 2, 4, 5, 6, 8, 9, 10)),
)
FLOOR = "/pantauan/akun"
REPEATS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=365, help="of fetches that are kept")
    options = parser.parse_args()
    settings.ALLOWED_HOSTS = ["*"]
    settings.WHITENOISE_AUTOREFRESH = True
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    try:
        call_command("migrate", interactive=False, verbosity=0)
        if not Satker.objects.exists():
            make_year(options.posts, options.days)
        print_build()
        for role in ("viewer", "province"):
            print_pages(role)
    finally:
        if "BENCH_DIR" not in os.environ:
            shutil.rmtree(FOLDER)


def make_year(posts: int, kept_days: int) -> None:
    call_command("load_registry", verbosity=0)
    now = datetime.now(UTC)
    satker = list(Satker.objects.all())
    feeds = [
        Feed(
            satker=one,
            url=f"https://{one.code}.example/feed",
            last_success_at=now,
            last_checked_at=now,
            first_success_at=now,
        )
        for one in satker
    ]
    Feed.objects.bulk_create(feeds)
    stages, topics = list(Stage.objects.all()), list(Topic.objects.all())
    busy = [CHANCE.paretovariate(1.2) for _ in satker]
    entries, revisions, tags = [], [], []
    for number in range(1, posts + 1):
        feed = feeds[CHANCE.choices(range(len(feeds)), busy)[0]] if number > len(feeds) else feeds[number - 1]
        at = now - timedelta(minutes=CHANCE.randint(5, 365 * 1440))
        entries.append(
            Entry(
                pk=number,
                satker_id=feed.satker_id,
                province_id=feed.satker.province_id,
                feed=feed,
                guid=f"urn:{number}",
                url=f"https://{feed.satker.code}.example/berita/rapat-pleno-{number}",
                content_sha256=f"{number:064x}",
                published_at=at,
                first_seen_at=at + timedelta(minutes=CHANCE.randint(1, 90)),
                last_seen_at=at,
                released_at=at,
                origin=CHANCE.choice(ORIGINS),
                stage=CHANCE.choice(stages) if stages and CHANCE.random() < 0.3 else None,
                event_on=at.date() - timedelta(days=CHANCE.randint(0, 5)),
                clustered_at=at,
                classified_at=at,
            )
        )
        title = (
            f"PDPB Triwulan {CHANCE.randint(1, 4)}" if CHANCE.random() < 0.05 else f"Rapat pleno ke-{number}"
        )
        revisions.append(
            Revision(
                pk=number,
                entry_id=number,
                title=title,
                text="Isi berita. " * 40,
                state="public",
                public_at=at,
                content_sha256=f"{number:064x}",
            )
        )
        tags += [
            EntryTopic(entry_id=number, topic=topic, score=CHANCE.random())
            for topic in CHANCE.sample(topics, CHANCE.randint(0, 2))
        ]
    for entry in entries:
        entry.state = "public"
    Entry.objects.bulk_create(entries, batch_size=500)
    Revision.objects.bulk_create(revisions, batch_size=500)
    bulk.update(Entry, ("public_revision_id",), [(number, number) for number in range(1, posts + 1)])
    EntryTopic.objects.bulk_create(tags, batch_size=500)
    days = [timezone.localdate() - timedelta(days=n) for n in range(kept_days)]
    FeedDay.objects.bulk_create(
        (
            FeedDay(feed=feed, day=day, polls=40, fetched=5, unmodified=33, failed=2, kinds={"timeout": 2})
            for feed in feeds
            for day in days
        ),
        batch_size=2000,
    )
    polls.add_up({(feed.pk, months.number(day)) for feed in feeds for day in days})
    make_cases(entries[::50])
    for role, code in (("viewer", ""), ("province", "35")):
        User.objects.create_user(
            role, f"{role}@kpu.example", role=role, satker=Satker.objects.filter(code=code).first()
        )
    Change.objects.mark(list(range(1, posts + 1, 97)))


def make_cases(entries: list[Entry]) -> None:
    """What waits for people, and what they did: cases, alarms, a log, a digest a day."""
    signals = [{"code": "term_strong_title", "points": 6, "detail": "slot gacor"}]
    Quarantine.objects.bulk_create(
        Quarantine(
            entry=entry,
            revision_id=entry.pk,
            points=7,
            signals=signals,
            held_at=entry.published_at,
            state=CHANCE.choice(("held", "released", "rejected")),
        )
        for entry in entries
    )
    Alert.objects.bulk_create(
        Alert(rule="silent", key=str(n), satker_id=entry.satker_id, title=f"KPU tanpa berita {n} hari")
        for n, entry in enumerate(entries[:600])
    )
    AuditRow.objects.bulk_create(
        AuditRow(action="entry.release", actor="ani@kpu.example", satker_id=entry.satker_id, name="Berita")
        for entry in entries * 2
    )
    numbers = today(Satker.objects.all(), timezone.localdate()).numbers()
    days = [timezone.localdate() - timedelta(days=n) for n in range(1, 365)]
    Digest.objects.bulk_create(Digest(day=day, numbers=numbers | {"day": day.isoformat()}) for day in days)


def print_build() -> None:
    started = time.perf_counter()
    follow.rebuild()
    built = time.perf_counter() - started
    daily.rebuild()
    posts = Entry.objects.count()
    rate = posts / built
    print(f"{posts} posts of {Satker.objects.count()} satker counted in {built:.1f} s ({rate:.0f} posts/s)")
    entry = Entry.objects.order_by("-pk").first()
    assert entry is not None
    Change.objects.mark([entry.pk])
    print(f"one changed post followed in {1000 * timed(follow.follow):.0f} ms")


def print_pages(role: str) -> None:
    client = Client()
    client.force_login(User.objects.get(username=role))
    floor, _wall = measure(client, FLOOR)
    first = timezone.localdate() - timedelta(days=364)
    print(f"\n{role}: floor ({FLOOR}) {floor:.0f} ms")
    feed = Feed.objects.get(satker__code="3571").pk
    for page in (*PAGES, *(f"{page}?dari={first}" for page in YEAR_PAGES)):
        page = page.format(feed=feed)
        took, wall = measure(client, page)
        print(f"{page:62} {took:6.0f} ms  {took / floor:5.1f} × floor  {wall:6.0f} ms of wall at best")


def measure(client: Client, page: str) -> tuple[float, float]:
    """Milliseconds of some repetitions: the median of this process's CPU, and of the clock the least, which
    has in it what a database server of its own does."""
    walls: list[float] = []

    def ask() -> None:
        started = time.perf_counter()
        answer = client.get(page)
        walls.append(1000 * (time.perf_counter() - started))
        assert answer.status_code == 200, (page, answer.status_code)

    ask()
    return 1000 * statistics.median(timed(ask) for _ in range(REPEATS)), min(walls)


def timed(step: Callable[[], Any]) -> float:
    started = time.process_time()
    step()
    return time.process_time() - started


if __name__ == "__main__":
    main()
