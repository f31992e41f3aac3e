"""Outbound feeds: what a cold and a kept one cost, beside Django's own syndication framework and a bare view.

1. Building: CPU of one document of 50 entries on stores of 10,000 and of 1,000,000 posts, every kind of
   channel, with fragments kept (a post has come) and without (a fresh process); Django's syndication
   framework on the same entries in the same run.
2. Serving: granian with the portal's middleware; CPU of the server for each request of a kept feed, its 304
   and a bare view that returns the same bytes.

    .venv/bin/python bench/feeds.py [--stored 10000 1000000] [--keep FOLDER] [--seconds 2]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.http_load import Load, Server  # noqa: E402
from bench.store import add_options, each, fill, start  # noqa: E402

CHANNELS = ("nasional", "provinsi", "satker", "topik", "tahapan", "tahapan lama", "cari")


# --- building -----------------------------------------------------------------------------------------


def both_ms(step: Callable[[], Any], times: int = 15) -> tuple[float, float]:
    """The median CPU of one step and its median time on the clock, milliseconds."""
    used, taken = [], []
    for _round in range(times):
        started, begun = time.process_time(), time.perf_counter()
        step()
        used.append((time.process_time() - started) * 1000)
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(used), statistics.median(taken)


def cpu_ms(step: Callable[[], Any]) -> float:
    return both_ms(step)[0]


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
        used, taken = both_ms(cold)
        found[name] = {"kept": cpu_ms(build), "cold": used, "clock": taken, "bytes": len(build())}
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


def serving(folder: Path, seconds: float) -> dict[str, Load]:
    """By kind of request, what one connection after the other gets of granian; the best of three."""
    import gzip

    from django.http import QueryDict

    from feeds import channels, documents
    from feeds.caching import GZIP_LEVEL
    from feeds.render import atom

    body = atom(documents.compose(channels.find("nasional", "", QueryDict())))
    (folder / "body").write_bytes(gzip.compress(body, compresslevel=GZIP_LEVEL, mtime=0))
    (folder / "bare_urls.py").write_text(BARE.format(body=str(folder / "body")))
    (folder / "bare_settings.py").write_text("from portal.settings import *\nROOT_URLCONF = 'bare_urls'\n")
    with Server(
        DJANGO_SETTINGS_MODULE="bare_settings",
        PYTHONPATH=f"{folder}:{ROOT}",
        WEB_WORKERS="1",
        WEB_THREADS="1",
    ) as server:
        tag = server.tag("/feeds/nasional.atom")
        kinds = {
            "bare view": ("/feeds/polos", ""),
            "kept feed": ("/feeds/nasional.atom", ""),
            "304": ("/feeds/nasional.atom", f"If-None-Match: {tag}"),
        }
        found: dict[str, Load] = {}
        for _round in range(3):
            for name, (path, extra) in kinds.items():
                result = server.load(path, extra, seconds=seconds)
                found[name] = min(found.get(name, result), result, key=lambda load: load.cpu)
        return found


# --- all of it ----------------------------------------------------------------------------------------


def one_store(folder: Path, count: int, seconds: float) -> None:
    start(folder)
    fill(count)
    from django.db import connection

    print(f"{count:,} posts stored, {connection.vendor}: CPU and clock, ms a document (Atom)", flush=True)
    for name, row in building().items():
        print(f"  {name:14} " + "  ".join(f"{key} {value:8.2f}" for key, value in row.items()), flush=True)
    print(f"  Django's syndication framework, nation: {django_syndication():.2f}")
    if seconds:
        rows = serving(folder, seconds)
        bare = rows["bare view"].cpu
        for name, load in rows.items():
            print(
                f"  {name:10} {load.cpu:7.0f} µs CPU  {load.rate:7.0f} requests/s"
                f"  {bare / load.cpu:5.2f} × bare  {load.statuses}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_options(parser)
    parser.add_argument("--seconds", type=float, default=2, help="of each round of serving; 0: none")
    options = parser.parse_args()
    if options.store:
        one_store(options.folder, options.store, options.seconds)
    else:
        each(__file__, options, "--seconds", str(options.seconds))


if __name__ == "__main__":
    main()
