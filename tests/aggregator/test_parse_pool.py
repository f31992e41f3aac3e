"""Poison feeds against real worker processes."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.errors import ParseError
from aggregator.parse_pool import ParsePool, ReadTask

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
GOOD = b'<rss version="2.0"><channel><title>KPU</title><item><title>Pleno</title></item></channel></rss>'
ENDLESS = b'<rss version="2.0"><channel><item><description>' + b"<b>" * 1_500_000
HUNGRY = b'<rss version="2.0"><channel>' + b"<item><title>x</title></item>" * 170_000 + b"</channel></rss>"


def task(body):
    return ReadTask(
        body=body,
        url="https://kab-contoh.kpu.go.id/feed/",
        now=datetime(2026, 11, 25, tzinfo=UTC),
        timezone="Asia/Jakarta",
    )


def titles(future):
    return [e.title for e in future.result(timeout=60).entries]


def code(future):
    with pytest.raises(ParseError) as caught:
        future.result(timeout=60)
    return caught.value.code


def workers():
    """Process ids of the parse workers that this process has started."""
    children = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = [int(pid) for file in children for pid in file.read_text().split()]
    return [pid for pid in pids if b"aggregator.parse_pool" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def gone(pid, seconds=10):
    """Whether a process ends in time, be it as an orphan that nobody has buried yet."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if ") Z " in Path(f"/proc/{pid}/stat").read_text():
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def pool():
    with ParsePool(processes=2, timeout=10, max_memory=300_000_000) as pool:
        yield pool


def test_a_feed_is_read_and_cleaned_in_another_process(pool):
    assert titles(pool.submit(task(GOOD))) == ["Pleno"]


def test_more_feeds_than_workers_are_all_read(pool):
    assert [titles(future) for future in [pool.submit(task(GOOD)) for _ in range(20)]] == [["Pleno"]] * 20


def test_a_refusal_keeps_its_code_across_the_border(pool):
    assert code(pool.submit(task(b"<html></html>"))) == "html"


def test_a_feed_that_eats_time_costs_only_itself():
    with ParsePool(processes=1, timeout=1, max_memory=300_000_000) as pool:
        poison, after = pool.submit(task(ENDLESS)), pool.submit(task(GOOD))
        assert code(poison) == "parse_timeout"
        assert titles(after) == ["Pleno"]


def test_a_feed_that_eats_memory_costs_only_itself():
    with ParsePool(processes=1, timeout=60, max_memory=30_000_000) as pool:
        poison, after = pool.submit(task(HUNGRY)), pool.submit(task(GOOD))
        assert code(poison) == "parse_memory"
        assert titles(after) == ["Pleno"]


def test_a_worker_killed_while_idle_is_replaced(pool):
    assert titles(pool.submit(task(GOOD))) == ["Pleno"]
    for pid in workers():
        os.kill(pid, signal.SIGKILL)
        assert gone(pid)
    assert [titles(pool.submit(task(GOOD))) for _ in range(4)] == [["Pleno"]] * 4


def test_a_worker_killed_at_work_fails_that_feed_alone():
    with ParsePool(processes=1, timeout=30, max_memory=300_000_000) as pool:
        assert titles(pool.submit(task(GOOD))) == ["Pleno"]
        poison, after = pool.submit(task(ENDLESS)), pool.submit(task(GOOD))
        time.sleep(0.3)
        os.kill(workers()[0], signal.SIGKILL)
        assert code(poison) == "parse_memory"
        assert titles(after) == ["Pleno"]


def test_closing_ends_the_workers_and_cancels_what_waits():
    pool = ParsePool(processes=1, timeout=0.2, max_memory=300_000_000)
    first = pool.submit(task(ENDLESS))
    while not first.running():
        time.sleep(0.01)
    waiting = [pool.submit(task(GOOD)) for _ in range(5)]
    pool.close()
    assert code(first) == "parse_timeout"
    assert all(future.cancelled() for future in waiting)
    assert workers() == []
    with pytest.raises(RuntimeError):
        pool.submit(task(GOOD))


def test_a_cancelled_task_is_not_begun():
    with ParsePool(processes=1, timeout=10, max_memory=300_000_000) as pool:
        pool.submit(task(GOOD)).result(timeout=60)
        future: Future[object] = pool.submit(task(ENDLESS))
        second = pool.submit(task(GOOD))
        if future.cancel():
            assert titles(second) == ["Pleno"]


def test_workers_die_with_their_parent():
    script = textwrap.dedent("""
        import os, time
        from datetime import UTC, datetime
        from aggregator.parse_pool import ParsePool, ReadTask
        pool = ParsePool(processes=1, timeout=60, max_memory=4_000_000_000)
        def read(body):
            return pool.submit(ReadTask(body, "https://x.kpu.go.id/", datetime.now(UTC), "Asia/Jakarta"))
        read(b"<rss><channel><item><title>a</title></item></channel></rss>").result()
        read(b"<rss><channel><item><description>" + b"<b>" * 3_000_000)
        time.sleep(0.3)
        print(open(f"/proc/{os.getpid()}/task/{pool._threads[0].native_id}/children").read(), flush=True)
        time.sleep(60)
    """)
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )
    with parent:
        pid = int(parent.stdout.readline())
        assert not gone(pid, seconds=0.2)
        parent.kill()
        assert gone(pid)


def test_workers_know_no_django_and_no_secrets(pool, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "not for parsers")
    assert titles(pool.submit(task(GOOD))) == ["Pleno"]
    pid = workers()[0]
    assert b"SECRET_KEY" not in Path(f"/proc/{pid}/environ").read_bytes()
    check = "import aggregator.parse_pool, sys; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=False).returncode == 0
