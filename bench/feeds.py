"""Outbound feeds: what a cold and a kept one cost, beside Django's own syndication framework and a bare view.

1. Building: CPU of one document of 50 entries on stores of 10,000 and of 1,000,000 posts, every kind of
   channel, with fragments kept (a post has come) and without (a fresh process); Django's syndication
   framework on the same entries in the same run.
2. Serving: granian with the portal's middleware; CPU of the server for each request of a kept feed, its 304
   and a bare view that returns the same bytes.

    .venv/bin/python bench/feeds.py [--stored 10000 1000000] [--requests 2000]
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
CHANNELS = ("nasional", "provinsi", "satker", "topik", "tahapan", "tahapan lama", "cari")


def start(folder: Path) -> None:
    os.environ |= {
        "DATA_DIR": str(folder),
        "DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "ERROR",
    }
    import django

    django.setup()


# --- a store of posts ---------------------------------------------------------------------------------

SECONDS = "1790000000 - ({count} - i) * 120"
SQLITE = {
    "at": f"strftime('%Y-%m-%d %H:%M:%S', {SECONDS}, 'unixepoch')",
    "hash": "printf('%064x', i)",
    "no": "0",
}
POSTGRESQL = {"at": f"to_timestamp({SECONDS})", "hash": "lpad(to_hex(i), 64, '0')", "no": "false"}
FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}),
    satker(position, id, province) AS (
        SELECT row_number() OVER (ORDER BY id) - 1, id, province_id FROM aggregator_satker)
"""
ENTRIES = """
INSERT INTO aggregator_entry (id, satker_id, province_id, feed_id, guid, url, content_sha256, revisions_count,
    state, public_revision_id, published_at, date_status, first_seen_at, last_seen_at, released_at, is_import,
    is_lead, carriers, origin, stage_id, stage_rule, clustered_at, classified_at, page_misses)
SELECT i, satker.id, satker.province, satker.id, 'urn:' || i, 'https://kpu.go.id/berita/' || i,
    {hash}, 1, 'public', i, {at}, 'ok', {at}, {at}, {at}, {no},
    i % 5 > 0, CASE WHEN i % 25 = 1 THEN 12 ELSE 0 END, 'own',
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


def fill(count: int) -> None:
    """`count` public posts of all offices, two minutes apart, of one topic each; a third in an old stage."""
    from django.core.management import call_command
    from django.db import connection, transaction

    from aggregator.models import Feed, PortalState, Satker, Stage, Topic

    call_command("migrate", verbosity=0)
    call_command("load_registry", verbosity=0, stdout=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    Feed.objects.bulk_create(
        Feed(pk=pk, satker_id=pk, url=f"https://kpu.go.id/{pk}/feed")
        for pk in Satker.objects.values_list("pk", flat=True)
    )
    stages = list(Stage.objects.order_by("pk")[:2]) or [
        Stage.objects.create(slug=f"t{n}", name=f"Tahapan {n}", election="pemilu-2024") for n in range(2)
    ]
    if not Topic.objects.exists():
        Topic.objects.bulk_create(Topic(slug=f"topik-{n}", name=f"Topik {n}") for n in range(20))
    values = {
        "count": count,
        **(POSTGRESQL if connection.vendor == "postgresql" else SQLITE),
        "offices": Satker.objects.count(),
        "topics": Topic.objects.count(),
        "old": stages[0].pk,
        "stage": stages[1].pk,
        "words": "Rapat berlangsung tertib dan lancar hingga selesai. " * 4,
    }
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        if is_sqlite:
            cursor.execute("PRAGMA foreign_keys = OFF")
        with transaction.atomic():
            for statement in (ENTRIES, REVISIONS, TOPICS):
                # The texts of this file only; nothing comes from outside.
                insert, select, rest = statement.partition("SELECT")
                text = f"{insert}{FILL}{select}{rest}"
                for name, value in values.items():  # twice, for values that hold others
                    text = text.replace("{" + name + "}", str(value))
                cursor.execute(text.replace("{count}", str(count)))
        cursor.execute("ANALYZE")
    PortalState.get()


# --- building -----------------------------------------------------------------------------------------


def cpu_ms(step: Callable[[], Any], times: int = 15) -> float:
    """The median CPU of one step, milliseconds."""
    found = []
    for _round in range(times):
        started = time.process_time()
        step()
        found.append((time.process_time() - started) * 1000)
    return statistics.median(found)


def building() -> dict[str, dict[str, float]]:
    from django.http import QueryDict

    from aggregator.models import Province, Satker, Stage, Topic
    from feeds import channels, documents, render
    from feeds.views import WRITERS

    stages = Stage.objects.filter(entries__isnull=False).distinct().order_by("pk")
    keys = {
        "nasional": ("nasional", "", ""),
        "provinsi": ("provinsi", Province.objects.order_by("pk")[7].slug, ""),
        "satker": ("satker", Satker.objects.order_by("pk")[300].code, ""),
        "topik": ("topik", Topic.objects.order_by("pk")[3].slug, ""),
        "tahapan": ("tahapan", stages[1].slug, ""),
        "tahapan lama": ("tahapan", stages[0].slug, ""),
        "cari": ("cari", "", f"provinsi={Province.objects.order_by('pk')[9].slug}&tahapan=non"),
    }
    found: dict[str, dict[str, float]] = {}
    for name, (kind, key, query) in keys.items():

        def build(ending: str = "atom", kind: str = kind, key: str = key, query: str = query) -> bytes:
            return WRITERS[ending](documents.compose(channels.find(kind, key, QueryDict(query))))

        def cold(ending: str = "atom", build: Callable[[str], bytes] = build) -> bytes:
            render.fragments.clear()
            return build(ending)

        build()
        found[name] = {"kept": cpu_ms(build), "cold": cpu_ms(cold), "bytes": len(build())}
        if name == "nasional":
            found[name] |= {
                "cold rss": cpu_ms(lambda: cold("rss")),
                "cold json": cpu_ms(lambda: cold("json")),
            }
    return found


def django_syndication() -> float:
    """The peer: the same 50 entries by django.contrib.syndication as Atom."""
    from django.contrib.syndication.views import Feed as DjangoFeed
    from django.test import RequestFactory
    from django.utils.feedgenerator import Atom1Feed

    from aggregator.models import Entry

    class Nation(DjangoFeed):  # type: ignore[type-arg]
        feed_type = Atom1Feed
        title, link, subtitle = "Berita KPU", "/", "Berita KPU"

        def items(self) -> Any:
            public = (
                Entry.objects.public()
                .leads()
                .select_related("public_revision", "satker", "province", "stage")
            )
            return public.prefetch_related("topics").order_by("-released_at", "-id")[:50]

        def item_title(self, item: Any) -> str:
            return str(item.public_revision.title)

        def item_description(self, item: Any) -> str:
            return str(item.public_revision.summary)

        def item_link(self, item: Any) -> str:
            return str(item.url)

        def item_author_name(self, item: Any) -> str:
            return str(item.satker.name)

        def item_categories(self, item: Any) -> list[str]:
            return [topic.name for topic in item.topics.all()]

        def item_pubdate(self, item: Any) -> Any:
            return item.published_at

        def item_updateddate(self, item: Any) -> Any:
            return item.public_revision.public_at

    # Its links need the sites framework or a request; the host is one that is allowed.
    request = RequestFactory(headers={"host": "localhost"}).get("/feed")
    view = Nation()
    view(request)
    return cpu_ms(lambda: view(request))


# --- serving ------------------------------------------------------------------------------------------

BARE = """
from django.http import HttpResponse
from django.urls import path
from portal.urls import *
BODY = open({body!r}, "rb").read()
def bare(request):
    response = HttpResponse(BODY, content_type="application/atom+xml")
    response.headers["Content-Encoding"] = "gzip"
    return response
# Under /feeds/, where the cache of pages leaves it alone.
urlpatterns = [path("feeds/polos", bare), *urlpatterns]
"""


def serving(folder: Path, requests: int) -> dict[str, tuple[float, float]]:
    """By kind of request: (CPU of the server in µs, requests/s of one client) with granian."""
    import gzip

    from django.http import QueryDict

    from feeds import channels, documents
    from feeds.caching import GZIP_LEVEL
    from feeds.render import atom

    body = atom(documents.compose(channels.find("nasional", "", QueryDict())))
    (folder / "body").write_bytes(gzip.compress(body, compresslevel=GZIP_LEVEL, mtime=0))
    (folder / "bare_urls.py").write_text(BARE.format(body=str(folder / "body")))
    (folder / "bare_settings.py").write_text("from portal.settings import *\nROOT_URLCONF = 'bare_urls'\n")
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "serve", "--port", str(port)],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "bare_settings",
            "PYTHONPATH": f"{folder}:{ROOT}",
            "WEB_WORKERS": "1",
            "WEB_THREADS": "1",
        },
    )
    try:
        _wait_for(port)
        tag = _header(port, "/feeds/nasional.atom", b"etag")
        kinds = {
            "bare view": ("/feeds/polos", ""),
            "kept feed": ("/feeds/nasional.atom", ""),
            "304": ("/feeds/nasional.atom", f"If-None-Match: {tag}\r\n"),
        }
        found: dict[str, tuple[float, float]] = {}
        for _round in range(3):
            for name, (path, extra) in kinds.items():
                result = _load(server.pid, port, path, extra, requests)
                found[name] = min(found.get(name, result), result)
        return found
    finally:
        server.terminate()
        server.wait(20)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(port: int) -> None:
    for _attempt in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def _request(path: str, extra: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n{extra}\r\n".encode()


def _header(port: int, path: str, name: bytes) -> str:
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(_request(path, ""))
        head = one.recv(4096).lower().partition(b"\r\n\r\n")[0]
    return next(
        line.partition(b": ")[2].decode() for line in head.split(b"\r\n") if line.startswith(name + b":")
    )


def _load(pid: int, port: int, path: str, extra: str, requests: int) -> tuple[float, float]:
    """One connection, one request after the other."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as one:
        stream = one.makefile("rb", 1 << 20)
        asked = _request(path, extra)
        for count in (50, requests):  # the first to warm up
            used, wall = _server_cpu(pid), time.monotonic()
            for _number in range(count):
                one.sendall(asked)
                _read_answer(stream)
            used, wall = _server_cpu(pid) - used, time.monotonic() - wall
    return used / requests * 1e6, requests / wall


def _read_answer(stream: Any) -> None:
    length = 0
    while (line := stream.readline()) != b"\r\n":
        if line[:15].lower() == b"content-length:":
            length = int(line[15:])
    if length:
        stream.read(length)


def _server_cpu(pid: int) -> float:
    """Seconds of the server and its workers (Linux)."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == pid or int(fields[1]) == pid:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


# --- all of it ----------------------------------------------------------------------------------------


def one_store(folder: Path, count: int, requests: int) -> None:
    start(folder)
    fill(count)
    print(f"{count:,} posts stored: CPU ms a document (Atom)", flush=True)
    for name, row in building().items():
        print(f"  {name:14} " + "  ".join(f"{key} {value:8.2f}" for key, value in row.items()))
    print(f"  Django's syndication framework, nation: {django_syndication():.2f}")
    if requests:
        rows = serving(folder, requests)
        bare = rows["bare view"][0]
        for name, (used, rate) in rows.items():
            print(f"  {name:10} {used:7.0f} µs CPU  {rate:7.0f} requests/s  {bare / used:5.2f} × bare")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stored", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--store", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.store:
            one_store(Path(folder), options.store, options.requests)
            return
    for number, count in enumerate(options.stored):
        requests = options.requests if number == 0 else 0
        command = [sys.executable, __file__, "--store", str(count), "--requests", str(requests)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
