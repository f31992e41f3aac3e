"""The index follows the database through kills, damage, floods and swaps, and heals by itself."""

from __future__ import annotations

import gc
import json
import os
import pickle
import re
import sys
import threading
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from aggregator.errors import IndexUnavailable
from aggregator.models import Change, Entry, PortalState
from aggregator.search import Filters, Results, check, follow, rebuild, search
from aggregator.search import engine as files
from aggregator.search.ask import opened
from aggregator.search.compare import repair
from aggregator.search.engine import Question
from aggregator.search.follow import Follower
from aggregator.search.names import resolve
from aggregator.search.query import parse
from tests.factories import make_entry, make_feed

pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
MODULE = sys.modules["aggregator.search.follow"]  # the name in the package is the function
DAY = datetime(2025, 10, 10, 3, tzinfo=UTC)


@pytest.fixture(params=["whoosh", "tantivy"], autouse=True)
def engine(request, settings) -> str:
    settings.SEARCH_ENGINE = request.param
    return request.param


def ask(q: str = "rapat") -> Results:
    return search(Filters(q=q, sort="terbaru"), size=100)


def make_posts(count: int, feed=None) -> list[Entry]:
    """Posts of one feed, each a day newer than the one before."""
    feed = feed or make_feed()
    return [
        make_entry(f"Rapat ke-{number}", feed=feed, published_at=DAY + timedelta(days=number))
        for number in range(count)
    ]


def test_without_an_index_the_database_answers_and_says_so():
    posts = make_posts(3)
    results = ask()
    assert results.entry_ids == [post.pk for post in reversed(posts)]
    assert results.degraded
    assert results.notes


def test_a_deleted_index_is_made_again(tmp_path: Path):
    make_posts(3)
    follow(once=True)
    for file in sorted(files.home().rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() and not file.is_symlink() else file.unlink()
    assert ask().degraded
    follow(once=True)
    assert not ask().degraded
    assert ask().total == 3


def test_a_torn_manifest_is_answered_around_and_mended():
    make_posts(2)
    follow(once=True)
    manifest = files.current() / files.MANIFEST
    manifest.write_bytes(manifest.read_bytes()[:40])
    assert ask().degraded
    follow(once=True)
    assert (ask().total, ask().degraded) == (2, False)


def test_a_manifest_that_others_wrote_is_not_believed():
    make_posts(1)
    follow(once=True)
    manifest = files.current() / files.MANIFEST
    signed = json.loads(manifest.read_text())
    signed["body"] = signed["body"].replace('"index": ', '"index" : ')
    manifest.write_text(json.dumps(signed))
    with pytest.raises(IndexUnavailable, match="not signed"):
        files.read_manifest(files.current())
    assert ask().degraded


class Bomb:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.file,))


def pickled_at(whole: bytes, suffix: str) -> int:
    """Where whoosh unpickles first: the segments of a TOC, the head of a posting list."""
    if suffix == ".seg":
        return whole.index(b"W3Bl") + 8
    return [match.start() for match in re.finditer(rb"\x80[\x02-\x05]", whole)][-1]


@pytest.mark.parametrize("suffix", [".toc", ".seg"])
def test_nothing_in_a_tampered_file_is_executed(engine: str, suffix: str, tmp_path: Path):
    if engine != "whoosh":
        pytest.skip("only whoosh unpickles")
    make_posts(2)
    follow(once=True)
    [file] = files.current().glob(f"*{suffix}")
    bomb = pickle.dumps(Bomb(tmp_path / "executed"), 2)
    whole = file.read_bytes()
    at = pickled_at(whole, suffix)
    file.write_bytes(whole[:at] + bomb + whole[at + len(bomb) :])
    assert ask().degraded
    follow(once=True)
    assert not ask().degraded
    assert not (tmp_path / "executed").exists()


def test_files_cut_short_are_noticed_and_made_again(engine: str):
    make_posts(2)
    follow(once=True)
    largest = max(
        (file for file in files.current().rglob("*") if file.is_file()), key=lambda file: file.stat().st_size
    )
    os.truncate(largest, largest.stat().st_size // 2)
    follow(once=True)
    make_entry("Rapat baru")
    follow(once=True)
    assert ask().total == 3


def test_an_index_of_another_database_is_begun_anew():
    make_posts(2)
    follow(once=True)
    PortalState.objects.update(epoch=uuid.uuid4())
    before = files.current()
    follow(once=True)
    assert files.current() != before
    assert ask().total == 2


def test_an_index_of_another_analysis_is_rebuilt_while_the_old_one_answers(monkeypatch):
    make_posts(2)
    follow(once=True)
    before = files.current()
    monkeypatch.setattr(files, "SIGNATURE", "another")
    assert (ask().total, ask().degraded) == (2, False)
    follow(once=True)
    assert files.current() != before
    assert ask().total == 2


def test_a_flood_is_taken_in_newest_first_and_fresh_posts_go_before_it(monkeypatch):
    follow(once=True)
    monkeypatch.setattr(MODULE, "FRESH", 5)
    posts = make_posts(30)
    follower = Follower(files.current(), batch=4)
    follower.step()
    assert ask().entry_ids == [post.pk for post in posts[:25:-1]]
    fresh = make_entry("Rapat hari ini", published_at=DAY - timedelta(days=9))
    follower.step()
    assert fresh.pk in ask().entry_ids
    while follower.step():
        pass
    assert ask().total == 31
    follower.close()


def test_a_second_flood_joins_the_first_and_nothing_is_done_twice(monkeypatch):
    follow(once=True)
    monkeypatch.setattr(MODULE, "FRESH", 5)
    feed = make_feed()
    first = make_posts(12, feed)
    follower = Follower(files.current(), batch=4)
    follower.step()
    done = [post.pk for post in first[:7:-1]]
    make_posts(12, feed)
    follower.step()
    assert not set(done) & {entry_id for _at, entry_id in follower.queue}
    while follower.step():
        pass
    follower.close()
    assert ask().total == 24


def test_a_follower_killed_between_batches_goes_on_where_it_was(monkeypatch):
    posts = make_posts(10)
    files.swap(files.new_build(MODULE._start()))
    Follower(files.current(), batch=3).step()
    if files.settings.SEARCH_ENGINE == "tantivy":
        gc.collect()  # a dead process would have lost its lock
    second = Follower(files.current(), batch=100)
    assert [entry_id for _at, entry_id in second.queue] == [post.pk for post in posts[6::-1]]
    while second.step():
        pass
    second.close()
    assert ask().total == 10
    assert check().is_equal


def test_a_batch_whose_manifest_was_not_written_is_done_again(monkeypatch):
    make_posts(3)
    follow(once=True)
    make_entry("Rapat yang keempat")

    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(MODULE, "write_manifest", killed)
        with pytest.raises(KeyboardInterrupt):
            follow(once=True)
    gc.collect()
    follow(once=True)
    assert ask().total == 4
    assert check().is_equal


def test_a_swap_by_a_rebuild_is_followed():
    make_posts(3)
    follow(once=True)
    follower = Follower(files.current())
    rebuild()
    make_entry("Rapat sesudah")
    follow(once=True)
    assert ask().total == 4
    follower.close()


def test_two_rebuilds_at_once_are_refused():
    with files.lock("rebuild") as got:
        assert got
        with pytest.raises(IndexUnavailable, match="another rebuild"):
            rebuild()


def test_a_lock_left_by_a_dead_process_does_not_hold_anyone_up():
    files.home().mkdir(parents=True)
    (files.home() / "writer.lock").write_text("99999")
    make_posts(1)
    follow(once=True)
    assert ask().total == 1


def test_once_waits_for_another_follower_and_says_so_when_that_is_stuck():
    make_posts(1)
    with files.lock("writer"), pytest.raises(IndexUnavailable, match="another process"):
        follow(once=True, wait=0.3)


def test_following_ends_when_told_to():
    make_posts(2)
    asked = iter([False] * 6 + [True] * 100)
    assert follow(stop=lambda: next(asked)) == 2


def test_a_full_disk_keeps_the_index_as_it_is(monkeypatch):
    make_posts(2)
    follow(once=True)
    before = files.current()
    make_entry("Rapat ketiga")

    def full(*args: object) -> None:
        raise IndexUnavailable("no space left", code="index_disk")

    with monkeypatch.context() as patched:
        patched.setattr(Follower, "_write", full)
        with pytest.raises(IndexUnavailable):
            follow(once=True)
    assert files.current() == before
    assert ask().total == 2
    follow(once=True)
    assert ask().total == 3


def test_what_check_found_is_mended_by_repair():
    first, second = make_posts(2)
    follow(once=True)
    Entry.objects.filter(pk=first.pk).update(state="withdrawn")
    Entry.objects.filter(pk=second.pk).update(published_at=DAY - timedelta(days=5))
    repair(check())
    follow(once=True)
    assert check().is_equal
    assert Change.objects.filter(entry=first).exists()


def test_a_reader_that_the_writer_overtakes_while_it_opens_takes_the_next_state(monkeypatch):
    make_posts(2)
    follow(once=True)
    asking, overtakes = sys.modules["aggregator.search.ask"], iter([True])

    def read_and_be_overtaken(path: Path, **options: bool) -> dict[str, object]:
        manifest = files.read_manifest(path, **options)
        if next(overtakes, False):
            make_entry("Rapat lagi")
            follow(once=True)
        return manifest

    monkeypatch.setattr(asking, "read_manifest", read_and_be_overtaken)
    assert not ask().degraded
    assert ask().total == 3


def test_readers_in_threads_are_served_while_the_index_changes():
    make_posts(5)
    follow(once=True)
    question = Question(parse("rapat", resolve).tree, {}, "nation", sort="relevan")
    faults: list[object] = []

    def read() -> None:
        try:
            totals = [opened().reader.search(question).total for _round in range(30)]
            faults.extend(total for total in totals if total < 5)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=read) for _number in range(3)]
    for thread in threads:
        thread.start()
    for _round in range(5):
        make_entry("Rapat lagi")
        follow(once=True)
    rebuild()
    for thread in threads:
        thread.join()
    assert faults == []


def test_the_backlog_goes_in_larger_pieces_as_long_as_fresh_posts_hardly_wait():
    follow(once=True)
    follower = Follower(files.current(), batch=300)
    follower.pace(300, 0.1)
    assert follower.batch == 600
    follower.pace(20, 0.1)  # a few fresh posts say nothing of it
    follower.pace(600, 0.8)
    assert follower.batch == 600
    follower.pace(600, 3.0)
    follower.pace(300, 3.0)
    follower.pace(250, 3.0)
    assert follower.batch == 250
    follower.close()
