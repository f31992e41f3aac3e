"""Small makers of rows. Every one gives a valid row with as few words as the test needs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import AutoField

from aggregator.bulk import update
from aggregator.models import Change, Entry, Feed, Province, Revision, Satker, SatkerHost
from aggregator.records import CleanEntry, DateStatus

_numbers = itertools.count(1)
SEEN = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def begin_numbers_at(number: int) -> None:
    """Rows made from now on have numbers above this: from 1,000 on pages write them in groups of three."""
    models = [model for model in apps.get_models() if isinstance(model._meta.pk, AutoField)]
    with connection.cursor() as cursor:
        for table, column in ((model._meta.db_table, str(model._meta.pk.column)) for model in models):
            if connection.vendor == "sqlite":
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, number])
            else:
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [table, column, number])


def make_province(code: str = "35", name: str = "Jawa Timur", **fields: Any) -> Province:
    defaults = {
        "name": name,
        "slug": name.lower().replace(" ", "-"),
        "abbr": f"{code}",
        "tile_row": 0,
        "tile_col": 0,
        "timezone": "Asia/Jakarta",
    }
    return Province.objects.get_or_create(code=code, defaults=defaults | fields)[0]


def make_satker(code: str | None = None, **fields: Any) -> Satker:
    """A regency office in Jawa Timur unless told otherwise."""
    number = next(_numbers)
    code = code or f"{2200 + number % 900}"  # no province's number begins so; tests name real codes
    if "province" not in fields and fields.get("level") != "national":
        fields["province"] = make_province()
    defaults = {
        "level": "regency",
        "name": f"KPU Kabupaten Contoh {number}",
        "slug": f"kpu-kabupaten-contoh-{number}",
        "region_name": f"Kabupaten Contoh {number}",
        "kind": "kabupaten",
        "hostname": f"kab-contoh{number}.kpu.go.id",
        "timezone": "Asia/Jakarta",
    }
    return Satker.objects.create(code=code, **(defaults | fields))


def make_feed(url: str | None = None, satker: Satker | None = None, **fields: Any) -> Feed:
    """An active feed whose host is approved."""
    satker = satker or make_satker()
    url = url or f"https://{satker.hostname}/feed-{next(_numbers)}"
    host = url.split("/")[2].rsplit(":", 1)[0]
    SatkerHost.objects.get_or_create(satker=satker, hostname=host, defaults={"state": "approved"})
    return Feed.objects.create(satker=satker, url=url, **fields)


def make_entry(
    title: str = "KPU gelar rapat pleno", *, public: bool = True, feed: Feed | None = None, **fields: Any
) -> Entry:
    """An entry with one revision; public and marked for followers unless `public=False`."""
    feed = feed or make_feed(satker=fields.pop("satker", None))
    return make_entries([{"title": title, "public": public, "feed": feed, **fields}])[0]


def make_entries(wanted: Iterable[dict[str, Any]]) -> list[Entry]:
    """Such entries, in a few statements however many."""
    made = [_entry(**fields) for fields in wanted]
    entries = Entry.objects.bulk_create([entry for entry, _revision in made])
    revisions = Revision.objects.bulk_create([revision for _entry, revision in made])
    _show([one for one in revisions if one.state == Revision.State.PUBLIC])
    return entries


REVISION_FIELDS = ("text", "summary", "content_html", "author", "categories", "enclosures", "image_url")


def _entry(
    title: str = "KPU gelar rapat pleno", *, public: bool = True, feed: Feed, **fields: Any
) -> tuple[Entry, Revision]:
    number = next(_numbers)
    revision_fields = {name: fields.pop(name) for name in REVISION_FIELDS if name in fields}
    published = fields.pop("published_at", SEEN)
    url = fields.pop("url", f"https://{feed.satker.hostname}/berita/{number}")
    defaults = {"guid": f"urn:contoh:{number}", "first_seen_at": published, "last_seen_at": published}
    entry = Entry(
        feed=feed,
        satker=feed.satker,
        province=feed.satker.province,
        url=url,
        content_sha256=f"{number:064d}",
        published_at=published,
        **(defaults | fields),
    )
    at = entry.released_at or published
    if public:
        entry.state, entry.released_at = Entry.State.PUBLIC, at
    revision = Revision(
        entry=entry,
        title=title,
        url=url,
        seen_at=published,
        content_sha256=entry.content_sha256,
        **({"state": "public", "public_at": at} if public else {}),
        **revision_fields,
    )
    return entry, revision


def make_public(entry: Entry, revision: Revision) -> None:
    at = entry.released_at or entry.published_at
    Revision.objects.filter(entry=entry, state="public").update(state="superseded")
    Revision.objects.filter(pk=revision.pk).update(state="public", public_at=at)
    entry.state, entry.released_at = Entry.State.PUBLIC, at
    entry.save(update_fields=["state", "released_at"])
    revision.entry = entry
    _show([revision])


def _show(revisions: list[Revision]) -> None:
    """As the public version of its entry each."""
    for revision in revisions:
        revision.entry.public_revision = revision
    update(Entry, ("public_revision_id",), [(one.pk, one.entry_id) for one in revisions])
    Change.objects.mark([one.entry_id for one in revisions])


def clean_entry(guid: str = "", **fields: Any) -> CleanEntry:
    """What leaves `clean`, with a text long enough to be recognised by."""
    number = next(_numbers)
    title = fields.get("title", f"KPU gelar kegiatan ke-{number}")
    text = fields.get("text", f"{title}. " + f"Kegiatan nomor {number} berlangsung di kantor. " * 4)
    url = fields.get("url", f"https://situs.example/berita/{number}")
    defaults = {
        "guid": guid or f"urn:contoh:{number}",
        "url": url,
        "canonical_url": url,
        "title": title,
        "author": "Humas",
        "summary": text[:100],
        "content_html": f"<p>{text}</p>",
        "text": text,
        "categories": ("Berita",),
        "enclosures": (),
        "image_url": "",
        "language": "id",
        "published_claimed": "",
        "published_at": SEEN,
        "updated_at": None,
        "date_status": DateStatus.OK,
        "content_sha256": f"{hash((title, text)) & (2**256 - 1):064x}",
    }
    return CleanEntry(**(defaults | fields))
