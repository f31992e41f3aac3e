"""Others that search the same texts, for `bench/search.py`: tantivy alone, SQLite FTS5 and `reader`.

Each gives what makes a question ready: a call of what it gives back is what is measured.
"""

from __future__ import annotations

import html
import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from bench.search_store import OutOfTime

Question: TypeAlias = dict[str, Any]
Prepare: TypeAlias = Callable[[Question], Callable[[], object]]
FEED = 500  # posts of one feed of `reader`


def raw_tantivy() -> Prepare:
    """tantivy's own search for 20 posts and its counts of our columns, nothing of ours around it."""
    from tantivy import Occur, Query

    from aggregator.search.ask import opened
    from aggregator.search.query import Prefix, Word, parse, walk
    from aggregator.search.tantivy_counts import COLUMNS, asked
    from aggregator.search.tantivy_index import TantivyReader

    reader = opened().reader
    assert isinstance(reader, TantivyReader)
    counted = asked(COLUMNS)

    def query_of(question: Question) -> Query:
        nodes = list(walk(parse(question["q"], lambda _field, _value: None).tree))
        if question["q"].startswith('"'):
            stems = [stem for node in nodes for stem in getattr(node, "stems", [])]
            return Query.phrase_query(reader.schema, "words", stems)
        if any(isinstance(node, Prefix) for node in nodes):
            return Query.regex_query(reader.schema, "forms", question["q"].replace("*", ".*"))
        words = [node.stem for node in nodes if isinstance(node, Word)]
        occur = Occur.Should if " OR " in question["q"] else Occur.Must
        terms = [Query.term_query(reader.schema, "words", word, index_option="freq") for word in words]
        return Query.boolean_query([(occur, term) for term in terms])

    def prepare(question: Question) -> Callable[[], object]:
        query = query_of(question)
        return lambda: (
            reader.searcher.search(query, limit=20),
            reader.searcher.aggregate(query, counted),
        )

    return prepare


def fts5(folder: Path) -> tuple[Prepare, dict[str, float]]:
    """SQLite's full-text search over the same titles and texts, unstemmed, ranked, 20 rows with snippets."""
    from aggregator.models import Revision

    base = sqlite3.connect(folder / "fts5.sqlite3")
    base.execute("CREATE VIRTUAL TABLE IF NOT EXISTS post USING fts5(title, text)")
    facts: dict[str, float] = {}
    if not base.execute("SELECT rowid FROM post LIMIT 1").fetchall():
        started = time.process_time()
        rows = Revision.objects.values_list("entry_id", "title", "text").iterator(chunk_size=5000)
        base.executemany("INSERT INTO post (rowid, title, text) VALUES (?, ?, ?)", rows)
        base.commit()
        facts["docs/CPU s"] = Revision.objects.count() / (time.process_time() - started)

    def prepare(question: Question) -> Callable[[], object]:
        found = (
            "SELECT rowid, snippet(post, 1, '', '', '…', 30) FROM post WHERE post MATCH ?"
            " ORDER BY rank LIMIT 20"
        )
        counted = "SELECT count(*) FROM post WHERE post MATCH ?"
        return lambda: [base.execute(sql, [question["q"]]).fetchall() for sql in (found, counted)]

    return prepare, facts


def peer_reader(folder: Path, count: int, deadline: float) -> tuple[Prepare, dict[str, float]]:
    """The `reader` package: the same texts as feeds in files, its own search over them."""
    from reader import make_reader

    home = folder / "reader"
    home.mkdir(exist_ok=True)
    reader = make_reader(str(home / "reader.sqlite3"), feed_root=str(home))
    started = time.process_time()
    for name in _feeds(home, count):
        if time.monotonic() > deadline:
            raise OutOfTime
        reader.add_feed(name, exist_ok=True)
        reader.update_feed(name)
        (home / f"{name}.done").touch()
    facts = _indexed(reader, home, count)
    facts["CPU s of feeds"] = time.process_time() - started
    return lambda question: lambda: list(reader.search_entries(question["q"], limit=20)), facts


def _indexed(reader: Any, home: Path, count: int) -> dict[str, float]:
    notes = home / "search.json"
    if not notes.exists():
        started = time.process_time()
        reader.enable_search()
        reader.update_search()
        notes.write_text(json.dumps({"docs/CPU s": count / (time.process_time() - started)}))
    facts: dict[str, float] = json.loads(notes.read_text())
    return facts


def _feeds(home: Path, count: int) -> list[str]:
    """The feeds that `reader` has not read yet, as files."""
    from bench.corpus import posts
    from bench.search_store import batched

    left = []
    for number, batch in enumerate(batched(posts(count), FEED)):
        name = f"{number}.xml"
        if (home / f"{name}.done").exists():
            continue
        left.append(name)
        items = "".join(
            f"<item><guid>{one.number}</guid><title>{html.escape(one.title)}</title>"
            f"<description>{html.escape(one.text)}</description></item>"
            for one in batch
        )
        (home / name).write_text(
            f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>", encoding="utf-8"
        )
    return left
