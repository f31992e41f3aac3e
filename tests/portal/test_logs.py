"""The log: one line of JSON an event whatever is in it, nothing of readers, bounded on disk (F35)."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django_q.signals import post_execute, pre_execute
from hypothesis import given
from hypothesis import strategies as st

from portal.logs import JsonLine, SharedFile, task_id

HOSTILE = 'GET /\r\n{"level": "INFO", "message": "forged"}\n\x1b[2J\u2028\u202e\ud800\0'


def line_of(message: str, *args: object, **more: object) -> str:
    record = logging.LogRecord("x", logging.INFO, "f", 1, message, args, more.pop("exc_info", None))  # type: ignore[arg-type]
    record.__dict__.update(more)
    return JsonLine().format(record)


@given(st.text())
def test_any_message_is_one_line_that_can_be_read_back(message):
    line = line_of("%s", message)
    assert len(line.splitlines()) == 1
    assert json.loads(line)["message"] == message[:4000]


def test_nobody_writes_a_line_of_his_own():
    line = line_of("%s", HOSTILE)
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
    assert json.loads(line)["level"] == "INFO"


def test_a_traceback_is_part_of_its_line():
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        line = line_of("broken", exc_info=sys.exc_info())
    assert len(line.splitlines()) == 1
    assert "ValueError" in json.loads(line)["error"]


@pytest.fixture
def log():
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLine())
    logger = logging.getLogger("portal.access")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.mark.django_db
def test_a_request_is_told_of_by_name_class_and_time_and_not_by_reader_or_words(client, log):
    response = client.get(
        "/cari?q=nama+saya",
        headers={"user-agent": "Peramban", "cookie": "a=rahasia"},
        REMOTE_ADDR="198.51.100.7",
    )
    event = log()[-1]
    assert event["request"] == response.headers["X-Request-ID"]
    assert (event["route"], event["status"], event["method"]) == ("search", 200, "GET")
    assert event["ms"] > 0
    told = json.dumps(event)
    assert not any(word in told for word in ("nama", "Peramban", "rahasia", "198.51"))


@pytest.mark.django_db
def test_the_name_of_a_request_comes_from_the_proxy_where_it_is_one(client):
    good, bad = "0123456789abcdef", 'x"\r\nSet-Cookie: a=b'
    assert client.get("/healthz", headers={"x-request-id": good}).headers["X-Request-ID"] == good
    assert client.get("/healthz", headers={"x-request-id": bad}).headers["X-Request-ID"] != bad


def test_lines_of_a_task_carry_its_name():
    pre_execute.send("test", func=None, task={"id": "abc"})
    assert json.loads(line_of("x"))["task"] == "abc"
    post_execute.send("test", task={"id": "abc"})
    assert "task" not in json.loads(line_of("x"))
    assert task_id.get() == ""


WRITER = """
import logging, sys
from portal.logs import JsonLine, SharedFile
handler = SharedFile(sys.argv[1], most=5000, keep=3)
handler.setFormatter(JsonLine())
for number in range(500):
    handler.emit(logging.LogRecord("x", logging.INFO, "f", 1, f"{number} {'x' * 60}", (), None))
"""


def test_files_are_bounded_and_lines_whole_when_many_processes_write(tmp_path: Path):
    path = tmp_path / "log" / "portal.log"
    workers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path)]) for _number in range(3)]
    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    files = [file for file in path.parent.iterdir() if file.suffix != ".lock"]
    assert len(files) <= 4
    assert sum(file.stat().st_size for file in files) < 4 * 5000 + 3 * 400
    lines = [line for file in files for line in file.read_text().splitlines()]
    assert lines
    assert all(json.loads(line)["level"] == "INFO" for line in lines)


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    handler = SharedFile(str(tmp_path / "portal.log"), most=10, keep=1)
    monkeypatch.setattr(SharedFile, "_turn_over", lambda self: (_ for _ in ()).throw(OSError(28, "full")))
    for _number in range(3):
        handler.emit(logging.LogRecord("x", logging.INFO, "f", 1, "y" * 50, (), None))
    handler.close()
