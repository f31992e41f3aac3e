"""Rows for the tests of screen, cluster and classify, made directly so that each test shows what it needs."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from aggregator.models import Entry, Feed, Province, Revision, Satker, SatkerHost

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
_numbers = count(1)


def make_satker(
    code: str = "3506",
    name: str = "KPU Kabupaten Kediri",
    level: str = "regency",
    parent: Satker | None = None,
    province: Province | None = None,
    hostname: str = "kab-kediri.kpu.go.id",
    region: str = "",
) -> Satker:
    satker = Satker.objects.create(
        code=code,
        name=name,
        slug=code,
        level=level,
        parent=parent,
        province=province,
        region_name=region or name.removeprefix("KPU "),
        kind={"national": "ri", "province": "provinsi", "regency": "kabupaten"}[level],
        hostname=hostname,
        timezone="Asia/Jakarta",
    )
    SatkerHost.objects.create(satker=satker, hostname=hostname, state="approved")
    Feed.objects.create(
        satker=satker, url=f"https://{hostname}/feed", first_success_at=NOW - timedelta(days=90)
    )
    return satker


def make_entry(satker: Satker, title: str = "Apel Senin Pagi", text: str = "", **fields: Any) -> Entry:
    """A new entry with its first pending revision. Fields of the revision: html, url, signals, categories."""
    number = next(_numbers)
    url = fields.pop("url", f"https://{satker.hostname}/blog/read/{number}_berita")
    revision = {key: fields.pop(key) for key in ("signals", "categories", "image_url") if key in fields}
    html = fields.pop("html", f"<p>{text}</p>")
    defaults = {
        "province": satker.province,
        "feed": satker.feeds.get(),
        "guid": url,
        "url": url,
        "published_at": NOW - timedelta(minutes=10),
        "first_seen_at": NOW,
        "last_seen_at": NOW,
        "content_sha256": hashlib.sha256(f"{title}{text}{number}".encode()).hexdigest(),
    }
    entry = Entry.objects.create(satker=satker, **(defaults | fields))
    Revision.objects.create(
        entry=entry,
        seen_at=NOW,
        url=url,
        title=title,
        text=text,
        content_html=html,
        content_sha256=entry.content_sha256,
        **revision,
    )
    return entry


def edit(entry: Entry, title: str, text: str = "", html: str = "", **fields: Any) -> Revision:
    """The next version of an entry, pending, as `store` writes it."""
    entry.refresh_from_db()
    entry.revisions_count += 1
    entry.save()
    return Revision.objects.create(
        entry=entry,
        number=entry.revisions_count,
        seen_at=NOW,
        url=entry.url,
        title=title,
        text=text,
        content_html=html or f"<p>{text}</p>",
        content_sha256=hashlib.sha256(f"{title}{text}{html}".encode()).hexdigest(),
        **fields,
    )
