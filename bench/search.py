"""How quick search is, and how quickly it is up to date, beside others in the same run.

  python bench/search.py [--sizes 20000 100000] [--engines whoosh tantivy] [--json FILE]
  python bench/search.py --sizes 1000000 --engines tantivy --folder DIR --seconds 280  (until it ends with 0)

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
from collections.abc import Callable, Iterator
from itertools import islice
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
    """Milliseconds of one search as the page does it: question, facets, rows, marked titles and passages;
    of a deep page, its share of all pages."""
    from aggregator.search import Filters, search, suggest
    from portal.views.search import hits_of

    started = clock()
    if typed := question.get("typed"):
        suggest(typed)
        return (clock() - started) * 1000
    fields = {name: value for name, value in question.items() if name != "pages"}
    filters, anchor = Filters(**fields), ""
    pages = int(question.get("pages", 1))
    for _page in range(pages):
        results = search(filters, anchor=anchor)
        hits_of(results, filters.q)
        anchor = results.next_anchor or ""
    return (clock() - started) * 1000 / pages


def warm_up() -> None:
    """Some other questions, so that this process knows words and files as one that has served for a while."""
    from bench.corpus import ranked_words
    from portal.settled import settle

    words = [word for word in ranked_words() if len(word) > 4]
    for word in words[40:200]:
        complete({"q": word})
    settle()


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

    from aggregator.models import Satker, Topic
    from aggregator.search.analysis import MONTHS, tokens
    from aggregator.search.clocks import weekday_and_hour
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


def small_batches() -> dict[str, float]:
    """The time of a batch of ten in a follower that stays."""
    from aggregator.models import Change, Entry
    from aggregator.search.engine import current
    from aggregator.search.follow import Follower

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
    return {"batch of 10 p50": p50, "batch of 10 p95": p95}


def index_size() -> float:
    from aggregator.search.engine import current

    return sum(file.stat().st_size for file in current().rglob("*") if file.is_file()) / 1e6


def raw_tantivy(kinds: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """tantivy's own search for 20 posts and its counts of our columns, nothing of ours around it."""
    from tantivy import Occur, Query

    from aggregator.search.ask import opened
    from aggregator.search.query import Prefix, Word, parse, walk
    from aggregator.search.tantivy_counts import COLUMNS, asked
    from aggregator.search.tantivy_index import TantivyReader

    reader = opened().reader
    assert isinstance(reader, TantivyReader)
    counted = asked(COLUMNS)

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


def run(size: int, options: argparse.Namespace, deadline: float) -> dict[str, Any]:
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
        return run_size(options.folder, size, options, deadline)
    folder = Path(tempfile.mkdtemp(prefix="bench-search-"))
    try:
        return run_size(folder, size, options, deadline)
    finally:
        shutil.rmtree(folder)


def run_size(folder: Path, size: int, options: argparse.Namespace, deadline: float) -> dict[str, Any]:
    set_up(folder)
    from django.conf import settings

    fill(size, deadline)
    speeds = {}
    for engine in options.engines:
        settings.SEARCH_ENGINE = engine
        speeds[engine] = index_directly(size, deadline) if size > 100_000 else index(deadline)
    kinds = questions()
    found: dict[str, Any] = {}
    for engine in options.engines:
        settings.SEARCH_ENGINE = engine
        warm_up()
        found[engine] = {
            "follow": {**speeds[engine], **small_batches()},
            "complete": measure(complete, kinds),
            "engine": engine_share(kinds),
            "MB": index_size(),
            "peak RSS MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        }
        if engine == "tantivy":
            found["raw tantivy"] = {"engine": raw_tantivy(kinds)}
    if not options.no_peers:
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
    parser.add_argument(
        "--folder", type=Path, help="keep posts and index there, and go on with what is there"
    )
    parser.add_argument(
        "--seconds", type=float, help="end with 3 after so long; the next run goes on (--folder)"
    )
    options = parser.parse_args()
    global clock
    clock = CLOCKS[options.clock]
    deadline = time.monotonic() + options.seconds if options.seconds else float("inf")
    results: dict[str, Any] = {}
    for size in options.sizes:  # a process each: settings and connections are of one folder
        if len(options.sizes) > 1:
            results |= _in_process_of_its_own(size, options)
            continue
        try:
            results[str(size)] = run(size, options, deadline)
        except OutOfTime:
            sys.exit(3)
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
            "--clock",
            options.clock,
            "--json",
            file.name,
        ]
        subprocess.run(command + ["--no-peers"] * options.no_peers, check=True, stdout=subprocess.DEVNULL)
        found: dict[str, Any] = json.loads(Path(file.name).read_text())
    return found


if __name__ == "__main__":
    main()
