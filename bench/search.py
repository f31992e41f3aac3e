"""How quick search is, and how quickly it is up to date, beside others in the same run.

    python bench/search.py [--sizes 20000 100000] [--engines whoosh tantivy] [--json FILE]

A complete search is measured as the page does it: question → index → database → titles and passages
marked, with all facets. "raw" is tantivy alone over the same files: one term or phrase and 20 ids, the
floor of what its engine share can be. SQLite FTS5 gets the same texts, the `reader` package a feed each.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
ROUNDS = 40
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}
clock = CLOCKS["wall"]
KINDS = ("common", "rare", "and", "or", "phrase", "prefix", "filter + newest", "deep page", "suggestion")


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


def fill(count: int) -> None:
    """Public entries straight into the tables, with their marks."""
    from django.db import connection, transaction

    from aggregator.models import Change, Entry, EntryTopic, Feed, Revision, Satker, Topic
    from bench.corpus import posts

    satker = list(Satker.objects.order_by("code"))
    topics = list(Topic.objects.order_by("id"))
    feeds = {
        one.pk: Feed.objects.create(satker=one, url=f"https://{one.code}.example/feed") for one in satker
    }
    batch: list[Any] = []

    def write() -> None:
        with transaction.atomic():
            entries = Entry.objects.bulk_create([_entry(post, satker, feeds) for post in batch])
            revisions = Revision.objects.bulk_create(
                Revision(
                    entry=entry, title=post.title, text=post.text, state="public", content_sha256="0" * 64
                )
                for post, entry in zip(batch, entries, strict=True)
            )
            for entry, revision in zip(entries, revisions, strict=True):
                entry.public_revision = revision
            with connection.cursor() as cursor:
                cursor.executemany(
                    "UPDATE aggregator_entry SET public_revision_id = %s WHERE id = %s",
                    [(revision.pk, entry.pk) for entry, revision in zip(entries, revisions, strict=True)],
                )
            EntryTopic.objects.bulk_create(
                EntryTopic(entry=entry, topic=topics[post.topic % len(topics)])
                for post, entry in zip(batch, entries, strict=True)
            )
            Change.objects.bulk_create(Change(entry=entry) for entry in entries)
        batch.clear()

    for post in posts(count):
        batch.append(post)
        if len(batch) == 5000:
            write()
    write()


def _entry(post: Any, satker: list[Any], feeds: dict[int, Any]) -> Any:
    from aggregator.models import Entry

    one = satker[post.satker]
    return Entry(
        satker=one, province_id=one.province_id, feed=feeds[one.pk], guid=f"urn:{post.number}",
        content_sha256="0" * 64, state="public", origin="own" if post.is_own else "central",
        published_at=post.published_at, released_at=post.published_at,
        first_seen_at=post.published_at, last_seen_at=post.published_at,
    )  # fmt: skip


def questions() -> dict[str, list[dict[str, Any]]]:
    """Of each kind several, over words from all over the frequency list."""
    from bench.corpus import ranked_words

    words = [word for word in ranked_words() if len(word) > 4]
    common, middle, rare = words[:40], words[200:400], words[20_000:20_400]
    kinds: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for at in range(ROUNDS):
        first, second, third = common[at], middle[at * 3], middle[at * 3 + 1]
        kinds["common"].append({"q": first})
        kinds["rare"].append({"q": rare[at]})
        kinds["and"].append({"q": f"{first} {second}"})
        kinds["or"].append({"q": f"{second} OR {third}"})
        kinds["phrase"].append({"q": '"daftar pemilih"' if at % 2 else '"rapat pleno"'})
        kinds["prefix"].append({"q": f"{second[:4]}*"})
        kinds["filter + newest"].append({"q": second, "provinces": ("jawa-timur",), "sort": "terbaru"})
        kinds["deep page"].append({"q": first, "sort": "terbaru", "pages": 10})
        kinds["suggestion"].append({"typed": f"{first} {second[:3]}" if at % 2 else first[:4]})
    return kinds


def complete(question: dict[str, Any]) -> float:
    """Milliseconds of one search as a page does it; of a deep page, its share of all pages."""
    from aggregator.models import Entry
    from aggregator.search import Filters, highlight, search, snippet, suggest

    started = clock()
    if typed := question.get("typed"):
        suggest(typed)
        return (clock() - started) * 1000
    fields = {name: value for name, value in question.items() if name != "pages"}
    filters, anchor = Filters(**fields), ""
    pages = int(question.get("pages", 1))
    for _page in range(pages):
        results = search(filters, anchor=anchor)
        entries = (
            Entry.objects.public().select_related("public_revision", "satker").in_bulk(results.entry_ids)
        )
        for entry in entries.values():
            assert entry.public_revision is not None
            highlight(entry.public_revision.title, filters.q)
            snippet(entry.public_revision.text, filters.q)
        anchor = results.next_anchor or ""
    return (clock() - started) * 1000 / pages


def percentiles(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values)
    return statistics.median(ordered), ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]


def measure(ask: Callable[[dict[str, Any]], float], kinds: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    found = {}
    for kind, asked in kinds.items():
        if asked:
            ask(asked[0])
            found[kind] = percentiles([ask(question) for question in asked])
    return found


def follow_speed() -> dict[str, float]:
    """Documents a second from the database into the index, and the time of a small batch."""
    from aggregator.models import Change, Entry
    from aggregator.search import rebuild
    from aggregator.search.engine import current
    from aggregator.search.follow import Follower

    started, cpu = time.perf_counter(), time.process_time()
    count = rebuild()
    seconds, used = time.perf_counter() - started, time.process_time() - cpu
    small = []
    follower = Follower(current())
    ids = list(Entry.objects.order_by("-id").values_list("id", flat=True)[:200])
    for at in range(0, 200, 10):
        Change.objects.mark(ids[at : at + 10])
        begun = clock()
        follower.step()
        small.append((clock() - begun) * 1000)
    follower.close()
    p50, p95 = percentiles(small)
    return {
        "docs/s": count / seconds,
        "docs/CPU s": count / used,
        "batch of 10 p50": p50,
        "batch of 10 p95": p95,
    }


def index_size() -> float:
    from aggregator.search.engine import current

    return sum(file.stat().st_size for file in current().rglob("*") if file.is_file()) / 1e6


def raw_tantivy(kinds: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """tantivy's own search, nothing of ours around it."""
    from tantivy import Occur, Query

    from aggregator.search.ask import opened
    from aggregator.search.query import Prefix, Word, parse, walk
    from aggregator.search.results import FACETS
    from aggregator.search.tantivy_index import TantivyReader

    reader = opened().reader
    assert isinstance(reader, TantivyReader)
    counted = {facet: {"terms": {"field": facet, "size": 1000}} for facet in FACETS}

    def ask(question: dict[str, Any]) -> float:
        nodes = list(walk(parse(question["q"], lambda _field, _value: None).tree))
        words = [node.stem for node in nodes if isinstance(node, Word)]
        started = clock()
        if question["q"].startswith('"'):
            query = Query.phrase_query(
                reader.schema, "words", [s for node in nodes for s in getattr(node, "stems", [])]
            )
        elif any(isinstance(node, Prefix) for node in nodes):
            query = Query.regex_query(reader.schema, "forms", question["q"].replace("*", ".*"))
        else:
            occur = Occur.Should if " OR " in question["q"] else Occur.Must
            terms = [Query.term_query(reader.schema, "words", word, index_option="freq") for word in words]
            query = Query.boolean_query([(occur, term) for term in terms])
        reader.searcher.search(query, limit=20)
        reader.searcher.aggregate(query, counted)
        return (clock() - started) * 1000

    wanted = ("common", "rare", "and", "or", "phrase", "prefix")
    return measure(ask, {kind: kinds[kind] for kind in wanted})


def engine_share(kinds: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Our question put to the engine, facets and folding included, without database and marking."""
    from aggregator.search.ask import _Asking, opened
    from aggregator.search.filters import Filters

    def ask(question: dict[str, Any]) -> float:
        asking = _Asking(opened().reader, Filters(q=question["q"]), 20, None, True, float("inf"))
        started = clock()
        asking.reader.search(asking.question)
        return (clock() - started) * 1000

    wanted = ("common", "rare", "and", "or", "phrase", "prefix")
    return measure(ask, {kind: kinds[kind] for kind in wanted})


def fts5(folder: Path, kinds: dict[str, list[dict[str, Any]]]) -> tuple[dict[str, Any], float]:
    """SQLite's full-text search over the same titles and texts, unstemmed, ranked, 20 rows with snippets."""
    from aggregator.models import Revision

    base = sqlite3.connect(folder / "fts5.sqlite3")
    base.execute("CREATE VIRTUAL TABLE post USING fts5(title, text)")
    started = clock()
    rows = Revision.objects.values_list("entry_id", "title", "text").iterator(chunk_size=5000)
    base.executemany("INSERT INTO post (rowid, title, text) VALUES (?, ?, ?)", rows)
    base.commit()
    rate = Revision.objects.count() / (clock() - started)

    def ask(question: dict[str, Any]) -> float:
        begun = clock()
        base.execute(
            "SELECT rowid, snippet(post, 1, '', '', '…', 30) FROM post WHERE post MATCH ?"
            " ORDER BY rank LIMIT 20",
            [question["q"]],
        ).fetchall()
        base.execute("SELECT count(*) FROM post WHERE post MATCH ?", [question["q"]]).fetchall()
        return (clock() - begun) * 1000

    wanted = ("common", "rare", "and", "or", "phrase", "prefix")
    found = measure(ask, {kind: kinds[kind] for kind in wanted})
    base.close()
    return found, rate


def peer_reader(
    folder: Path, count: int, kinds: dict[str, list[dict[str, Any]]]
) -> tuple[dict[str, Any], float]:
    """The `reader` package: the same texts as feeds in files, its own search over them."""
    import html

    from reader import make_reader

    from bench.corpus import posts

    feeds = folder / "feeds"
    feeds.mkdir()
    each = 500
    batch: list[Any] = []
    reader = make_reader(str(folder / "reader.sqlite3"), feed_root=str(feeds))
    for post in posts(count):
        batch.append(post)
        if len(batch) == each:
            name = f"{post.number}.xml"
            items = "".join(
                f"<item><guid>{one.number}</guid><title>{html.escape(one.title)}</title>"
                f"<description>{html.escape(one.text)}</description></item>"
                for one in batch
            )
            (feeds / name).write_text(f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>")
            reader.add_feed(name)
            batch.clear()
    reader.update_feeds()
    started = clock()
    reader.enable_search()
    reader.update_search()
    rate = count / (clock() - started)

    def ask(question: dict[str, Any]) -> float:
        begun = clock()
        list(reader.search_entries(question["q"], limit=20))
        return (clock() - begun) * 1000

    wanted = ("common", "rare", "and", "or", "phrase")
    found = measure(ask, {kind: kinds[kind] for kind in wanted})
    reader.close()
    return found, rate


def run(sizes: list[int], engines: list[str], with_peers: bool) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for size in sizes:
        folder = Path(tempfile.mkdtemp(prefix="bench-search-"))
        try:
            results[str(size)] = run_size(folder, size, engines, with_peers)
        finally:
            shutil.rmtree(folder)
    return results


def run_size(folder: Path, size: int, engines: list[str], with_peers: bool) -> dict[str, Any]:
    set_up(folder)
    from django.conf import settings

    fill(size)
    kinds = questions()
    found: dict[str, Any] = {}
    for engine in engines:
        settings.SEARCH_ENGINE = engine
        speed = follow_speed()
        found[engine] = {
            "follow": speed,
            "complete": measure(complete, kinds),
            "engine": engine_share(kinds),
            "MB": index_size(),
            "peak RSS MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        }
        if engine == "tantivy":
            found["raw tantivy"] = {"engine": raw_tantivy(kinds)}
    if with_peers:
        answers, rate = fts5(folder, kinds)
        found["SQLite FTS5"] = {"complete": answers, "follow": {"docs/s": rate}}
        if size <= 20_000:
            answers, rate = peer_reader(folder, size, kinds)
            found["reader"] = {"complete": answers, "follow": {"docs/s": rate}}
    return found


def table(results: dict[str, Any]) -> str:
    """Markdown: milliseconds p50 / p95."""
    lines = []
    for size, engines in results.items():
        lines += [
            f"### {int(size):,} posts",
            "",
            "| | " + " | ".join(KINDS) + " |",
            "|---" * (len(KINDS) + 1) + "|",
        ]
        for name, parts in engines.items():
            for part in ("complete", "engine"):
                if part in parts:
                    cells = [
                        "{:.1f} / {:.1f}".format(*parts[part][kind]) if kind in parts[part] else ""
                        for kind in KINDS
                    ]
                    lines.append(f"| {name}, {part} | " + " | ".join(cells) + " |")
        lines.append("")
        for name, parts in engines.items():
            facts = {
                **parts.get("follow", {}),
                **{key: parts[key] for key in ("MB", "peak RSS MB") if key in parts},
            }
            lines.append(f"- {name}: " + ", ".join(f"{key} {value:,.0f}" for key, value in facts.items()))
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000])
    parser.add_argument("--engines", nargs="+", default=["whoosh", "tantivy"], choices=["whoosh", "tantivy"])
    parser.add_argument("--no-peers", action="store_true", help="leave out SQLite FTS5 and `reader`")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument(
        "--clock",
        choices=CLOCKS,
        default="wall",
        help="cpu: this process alone, where others load the machine",
    )
    options = parser.parse_args()
    global clock
    clock = CLOCKS[options.clock]
    results = {}
    for size in options.sizes:  # a process each: settings and connections are of one folder
        if len(options.sizes) == 1:
            results = run(options.sizes, options.engines, not options.no_peers)
        else:
            results |= _in_process_of_its_own(size, options)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    print(table(results))


def _in_process_of_its_own(size: int, options: argparse.Namespace) -> dict[str, Any]:
    import subprocess

    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [
            sys.executable,
            __file__,
            "--sizes",
            str(size),
            "--engines",
            *options.engines,
            "--json",
            file.name,
        ]
        subprocess.run(command + ["--no-peers"] * options.no_peers, check=True, stdout=subprocess.DEVNULL)
        found: dict[str, Any] = json.loads(Path(file.name).read_text())
    return found


if __name__ == "__main__":
    main()
