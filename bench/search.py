"""How quick search is, and how quickly it is up to date, beside others in the same run.

  python bench/search.py [--sizes 20000 100000] [--engines whoosh tantivy] [--json FILE]
  python bench/search.py --sizes 1000000 --engines tantivy --folder DIR --seconds 280  (until it ends with 0)

A complete search is measured as the page does it: question → index → database → titles and passages
marked, with all facets. "raw" is tantivy alone over the same files: one term or phrase and 20 ids, the
floor of what its engine share can be. SQLite FTS5 gets the same texts, the `reader` package a feed each 500.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from bench.search_peers import Prepare, Question, fts5, peer_reader, raw_tantivy  # noqa: E402
from bench.search_store import OutOfTime, fill, index, index_directly, index_size, set_up  # noqa: E402

ROUNDS = 40
LONG = 30.0  # seconds of one kind after which no more of its questions are asked
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}
clock = CLOCKS["wall"]
KINDS = ("common", "rare", "and", "or", "phrase", "prefix", "filter + newest", "deep page", "suggestion")
OF_ENGINES = KINDS[:6]
PER_POST = 100_000  # posts beyond which the index is made directly


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


def complete(question: Question) -> Callable[[], object]:
    """One search as the page does it: question, facets, rows, marked titles and passages; of a deep page all
    pages up to it."""
    from aggregator.search import Filters, search, suggest
    from portal.views.search import hits_of

    if typed := question.get("typed"):
        return lambda: suggest(typed)

    def run() -> None:
        anchor = ""
        for _page in range(pages_of(question)):
            filters = Filters(**{name: value for name, value in question.items() if name != "pages"})
            results = search(filters, anchor=anchor)
            hits_of(results, filters.q)
            anchor = results.next_anchor or ""

    return run


def pages_of(question: Question) -> int:
    return int(question.get("pages", 1))


def engine_share() -> Prepare:
    """Our question put to the engine, facets and folding included, without database and marking."""
    from aggregator.search.ask import _Asking, opened
    from aggregator.search.filters import Filters

    def prepare(question: Question) -> Callable[[], object]:
        asking = _Asking(opened().reader, Filters(q=question["q"]), 20, None, True, float("inf"))
        return lambda: asking.reader.search(asking.question)

    return prepare


def warm_up() -> None:
    """Some other questions, so that this process knows words and files as one that has served for a while."""
    from bench.corpus import ranked_words
    from portal.settled import settle

    words = [word for word in ranked_words() if len(word) > 4]
    for word in words[40:200]:
        complete({"q": word})()
    settle()


def percentiles(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values)
    return statistics.median(ordered), ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]


def measure(prepare: Prepare, kinds: dict[str, list[Question]]) -> dict[str, tuple[float, ...]]:
    """By kind: p50 and p95 in milliseconds, a page; and of how many questions, if not of all."""
    found: dict[str, tuple[float, ...]] = {}
    for kind, asked in kinds.items():
        prepare(asked[0])()
        times: list[float] = []
        begun = time.monotonic()
        for question in asked:
            run = prepare(question)
            started = clock()
            run()
            times.append((clock() - started) * 1000 / pages_of(question))
            if time.monotonic() - begun > LONG:
                break
        found[kind] = percentiles(times) + ((len(times),) if len(times) < len(asked) else ())
    return found


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
        speeds[engine] = index_directly(size, deadline) if size > PER_POST else index(deadline)
    peers = None if options.no_peers else (fts5(folder), peer_reader(folder, size, deadline))
    kinds = questions()
    of_engines = {kind: kinds[kind] for kind in OF_ENGINES}
    found: dict[str, Any] = {}
    for engine in options.engines:
        settings.SEARCH_ENGINE = engine
        warm_up()
        found[engine] = {
            "follow": {**speeds[engine], **small_batches()},
            "complete": measure(complete, kinds),
            "engine": measure(engine_share(), of_engines),
            "MB": index_size(),
            "peak RSS MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        }
        if engine == "tantivy":
            found["raw tantivy"] = {"engine": measure(raw_tantivy(), of_engines)}
    if peers:
        (ask_fts5, facts), (ask_reader, more) = peers
        found["SQLite FTS5"] = {"complete": measure(ask_fts5, of_engines), "follow": facts}
        words = {kind: asked for kind, asked in of_engines.items() if kind != "prefix"}
        found["reader"] = {"complete": measure(ask_reader, words), "follow": more}
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
                    cells = [cell(parts[part][kind]) if kind in parts[part] else "" for kind in KINDS]
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


def cell(measured: tuple[float, ...]) -> str:
    p50, p95, *few = measured
    return f"{p50:.1f} / {p95:.1f}" + (f" (of {few[0]:.0f})" if few else "")


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
