"""The files of all months: complete, reproducible, and without what was withdrawn."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from aggregator.models import Change, Entry
from portal import bulk
from portal.models import BulkMonth
from tests.factories import make_entry

# On PostgreSQL a follower sees a mark when its transaction has ended.
pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
OCTOBER = datetime(2026, 10, 15, 3, tzinfo=UTC)


def lines(client, month: str = "2026-10") -> list[dict[str, object]]:
    response = client.get(f"/api/v1/bulk/{month}.jsonl.gz")
    assert response.status_code == 200
    body = b"".join(response.streaming_content)
    told = {row["month"]: row for row in client.get("/api/v1/bulk").json()["items"]}[month]
    assert (hashlib.sha256(body).hexdigest(), len(body)) == (told["sha256"], told["bytes"])
    found = [json.loads(line) for line in gzip.decompress(body).splitlines()]
    assert len(found) == told["entries"]
    return found


def follow() -> int:
    bulk.note_changes()
    return bulk.make_due(60)


def withdraw(entry: Entry) -> None:
    Entry.objects.filter(pk=entry.pk).update(state="withdrawn")
    Change.objects.mark([entry.pk])


def test_a_month_holds_all_its_public_posts_whole(client):
    posts = [make_entry(f"Berita {n}", published_at=OCTOBER, text=f"Isi {n}") for n in range(3)]
    make_entry("Rahasia", published_at=OCTOBER, public=False)
    make_entry("November", published_at=OCTOBER + timedelta(days=30))
    follow()
    assert [(row["id"], row["text"]) for row in lines(client)] == [
        (post.pk, f"Isi {n}") for n, post in enumerate(posts)
    ]
    assert len(lines(client, "2026-11")) == 1


def test_a_month_begins_at_midnight_in_jakarta(client):
    make_entry("Sudah Oktober", published_at=datetime(2026, 9, 30, 17, 0, tzinfo=UTC))
    make_entry("Masih September", published_at=datetime(2026, 9, 30, 16, 59, tzinfo=UTC))
    follow()
    assert [row["title"] for row in lines(client)] == ["Sudah Oktober"]


def test_a_withdrawn_post_leaves_its_file_at_once(client):
    kept, gone = make_entry("Tetap", published_at=OCTOBER), make_entry("Ditarik", published_at=OCTOBER)
    follow()
    withdraw(gone)
    follow()
    assert [row["id"] for row in lines(client)] == [kept.pk]
    assert len(list(bulk.folder().iterdir())) == 1


def test_no_file_is_given_out_between_a_recall_and_its_new_file(client):
    gone = make_entry("Ditarik", published_at=OCTOBER)
    follow()
    withdraw(gone)
    bulk.note_changes()
    assert client.get("/api/v1/bulk").json() == {"items": []}
    assert client.get("/api/v1/bulk/2026-10.jsonl.gz").status_code == 404


def test_new_posts_wait_an_hour_for_a_new_file(client):
    make_entry("Satu", published_at=OCTOBER)
    follow()
    make_entry("Dua", published_at=OCTOBER)
    assert follow() == 0
    BulkMonth.objects.update(made_at=timezone.now() - bulk.REST - timedelta(seconds=1))
    assert follow() == 1
    assert len(lines(client)) == 2


def test_equal_content_gives_equal_bytes(client):
    make_entry("Satu", published_at=OCTOBER)
    follow()
    first = BulkMonth.objects.get()
    bulk.make(BulkMonth.objects.get())
    assert BulkMonth.objects.get().sha256 == first.sha256


def test_a_month_that_is_not_there_is_not_found(client):
    for month in ("2026-13", "1999-01", "..%2f..%2fetc"):
        assert client.get(f"/api/v1/bulk/{month}.jsonl.gz").status_code == 404
