"""The worker: its children come back when killed, and all of it ends on SIGTERM."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.installation import Installation, wait_until
from tests.satker_network import SatkerNetwork, build_rss

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


def children_of(pid: int) -> dict[str, int]:
    """Command name → process id of the `manage.py` commands started by this process."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
            line = (stat.parent / "cmdline").read_bytes().split(b"\0")
        except (OSError, IndexError):
            continue
        if parent == pid and len(line) > 2:
            found[line[2].decode()] = int(stat.parent.name)
    return found


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_worker_reads_feeds_restarts_a_killed_child_and_ends_whole(
    tmp_path: Path, net: SatkerNetwork
) -> None:
    site = net.site()
    site.feed("/feed", build_rss([{"title": "KPU membuka layanan informasi", "guid": "urn:1"}]))
    installation = Installation(tmp_path, net.port)
    installation.set_up([site.url("/feed")])
    worker = installation.popen("work")
    try:
        wait_until(lambda: {"qcluster", "follow_index", "run_hub"} <= children_of(worker.pid).keys(), 60)
        first = children_of(worker.pid)["follow_index"]
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: children_of(worker.pid).get("follow_index", first) != first, 60)
        wait_until(lambda: bool(site.requests), 60)
        wait_until(lambda: installation.states() == ["public"], 60)
    finally:
        started = children_of(worker.pid).values()
        worker.terminate()
        worker.communicate(timeout=60)
    wait_until(lambda: not any(is_alive(pid) for pid in started), 30)
