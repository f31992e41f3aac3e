"""What `bench/search.py` searches: made-up posts in the tables, and an index of them. Both go on where a run
before them stopped."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any


def set_up(folder: Path) -> None:
    os.environ |= {
        "DATA_DIR": str(folder),
        "DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "ERROR",
    }
    os.environ.pop("DATABASE_URL", None)
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from aggregator.registry import load

    load()


class OutOfTime(Exception):
    """The run has used its `--seconds`; the next one goes on in the same folder."""


def fill(count: int, deadline: float = float("inf")) -> None:
    """Public entries straight into the tables, with their marks; those already there are left."""
    from django.db import transaction

    from aggregator.bulk import insert
    from aggregator.models import Change, Entry, EntryTopic, Feed, Revision, Satker, Topic
    from bench.corpus import posts

    satker = list(Satker.objects.order_by("code"))
    topics = list(Topic.objects.order_by("id").values_list("id", flat=True))
    feeds = [
        Feed.objects.get_or_create(satker=one, url=f"https://{one.code}.example/feed")[0].pk for one in satker
    ]
    there = Entry.objects.count()
    for batch in batched(islice(posts(count), there, None), 5000):
        if time.monotonic() > deadline:
            raise OutOfTime
        with transaction.atomic():
            insert(
                Entry,
                ("id", "satker_id", "province_id", "feed_id", "guid", "content_sha256", "state", "origin",
                 "published_at", "released_at", "first_seen_at", "last_seen_at", "public_revision_id"),
                [
                    (post.number + 1, satker[post.satker].pk, satker[post.satker].province_id,
                     feeds[post.satker], f"urn:{post.number}", "0" * 64, "public",
                     "own" if post.is_own else "central", *[post.published_at] * 4, post.number + 1)
                    for post in batch
                ],
            )  # fmt: skip
            insert(
                Revision,
                ("id", "entry_id", "title", "text", "state", "content_sha256"),
                [(p.number + 1, p.number + 1, p.title, p.text, "public", "0" * 64) for p in batch],
            )
            insert(
                EntryTopic,
                ("entry_id", "topic_id"),
                [(post.number + 1, topics[post.topic % len(topics)]) for post in batch],
            )
            insert(Change, ("entry_id",), [(post.number + 1,) for post in batch])


def batched(items: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while batch := list(islice(items, size)):
        yield batch


def index(deadline: float) -> dict[str, float]:
    """Take everything into the index, going on where the last run stopped: documents a second."""
    from aggregator.search.engine import current, home, new_build, swap
    from aggregator.search.follow import Follower, _current, _start

    notes = home() / "bench.json"
    if _current() is None:
        swap(new_build(_start()))
        notes.write_text(json.dumps({"count": 0, "seconds": 0.0, "cpu": 0.0}))
    done = json.loads(notes.read_text())
    follower = Follower(current(), batch=2000)
    try:
        while True:
            if time.monotonic() > deadline:
                raise OutOfTime
            started, cpu = time.perf_counter(), time.process_time()
            count = follower.step()
            if not count:
                break
            done["count"] += count
            done["seconds"] += time.perf_counter() - started
            done["cpu"] += time.process_time() - cpu
    finally:
        follower.close()
        notes.write_text(json.dumps(done))
    return {"docs/s": done["count"] / done["seconds"], "docs/CPU s": done["count"] / done["cpu"]}


def index_directly(count: int, deadline: float) -> dict[str, float]:
    """The same index without the way through the tables, each word analysed once (bodies here are words
    parted by blanks): for sizes whose index rate is not the question."""
    from aggregator.search.engine import current, home, new_build, read_manifest, swap, write_manifest
    from aggregator.search.engine import engine as chosen
    from aggregator.search.follow import _current, _end, _start

    notes = home() / "bench.json"
    if _current() is None:
        swap(new_build(_start()))
        notes.write_text(json.dumps({"count": 0, "seconds": 0.0, "cpu": 0.0}))
    done = json.loads(notes.read_text())
    path = current()
    manifest = read_manifest(path)
    writer = chosen().open_writer(path, manifest)
    try:
        for batch in batched(_built(count, done["count"]), 25_000):
            if time.monotonic() > deadline:
                raise OutOfTime
            started, cpu = time.perf_counter(), time.process_time()
            files = writer.write(batch, [])
            writer.sweep()
            done["count"] += len(batch)
            whole = done["count"] == count
            cursor = {**manifest["cursor"], "head": _end(), **({"backlog": None} if whole else {})}
            write_manifest(path, files, cursor)
            done["seconds"] += time.perf_counter() - started
            done["cpu"] += time.process_time() - cpu
            notes.write_text(json.dumps(done))
    finally:
        writer.close()
    return {"docs/s (engine alone)": done["count"] / done["seconds"]}


def _built(count: int, start: int) -> Iterator[Any]:
    from django.utils import timezone

    from aggregator.clocks import weekday_and_hour
    from aggregator.models import Satker, Topic
    from aggregator.search.analysis import MONTHS, tokens
    from aggregator.search.documents import BREAK, FOLDS, Document
    from aggregator.search.moments import WIB, order_key
    from aggregator.search.phrases import marks
    from bench.corpus import posts

    known: dict[str, list[Any]] = {}

    def analysed(text: str) -> list[Any]:
        found: list[Any] = []
        for word in text.split(" "):
            if word not in known:
                known[word] = tokens(word)
            found += known[word]
        return found

    satker = [
        (
            one.code,
            one.province.slug if one.province else "",
            tokens(f"{one.name} {one.province or ''}"),
            one.timezone,
        )
        for one in Satker.objects.select_related("province").order_by("code")
    ]
    topics = list(Topic.objects.order_by("id").values_list("slug", flat=True))
    for post in islice(posts(count), start, None):
        code, province, places, zone = satker[post.satker]
        local = timezone.localtime(post.published_at, WIB)
        day, hour = weekday_and_hour(post.published_at, zone)
        dated = analysed(f"{local.day} {MONTHS[local.month - 1]} {local.year}")
        title, body = analysed(post.title), analysed(post.text)
        number = post.number + 1
        order = order_key(post.published_at, number)
        around = [word for part in (places, dated) for word in (BREAK, *(token.stem for token in part))]
        stems = [token.stem for token in title]
        words = [*stems, *around, BREAK, *(token.stem for token in body)]
        yield Document(
            entry_id=number,
            order=order,
            released=order,
            title=stems,
            words=[*words, BREAK, *marks(words)],
            forms=list(dict.fromkeys(token.form for token in (*title, *places, *body))),
            facets={
                "provinsi": (province,) if province else (),
                "satker": (code,),
                "topik": (topics[post.topic % len(topics)],),
                "tahapan": ("non",),
                "asal": ("sendiri" if post.is_own else "muat-ulang",),
                "bulan": (f"{local:%Y-%m}",),
                "hari": (str(day),),
                "jam": (str(hour),),
            },
            folds=FOLDS,
        )


def index_size() -> float:
    from aggregator.search.engine import current

    return sum(file.stat().st_size for file in current().rglob("*") if file.is_file()) / 1e6
