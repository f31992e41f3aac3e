"""Stores of any number of public posts for the benches, filled by the database itself.

A store is thrown away, or kept in a folder (`--keep FOLDER`) and found again by the next run. With
PostgreSQL (DATABASE_URL) each size is a database of its own beside the one named.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

SECONDS = "{now} - ({count} - i) * {apart}"
SQLITE = {
    "at": f"strftime('%Y-%m-%d %H:%M:%S', {SECONDS}, 'unixepoch')",
    "hash": "printf('%064x', i)",
    "no": "0",
}
POSTGRESQL = {"at": f"to_timestamp({SECONDS})", "hash": "lpad(to_hex(i), 64, '0')", "no": "false"}
# Numbers as bigint: products of a million and a prime do not fit into PostgreSQL's integer.
FILL = """
WITH RECURSIVE n(i) AS (SELECT CAST(1 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < {count}),
    satker(position, id, province) AS (
        SELECT row_number() OVER (ORDER BY id) - 1, id, province_id FROM aggregator_satker)
"""
ENTRIES = """
INSERT INTO aggregator_entry (id, satker_id, province_id, feed_id, guid, url, content_sha256, revisions_count,
    state, public_revision_id, published_at, date_status, first_seen_at, last_seen_at, released_at, is_import,
    is_lead, carriers, origin, stage_id, stage_rule, clustered_at, classified_at, page_misses)
SELECT i, satker.id, satker.province, satker.id, 'urn:' || i, 'https://kpu.go.id/berita/' || i,
    {hash}, 1, 'public', i, {at}, 'ok', {at}, {at}, {at}, {no},
    i % 5 > 0, CASE WHEN i % 25 = 1 THEN 12 ELSE 0 END, CASE WHEN i % 4 = 0 THEN 'central' ELSE 'own' END,
    CASE WHEN i < {count} / 3 THEN {old} WHEN i % 3 = 0 THEN {stage} END, '', {at}, {at}, 0
FROM n JOIN satker ON satker.position = (i * 7919) % {offices}
"""
REVISIONS = """
INSERT INTO aggregator_revision (id, entry_id, number, state, seen_at, public_at, url, title, author, summary,
    content_html, text, categories, enclosures, image_url, language, published_claimed, content_sha256,
    signals)
SELECT i, i, 1, 'public', {at}, {at}, 'https://kpu.go.id/berita/' || i,
    'KPU gelar rapat pleno terbuka rekapitulasi daftar pemilih berkelanjutan nomor ' || i, 'Humas',
    'Rapat pleno terbuka nomor ' || i || ' dihadiri Bawaslu dan partai politik. {words}',
    '<p>Rapat pleno terbuka nomor ' || i || '. {words}</p>', '', '["Berita", "Pleno"]', '[]', '', 'id', '',
    {hash}, '[]' FROM n
"""
TOPICS = """
INSERT INTO aggregator_entrytopic (entry_id, topic_id, score, rule, by_staff, removed)
SELECT i, (SELECT min(id) FROM aggregator_topic) + (i * 31) % {topics}, 1, '', {no}, {no} FROM n
"""
MARKS = """
INSERT INTO aggregator_change (entry_id, xact) SELECT i, 0 FROM n
"""
YEAR, APART = 365 * 86400, 120


def start(folder: Path) -> None:
    os.environ |= {
        "DATA_DIR": str(folder),
        "DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "ERROR",
        "SEARCH_ENGINE": "tantivy",
    }
    import django

    django.setup()


def fill(count: int) -> None:
    """`count` public posts of all offices until now, spread over a year or, where that would be denser, two
    minutes apart; of one topic each, three in four an office's own, a third in an old stage, and marked as
    changed. What is filled already stays."""
    from django.core.management import call_command
    from django.db import connection, transaction

    from aggregator.models import Entry, PortalState, Satker, Stage, Topic

    call_command("migrate", verbosity=0)
    if Entry.objects.count() == count:
        return
    call_command("load_registry", verbosity=0, stdout=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    _read_feeds()
    stages = list(Stage.objects.order_by("pk")[:2])
    values = {
        **(POSTGRESQL if connection.vendor == "postgresql" else SQLITE),
        "now": int(time.time()),
        "apart": max(APART, YEAR // count),
        "count": count,
        "offices": Satker.objects.count(),
        "topics": Topic.objects.count(),
        "old": stages[0].pk,
        "stage": stages[1].pk,
        "words": "Rapat berlangsung tertib dan lancar hingga selesai. " * 4,
    }
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA foreign_keys = OFF")
        with transaction.atomic():
            for statement in (ENTRIES, REVISIONS, TOPICS, MARKS):
                # The texts of this file only; nothing comes from outside.
                insert, select, rest = statement.partition("SELECT")
                text = f"{insert}{FILL}{select}{rest}"
                for name, value in values.items():  # values first that hold others
                    text = text.replace("{" + name + "}", str(value))
                cursor.execute(text)
        cursor.execute("ANALYZE")
    PortalState.get()
    _keep_figures()
    _tidy()


def _read_feeds() -> None:
    """A feed of every office, read before: silence of others means nothing, and figures say so."""
    from django.utils import timezone

    from aggregator.models import Feed, Satker

    now = timezone.now()
    Feed.objects.bulk_create(
        Feed(
            pk=pk,
            satker_id=pk,
            url=f"https://kpu.go.id/{pk}/feed",
            first_success_at=now,
            last_success_at=now,
            last_checked_at=now,
        )
        for pk in Satker.objects.values_list("pk", flat=True)
    )


def _keep_figures() -> None:
    """As the worker keeps them."""
    from portal import daily, inspiration

    daily.rebuild()
    inspiration.rebuild()


def _tidy() -> None:
    """As autovacuum leaves tables some minutes after they were filled."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stored", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the stores here and use them again")
    parser.add_argument("--store", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)


def each(script: str, options: argparse.Namespace, *more: str) -> None:
    """Run the script again in a process of its own for each size, with `--store SIZE --in FOLDER`."""
    with tempfile.TemporaryDirectory() as thrown_away:
        for count in options.stored:
            folder = (options.keep or Path(thrown_away)) / str(count)
            folder.mkdir(parents=True, exist_ok=True)
            command = [sys.executable, script, "--store", str(count), "--in", str(folder), *more]
            subprocess.run(command, check=True, env={**os.environ, **_database(count)})


def _database(count: int) -> dict[str, str]:
    """With PostgreSQL: the address of a database for this size, made if it is not there."""
    address = os.environ.get("DATABASE_URL", "")
    if not address.startswith("postgres"):
        return {}
    import psycopg

    name = f"posts_{count}"
    with psycopg.connect(address, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not found:
            connection.execute(f'CREATE DATABASE "{name}"')
    return {"DATABASE_URL": urlsplit(address)._replace(path=f"/{name}").geturl()}
