"""Real processes killed at any step, and poison (F01, F11, F28): nothing lost, nothing twice.

Whole services and databases are killed in tests/chaos/."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.aggregator.eight_sites import EVERYTHING, SITES, guids, posts
from tests.installation import ROOT, Installation
from tests.satker_network import (
    Answer,
    SatkerNetwork,
    bomb,
    build_rss,
    drip,
    endless,
    ok,
)

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


COUNTS = {
    "revisions": "aggregator_revision",
    "not public": "aggregator_entry WHERE state <> 'public'",
    "without version": "aggregator_entry WHERE public_revision_id IS NULL",
    "never read": "aggregator_feed WHERE last_success_at IS NULL",
    "leased": "aggregator_feed WHERE lease <> ''",
}
WHOLE = {
    "guids": EVERYTHING,
    "revisions": len(EVERYTHING),
    "not public": 0,
    "without version": 0,
    "never read": 0,
    "leased": 0,
}


def state(installation: Installation) -> dict[str, object]:
    counts = {
        name: installation.rows(f"SELECT count(*) FROM {rows}")[0][0]  # noqa: S608
        for name, rows in COUNTS.items()
    }
    return {"guids": guids(installation), **counts}


# --- F01: kill -9 at each step ----------------------------------------------------------------------

DYING = """
import os, signal, sys, importlib, django
sys.path.insert(0, {root!r})
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
django.setup()
from django.core.management import call_command
module, name, when = {step!r}
owner = importlib.import_module(module)
true = getattr(owner, name)
calls = 0
def dying(*args, **kwargs):
    global calls
    calls += 1
    if when == "before" and calls == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    result = true(*args, **kwargs)
    if when == "after":
        os.kill(os.getpid(), signal.SIGKILL)
    return result
setattr(owner, name, dying)
call_command("refresh_feeds", "--no-index")
"""
STEPS = {
    "body arrived": ("aggregator.fetch", "_judged", "before"),
    "log written, not committed": ("aggregator.store", "write_logs", "after"),
    "stored, not screened": ("aggregator.store", "save", "after"),
    "clustered": ("aggregator.cluster", "cluster_new", "after"),
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
def test_f01_a_worker_killed_at_any_step_loses_and_doubles_nothing(installed, step) -> None:
    installation, sites = installed
    code = DYING.format(root=str(ROOT), step=step)
    killed = subprocess.run(
        [sys.executable, "-c", code], env=installation.env, cwd=ROOT, capture_output=True, timeout=100
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert installation.refresh("--no-index")["failed"] == 0
    assert state(installation) == WHOLE
    assert all(site.most_at_once == 1 for site in sites)


# --- F11: two workers and one host ------------------------------------------------------------------


def test_f11_two_workers_never_ask_one_host_at_the_same_time(tmp_path: Path, net: SatkerNetwork) -> None:
    """As on a central platform: every office's feed under one host name."""
    site = net.site()
    urls = []
    for number in range(SITES):
        site.answer(f"/{number}/feed", Answer(200, {}, build_rss(posts(number)), delay=0.05))
        urls.append(site.url(f"/{number}/feed"))
    installation = Installation(tmp_path, net.port)
    installation.set_up(urls)
    both = [installation.popen("refresh_feeds", "--no-index", "--no-derive") for _ in range(2)]
    outputs = [process.communicate(timeout=100) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert site.most_at_once == 1
    assert guids(installation) == EVERYTHING
    assert sum(json.loads(out.splitlines()[-1])["new"] for out, _ in outputs) == len(EVERYTHING)


# --- F28: memory ------------------------------------------------------------------------------------

MEGABYTE = 1024 * 1024
HUGE = b'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>'
DEEP = (
    HUGE
    + b"<item><title>x</title><description>"
    + b"&lt;div&gt;" * 400_000
    + b"</description></item></channel></rss>"
)
MANY = HUGE + b"<item><title>Judul berita</title><guid>g</guid></item>" * 90_000 + b"</channel></rss>"
WIDE = HUGE + b"<item><title>" + b"a" * 4_900_000 + b"</title></item></channel></rss>"


def peak_of(pid: int, until: threading.Event) -> dict[str, float]:
    """The highest resident memory, in MB, of this process and of any child, by VmHWM."""
    peak = {"self": 0.0, "child": 0.0}
    while not until.is_set():
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                text = status.read_text()
            except OSError:
                continue
            fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
            own = int(status.parent.name) == pid
            if "VmHWM" in fields and (own or int(fields["PPid"]) == pid):
                name = "self" if own else "child"
                peak[name] = max(peak[name], int(fields["VmHWM"].split()[0]) / 1024)
        time.sleep(0.02)
    return peak


def test_f28_whatever_comes_a_worker_stays_under_300_mb_and_reads_the_rest(tmp_path, net) -> None:
    bad = [
        *(bomb(coding, 512_000_000) for coding in ("gzip", "br", "zstd")),
        *(ok(body) for body in (DEEP, MANY, WIDE)),
        ok(HUGE + b" " * 50_000_000),
        endless(),
        drip(b"<rss>" * 1000, 0.5),
    ]
    urls = []
    for answer in bad * 2:
        site = net.site()
        site.answer("/feed", answer)
        urls.append(site.url("/feed"))
    for number in range(SITES):
        site = net.site()
        site.feed("/feed", build_rss(posts(number)))
        urls.append(site.url("/feed"))
    installation = Installation(tmp_path, net.port, FETCH_TIMEOUT="5")
    installation.set_up(urls)
    process = installation.popen("refresh_feeds", "--no-index", "--no-derive")
    done, peak = threading.Event(), {}
    watch = threading.Thread(target=lambda: peak.update(peak_of(process.pid, done)))
    watch.start()
    out, err = process.communicate(timeout=200)
    done.set()
    watch.join()
    assert process.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["feeds"] == len(urls)
    assert set(EVERYTHING) <= set(guids(installation))
    assert max(peak.values()) < 300, peak
