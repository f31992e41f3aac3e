"""A writer killed with SIGKILL at any moment leaves an index that is as new as its manifest says."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest

from aggregator.search.documents import Document
from aggregator.search.engine import engine, new_build, read_manifest, write_manifest

pytestmark = [pytest.mark.processes, pytest.mark.django_db]
BATCH = 20
START = {"epoch": "", "head": [0, 0], "backlog": None}


@pytest.fixture(params=["whoosh", "tantivy"], autouse=True)
def chosen(request, settings) -> str:
    settings.SEARCH_ENGINE = request.param
    return request.param


def document(number: int) -> Document:
    words = ["rapat", f"nomor{number}", "pleno"] * 20
    facets = {
        "provinsi": ("bali",),
        "satker": ("5101",),
        "topik": (),
        "tahapan": ("non",),
        "asal": (),
        "bulan": ("2025-10",),
    }
    return Document(
        number, number << 31 | number, number << 31 | number, words[:3], words, words[:3], facets, ("nation",)
    )


def write_on(path: Path) -> None:
    """Batches of new documents and of one replaced in each batch before, as long as it lives."""
    manifest = read_manifest(path)
    writer = engine().open_writer(path, manifest)
    reached = manifest["cursor"]["head"][1]
    while True:
        numbers = [*range(reached + 1, reached + BATCH + 1), *range(max(1, reached - 3), reached + 1)]
        files = writer.write([document(number) for number in numbers], [])
        reached += BATCH
        write_manifest(path, files, {**START, "head": [0, reached]})
        writer.sweep()


def test_killed_writers_lose_nothing_that_was_committed_and_double_nothing():
    path = new_build(START)
    chance = random.Random(7)
    context = multiprocessing.get_context("fork")
    reached = 0
    for _round in range(8):
        process = context.Process(target=write_on, args=(path,))
        process.start()
        time.sleep(chance.uniform(0.1, 0.9))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        manifest = read_manifest(path)
        assert manifest["cursor"]["head"][1] >= reached
        reached = manifest["cursor"]["head"][1]
        there = engine().open_reader(path, manifest, None).orders()
        assert set(range(1, reached + 1)) <= set(there) <= set(range(1, reached + BATCH + 1))
    assert reached > 0
